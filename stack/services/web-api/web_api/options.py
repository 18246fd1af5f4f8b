"""Settings and feature flags from the database, kept for five seconds in the process."""

import logging
import threading
import time

from psycopg import Error

from .logs import event
from .stores import rows

log = logging.getLogger(__name__)

SECONDS = 5.0
DEFAULTS = {
    "catalog.page_size": "24",
    "cart.max_items": "50",
    "cache.product_ttl": "60",
    "search.min_length": "2",
    "quote.deadline_ms": "1500",
    "related-products": "true",
    "review-prompts": "false",
    "free-shipping-banner": "false",
}

_values = dict(DEFAULTS)
_loaded = float("-inf")
_lock = threading.Lock()


def number(key: str) -> int:
    """A setting; all of them are whole numbers."""
    return int(_current()[key])


def flag(key: str) -> bool:
    """A feature flag."""
    return _current()[key] == "true"


def expire() -> None:
    """Read anew at the next look-up."""
    global _loaded
    _loaded = float("-inf")


def _current() -> dict[str, str]:
    """One thread reads anew, the others go on with what is there."""
    global _values, _loaded
    if time.monotonic() - _loaded < SECONDS or not _lock.acquire(blocking=False):
        return _values
    try:
        found = rows("SELECT key, value FROM settings UNION ALL SELECT key, enabled::text FROM flags")
        fresh = DEFAULTS | {entry["key"]: entry["value"] for entry in found}
        if changed := sorted(key for key in fresh if fresh[key] != _values.get(key)):
            event(
                log, "options.reloaded", "options changed: %s", ", ".join(changed), attributes={"options.keys": changed}
            )
        _values = fresh
    except Error as error:
        event(
            log,
            "options.stale",
            "options not readable (%s), keeping the last ones",
            type(error).__name__,
            level=logging.WARNING,
            attributes={"error.type": type(error).__name__},
        )
    finally:
        _loaded = time.monotonic()
        _lock.release()
    return _values
