"""Beginning and end of a worker, as events."""

import logging
import os
import time

from flask import Flask

from .config import VERSION
from .logs import event

log = logging.getLogger(__name__)

POOL_CLOSE_SECONDS = 1.0

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


def stopped(app: Flask | None) -> None:
    """The worker has answered its last request; without an application it never served one."""
    if app is None:
        return
    app.extensions["stores"].pool.close(timeout=POOL_CLOSE_SECONDS)
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
