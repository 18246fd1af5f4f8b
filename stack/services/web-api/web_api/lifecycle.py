"""Beginning and end of a worker, as events."""

import logging
import os
import time

from .config import VERSION
from .logs import event

log = logging.getLogger(__name__)

_begun = time.monotonic()


def started() -> None:
    """The worker serves."""
    event(
        log,
        "service.started",
        "web-api %s started",
        VERSION,
        attributes={"service.version": VERSION, "process.pid": os.getpid()},
    )


def stopped() -> None:
    """The worker has answered its last request."""
    event(
        log,
        "service.stopped",
        "web-api %s stopped",
        VERSION,
        attributes={
            "service.version": VERSION,
            "process.pid": os.getpid(),
            "service.uptime_s": round(time.monotonic() - _begun, 3),
        },
    )
