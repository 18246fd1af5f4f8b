"""All leak tests, one after another."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ocsfconv.leaks import deployments, harness, identifiers, missing, order, presence, schedule, templates, words
from ocsfconv.leaks.cases import read_cases
from ocsfconv.leaks.placement import Schedule
from ocsfconv.leaks.report import LeakReport, Row
from ocsfconv.leaks.units import Units, find


def test(data: Path, truth: Path | None, seed: int, only: Sequence[str]) -> LeakReport:
    """Read the data and ask the questions of it that are asked for."""
    begun = time.monotonic()
    cases = read_cases(data, truth)
    drawn = Schedule(cases)
    units = find(drawn)
    rows = tuple(row for name in only for row in TESTS[name](drawn, units, seed))
    episodes = [episode for case in cases for episode in case.episodes]
    faults, decoys = sum(one.is_fault for one in episodes), sum(one.decoy for one in episodes)
    return LeakReport(str(data), len(cases), faults, decoys, rows, round(time.monotonic() - begun, 1))


def _identifiers(drawn: Schedule, units: Units, seed: int) -> Iterator[Row]:
    yield identifiers.row(drawn, units, seed)
    yield from presence.rows(drawn, seed)
    yield deployments.row(drawn, seed)


TESTS: dict[str, Callable[[Schedule, Units, int], Iterator[Row]]] = {
    "names and words": lambda drawn, *_: words.rows(drawn.cases),
    "identifiers": _identifiers,
    "templates": lambda drawn, *_: templates.rows(drawn.cases),
    "schedule": lambda drawn, _, seed: schedule.rows(drawn, seed),
    "row order": order.rows,
    "missing values": lambda drawn, units, seed: iter((missing.row(drawn, units, seed),)),
    "harness lateness": lambda drawn, _, seed: harness.rows(drawn, seed),
}
