"""All leak tests, one after another."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from ocsfconv.leaks import deployments, harness, identifiers, missing, order, presence, schedule, templates, words
from ocsfconv.leaks.cases import Case, read_cases
from ocsfconv.leaks.placement import Schedule
from ocsfconv.leaks.report import LeakReport, Row
from ocsfconv.leaks.units import find


def test(data: Path, truth: Path | None, seed: int) -> LeakReport:
    """Read the data and ask every question of it."""
    begun = time.monotonic()
    cases = read_cases(data, truth)
    rows = tuple(_rows(cases, seed))
    episodes = [episode for case in cases for episode in case.episodes]
    faults, decoys = sum(one.is_fault for one in episodes), sum(one.decoy for one in episodes)
    return LeakReport(str(data), len(cases), faults, decoys, rows, round(time.monotonic() - begun, 1))


def _rows(cases: list[Case], seed: int) -> Iterator[Row]:
    drawn = Schedule(cases)
    units = find(drawn)
    yield from words.rows(cases)
    yield identifiers.row(drawn, units, seed)
    yield from presence.rows(drawn, seed)
    yield deployments.row(drawn, seed)
    yield from templates.rows(cases)
    yield from schedule.rows(drawn, seed)
    yield from order.rows(drawn, units, seed)
    yield missing.row(drawn, units, seed)
    yield from harness.rows(drawn, seed)
