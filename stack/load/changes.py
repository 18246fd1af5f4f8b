"""Releases and changes of settings and flags that a run has in ordinary operation."""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from load import chain, tables
from seed.catalogue import FLAGS, SETTINGS
from seed.people import ADMINS, CLERKS

LONG_RUN = 300.0  # seconds


def releases(
    r: Random, duration: float, stack: Path = chain.STACK, clear: Sequence[tuple[str | None, float, float]] = ()
) -> list[dict[str, Any]]:
    """When a service is released; `chain.settle` says what.

    `clear` are times without a release of a service, or of any (None): what falls into them is left out.
    """
    left = {service: len(found["harmless"]) for service, found in chain.listed(stack).items()}
    found: list[dict[str, Any]] = []
    for t in _times(r, duration, r.randint(2, 4) if duration >= LONG_RUN else 1, tables.APART):
        ready = sorted(service for service in left if left[service])
        if not ready:
            break
        service = r.choice(ready)
        if any(since <= t <= until and of in (None, service) for of, since, until in clear):
            continue
        left[service] -= 1
        found.append({"t": t, "service": service})
    return found


def changes(r: Random, duration: float, taken: list[float]) -> list[dict[str, Any]]:
    """Each one really changes something, and none falls together with a release."""
    settings, flags = dict(SETTINGS), dict(FLAGS)
    found = []
    for t in _times(r, duration, r.randint(2, 4) if duration >= LONG_RUN else 1, tables.APART / 2, taken):
        user = f"u{r.choice((*ADMINS, *CLERKS))}"
        if r.random() < tables.FLAG_SHARE:
            key = r.choice(tables.FLAGS)
            flags[key] = not flags[key]
            found.append({"t": t, "kind": "flag", "key": key, "value": flags[key], "user": user})
        else:
            key = r.choice(list(tables.SETTINGS))
            values = (SETTINGS[key], *tables.SETTINGS[key])
            settings[key] = r.choice([value for value in values if value != settings[key]])
            found.append({"t": t, "kind": "setting", "key": key, "value": settings[key], "user": user})
    return found


def _times(r: Random, duration: float, count: int, apart: float, taken: list[float] | None = None) -> list[float]:
    """So many moments, neither early nor late in the run nor close to each other or to the taken ones."""
    first, last = duration * tables.EDGE, duration * (1 - tables.EDGE)
    apart = min(apart, (last - first) / (2 * count + 2))
    found: list[float] = []
    while len(found) < count:
        t = round(r.uniform(first, last), 1)
        if all(abs(t - other) >= apart for other in (*found, *(taken or ()))):
            found.append(t)
    return sorted(found)
