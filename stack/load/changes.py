"""Releases and changes of settings and flags that a run has in ordinary operation."""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import yaml

from load import tables
from seed.catalogue import FLAGS, SETTINGS
from seed.people import ADMINS, CLERKS

STACK = Path(__file__).resolve().parents[1]
LONG_RUN = 300.0  # seconds


def releases(
    r: Random, duration: float, stack: Path = STACK, clear: Sequence[tuple[str | None, float, float]] = ()
) -> list[dict[str, Any]]:
    """Of each service the patches in their order; `from` is what runs by then.

    `clear` are times without a release of a service, or of any (None): what falls into them is left out.
    """
    listed = stack / "releases" / "releases.yaml"
    if not listed.is_file():
        return []
    waiting = {service: list(found) for service, found in yaml.safe_load(listed.read_text(encoding="utf-8")).items()}
    running = {service: (stack / "services" / service / "VERSION").read_text().strip() for service in waiting}
    found = []
    for t in _times(r, duration, r.randint(2, 4) if duration >= LONG_RUN else 1, tables.APART):
        ready = sorted(service for service, left in waiting.items() if left)
        if not ready:
            break
        service = r.choice(ready)
        if any(since <= t <= until and of in (None, service) for of, since, until in clear):
            continue
        release = waiting[service].pop(0)
        found.append({"t": t, "service": service, "from": running[service], "to": release["version"],
                      "patch": f"{service}/{release['name']}.patch", "user": f"u{r.choice(ADMINS)}"})  # fmt: skip
        running[service] = release["version"]
    return found


def settle(releases: list[dict[str, Any]], episodes: list[dict[str, Any]], stack: Path = STACK) -> None:
    """Give releases and the episodes' `release` actions their place in the one chain of versions of each service."""


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
