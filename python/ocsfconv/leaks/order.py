"""Rows and files: where a record stands must tell nothing beyond its time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ocsfconv.leaks.cases import SECOND, Floats, Ints, Signal
from ocsfconv.leaks.placement import BOUND, Schedule, Span
from ocsfconv.leaks.records import Exposure, Records, as_if, gather, ranked, really
from ocsfconv.leaks.report import Row, few, untested
from ocsfconv.leaks.units import Units, joined, together

FEWEST = 2
MATERIAL = 0.05
"""How far from 0.5 an AUROC must be to be of use to anyone."""
BATCH = 15.0
"""Seconds that a batch may be under way."""
EDGE = 2 * SECOND
TEST = "row order"


def rows(schedule: Schedule, units: Units, seed: int) -> Iterator[Row]:
    """Row numbers beyond time, then the edges of row groups."""
    if len(schedule.faults) < FEWEST:
        for what in ("beyond time", "row groups"):
            yield few(TEST, what, f"p > {BOUND:g}", f"{len(schedule.faults)} faults of {FEWEST}")
        return
    yield _beyond_time(schedule, units, seed)
    yield _row_groups(schedule, seed)


def _beyond_time(schedule: Schedule, units: Units, seed: int) -> Row:
    found = [gather(schedule, units, signal, lambda *_: (), seed) for signal in ("logs", "traces")]
    every = [one for one in found if one is not None]
    if not every:
        return few(TEST, "beyond time", f"p > {BOUND:g}", "neither logs nor spans are exposed")
    places = [_places(schedule, one) for one in every]
    figures = [one.lean(really(one.records, schedule), schedule.spans) for one in places]
    figure = max(abs(one - 0.5) for one in figures)

    def ask(spans: list[Span], random: np.random.Generator) -> float:
        owner = units.draw(spans, random)
        return max(abs(one.lean(as_if(one.records, spans, owner), spans) - 0.5) for one in places)

    p = schedule.chance(figure, ask, seed)
    passed = p > BOUND or figure < MATERIAL
    told = tuple(
        f"{one.signal}: exposed rows stand {'behind' if lean > 0.5 else 'before'} their time's place (AUROC {lean:.3f})"
        for one, lean in zip(every, figures, strict=True)
        if abs(lean - 0.5) >= MATERIAL
    )
    return Row(
        TEST, "beyond time", f"AUROC {0.5 + figure:.3f}, p {p:.3f}", f"p > {BOUND:g}", passed, () if passed else told
    )


@dataclass(frozen=True)
class Places:
    """Where the rows of one signal stand in their files, beyond what their times say."""

    records: Records
    ended: Ints
    second: Ints
    """What rows are compared within: service, scope and second."""
    source: Ints
    """The same without the second."""
    behind: Floats
    """Rows between a record's place and the place of its time, behind it above 0."""
    astray: Floats
    """Seconds between its time and the time of its place where that is more than a batch can explain, else 0."""

    def lean(self, exposure: Exposure, spans: Sequence[Span]) -> float:
        """The AUROC furthest from 0.5: of the place within a second, or of being astray."""
        near, far = [], []
        for positives, around, span in zip(exposure.positives, exposure.around, spans, strict=True):
            if not len(positives):
                continue
            compared = around.start + np.flatnonzero((exposure.owner[around] < 0) & ~exposure.left_out[around])
            far.append(_lean(self.source, self.astray, positives, compared))
            # Where a fault begins and ends, records of the same second are told apart by their time.
            inner = [self._inside(rows, span) for rows in (positives, compared)]
            near.append(_lean(self.second, self.behind, *inner))
        return max((float(np.mean(one)) for one in (near, far) if one), key=lambda mean: abs(mean - 0.5), default=0.5)

    def _inside(self, rows: Ints, span: Span) -> Ints:
        ended = self.ended[rows]
        return rows[(ended >= span.start + EDGE) & (ended < span.end - EDGE)]


def _places(schedule: Schedule, records: Records) -> Places:
    own = [case.signals[records.signal] for case in schedule.cases]
    behind, astray = (np.concatenate(parts)[records.row] for parts in zip(*(_beyond(one) for one in own), strict=True))
    ended = np.concatenate([one.end for one in own])[records.row]
    names = [joined([one.column(name) for one in own]).codes[records.row] for name in ("service", "scope_name")]
    source = together(*names, records.case)
    return Places(records, ended, together(source, ended // SECOND), source, behind, astray)


def _beyond(signal: Signal) -> tuple[Floats, Floats]:
    order = np.argsort(signal.end, kind="stable")
    rank = np.empty(signal.rows, np.int64)
    rank[order] = np.arange(signal.rows)
    seconds = (signal.end[order] - signal.end) / SECOND
    return (np.arange(signal.rows) - rank).astype(np.float64), np.where(np.abs(seconds) > BATCH, seconds, 0.0)


def _lean(kind: Ints, score: Floats, positives: Ints, compared: Ints) -> float:
    if not len(positives) or not len(compared):
        return 0.5
    used = np.concatenate([positives, compared])
    is_positive = (np.arange(len(used)) < len(positives)).astype(np.float64)
    return ranked(kind[used], score[used], is_positive, 1 - is_positive)


def _row_groups(schedule: Schedule, seed: int) -> Row:
    """How near the ends of faults are to the edges of row groups, in rows."""
    bound = f"p > {BOUND:g}"
    files = [[_Edges(signal) for signal in case.signals.values()] for case in schedule.cases]
    if not any(len(one.edges) for own in files for one in own):
        return untested(TEST, "row groups", bound, "each file is one row group")

    def told(spans: Sequence[Span]) -> float:
        near = [
            -min(np.log1p(one.distance(edge)) for one in files[span.case] if len(one.edges))
            for span in spans
            for edge in (span.start, span.end)
            if any(len(one.edges) for one in files[span.case])
        ]
        return float(np.mean(near)) if near else -np.inf

    figure = told(schedule.spans)
    p = schedule.chance(figure, lambda spans, _: told(spans), seed)
    found = () if p > BOUND else ("row groups begin or end where faults do",)
    return Row(TEST, "row groups", f"{np.exp(-figure):.0f} rows away, p {p:.3f}", bound, p > BOUND, found)


class _Edges:
    """Where a file's row groups begin, the first left out."""

    def __init__(self, signal: Signal) -> None:
        data = signal.file.metadata
        sizes = [data.row_group(place).num_rows for place in range(data.num_row_groups)]
        self.edges = np.cumsum(sizes)[:-1]
        self._latest = np.maximum.accumulate(signal.time)

    def distance(self, at: int) -> int:
        """Rows between a time and the nearest edge."""
        row = int(np.searchsorted(self._latest, at))
        return int(np.abs(self.edges - row).min())
