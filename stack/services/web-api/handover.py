"""A worker that goes on accepting until its successor is ready.

On HUP gunicorn starts a new worker and ends the old one at once; for as long as the new one imports, nobody accepts.
Here the two overlap. The master imports this once, so that the memory both look at is one over all releases.
"""

import mmap
import struct
from types import FrameType
from typing import Any

from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from gunicorn.workers import gthread  # type: ignore[import-untyped]

# Clients drop a connection that has been idle for ten seconds. A worker that ends keeps idle ones for longer than that,
# so that no request meets a closed connection.
gthread.STOP_KEEPALIVE_LINGER = 12.0

_AGES = struct.Struct("=QQ")
_memory = mmap.mmap(
    -1, _AGES.size
)  # shared with the workers: the age of the expected worker, and of the youngest ready


def expect_successor(server: Arbiter) -> None:
    """The master is about to replace its worker."""
    _, ready = _AGES.unpack(_memory[:])
    _memory[:] = _AGES.pack(server.worker_age + 1, ready)


def announce(worker: Any) -> None:
    """This worker has loaded its application."""
    expected, _ = _AGES.unpack(_memory[:])
    _memory[:] = _AGES.pack(expected, worker.age)


def _successor_is_starting(age: int) -> bool:
    expected, ready = _AGES.unpack(_memory[:])
    return bool(expected > age and ready < expected)


class OverlappingWorker(gthread.ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker, but for the moment in which it stops accepting."""

    leaving = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop, or only remember to when a successor is on its way."""
        if not self.leaving and _successor_is_starting(self.age):
            self.leaving = True
            return
        super().handle_exit(sig, frame)

    def notify(self) -> None:
        """Called in every turn of the worker's loop."""
        super().notify()
        if self.leaving and self.alive and not _successor_is_starting(self.age):
            super().handle_exit(0, None)
