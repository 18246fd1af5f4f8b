"""How far a run is: one line that redraws itself on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import os
import time
from collections import deque

from ocsfconv.units import human_bytes, human_seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

PLAIN_EVERY = 5.0
"""Seconds between two plain lines; a run shorter than that prints none."""
RATE_OVER = 5.0
"""The rate is that of the last so many seconds, so that the time left follows what happens now."""


class Progress:
    """Called with bytes read, bytes in all (0: not known) and records; writes to `stream`, unless that is `None`."""

    def __init__(self, stream: TextIO | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._redraw = stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"
        self._started = self._last_plain = clock()
        self._seen: deque[tuple[float, int]] = deque([(self._started, 0)])
        self._drawn = 0

    def __call__(self, done: int, total: int, records: int) -> None:
        """Show where the run is."""
        if self._stream is None:
            return
        now = self._clock()
        self._seen.append((now, done))
        while len(self._seen) > 2 and now - self._seen[0][0] > RATE_OVER:
            self._seen.popleft()
        parts = self._parts(done, total, records)
        self._show("converting  " + "  ".join(parts), "converting: " + ", ".join(parts))

    def say(self, what: str) -> None:
        """Show what is being done, where that cannot be counted in bytes."""
        if self._stream is not None:
            self._show(what, what)

    def close(self) -> None:
        """Clear the line, so that what follows starts on an empty one."""
        if self._drawn:
            self._write(f"\r{' ' * self._drawn}\r")
            self._drawn = 0

    def _show(self, drawn: str, plain: str) -> None:
        now = self._clock()
        if self._redraw:
            import shutil  # brings compression with it, and only a terminal needs it

            line = f"  {drawn}"[: shutil.get_terminal_size().columns - 1]
            self._write(f"\r{line.ljust(self._drawn)}")
            self._drawn = len(line)
        elif now - self._last_plain >= PLAIN_EVERY:
            self._last_plain = now
            self._write(f"{plain}\n")

    def _parts(self, done: int, total: int, records: int) -> list[str]:
        (since, before), (now, _) = self._seen[0], self._seen[-1]
        rate = (done - before) / (now - since) if now > since else 0.0
        speed = f"{rate / 1e6:,.0f} MB/s"
        if total <= 0:
            return [human_bytes(done), f"{records:,} records", speed]
        done = min(done, total)
        parts = [f"{human_bytes(done)} of {human_bytes(total)}", f"{100 * done // total} %", speed]
        if rate > 0:
            parts.append(f"{_rounded((total - done) / rate)} left")
        return parts

    def _write(self, text: str) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            # Nobody reads the progress any more; the conversion goes on.
            self._stream = None


def _rounded(seconds: float) -> str:
    """A guess of a duration: whole seconds, for tenths would only flicker."""
    return f"{seconds:.0f} s" if seconds < 59.5 else human_seconds(seconds)
