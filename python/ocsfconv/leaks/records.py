"""Whether what should say nothing tells exposed records from others: the rows behind several tests.

Records are compared only with records of their own kind: same service, operation, statement or event, same outcome,
and a trace that did the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ocsfconv.leaks import templates
from ocsfconv.leaks.cases import GRAY, Bools, Case, Floats, Ints
from ocsfconv.leaks.placement import Schedule, Span
from ocsfconv.leaks.units import Units, faults, joined, together, within

AROUND = 1.5
"""The time around an episode that it is compared with, in lengths of the episode on either side."""
MOST_ROWS = 60_000
"""Records of one signal that are looked at, over all cases; of more, whole traces are left out at random."""
OUTCOME = ("status_id", "severity_id", "http_response_code", "error_type", "exception_type", "span_status")
KIND = {
    "logs": ("service", "class_uid", "activity_id", "http_route", "http_request_method", *OUTCOME),
    "traces": ("service", "span_kind", "operation", "http_route", "db_query_text", "record_kind", *OUTCOME),
    "metrics": ("service", "metric_name", "attributes"),
}


@dataclass(frozen=True)
class Feature:
    """A value for each row, as a number from 0 on; `usable` says which faults may be judged by it."""

    name: str
    codes: Ints
    usable: Bools


@dataclass
class Records:
    """The rows of one signal that are of a kind that was ever exposed, by case and time."""

    signal: str
    row: Ints
    """Each row's place among those of all cases, one after another."""
    case: Ints
    time: Ints
    kind: Ints
    kinds: int
    unit: Ints
    """What each row is exposed with."""
    fault: Ints
    """Which fault a row is a positive of, -1 for none."""
    gray: Bools
    features: list[Feature]
    edges: Ints
    """Where each case's rows begin, and the end."""

    def within(self, case: int, start: int, end: int) -> slice:
        """The rows of a stretch of time."""
        return within(self.time, self.edges, case, start, end)

    def around(self, span: Span) -> slice:
        """The rows in the time of a fault, and those that they are compared with."""
        more = int(AROUND * (span.end - span.start))
        return self.within(span.case, span.start - span.before - more, span.end + span.after + more)


@dataclass(frozen=True)
class Exposure:
    """What is exposed, as the labels say or as they could: of each row the fault it is a positive of, or -1."""

    owner: Ints
    left_out: Bools
    """Rows that are neither."""
    positives: list[Ints]
    """The rows of each fault."""
    around: list[slice]
    """The rows in and around each fault's time."""


Features = Callable[[Sequence[Case], str, Ints], Iterable[tuple[str, Ints, Bools]]]
"""Gives, for a signal and some rows of all cases: names, values, and the faults that they may judge."""


def gather(schedule: Schedule, units: Units, signal: str, features: Features, seed: int) -> Records | None:
    """Read one signal of all cases; None where nothing of it was exposed."""
    cases = schedule.cases
    signals = [case.signals[signal] for case in cases]
    fault, unit = faults(schedule, signal), units.of[signal]
    if not (fault >= 0).any():
        return None
    kind = together(
        units.did[signal],
        *(joined([one.column(name) for one in signals]).codes for name in KIND[signal]),
        *([joined([templates.column(one) for one in signals]).codes] if signal == "logs" else []),
    )
    case = np.concatenate([np.full(one.rows, place) for place, one in enumerate(signals)])
    time = np.concatenate([one.time for one in signals])
    ever = np.zeros(kind.max() + 1, bool)
    ever[kind[fault >= 0]] = True
    kept = ever[kind]
    if kept.sum() > MOST_ROWS:
        kept &= np.random.default_rng(seed).random(len(units.time))[unit] < MOST_ROWS / kept.sum()
    rows = np.flatnonzero(kept)
    rows = rows[np.lexsort((time[rows], case[rows]))]
    kind = together(kind[rows])
    return Records(
        signal=signal,
        row=rows,
        case=case[rows],
        time=time[rows],
        kind=kind,
        kinds=int(kind.max()) + 1,
        unit=unit[rows],
        fault=fault[rows],
        gray=np.concatenate([one.label == GRAY for one in signals])[rows],
        features=list(_different(features(cases, signal, rows), signal)),
        edges=np.searchsorted(case[rows], np.arange(len(cases) + 1)),
    )


def _different(features: Iterable[tuple[str, Ints, Bools]], signal: str) -> Iterator[Feature]:
    """The features that vary, one of those that say the same."""
    seen = set()
    for name, values, usable in features:
        codes = together(values)
        if codes.any() and (codes.tobytes(), usable.tobytes()) not in seen:
            seen.add((codes.tobytes(), usable.tobytes()))
            yield Feature(f"{signal} {name}", codes, usable)


def really(records: Records, schedule: Schedule) -> Exposure:
    """What the labels say."""
    return _exposure(records, records.fault, records.gray, schedule.spans)


def as_if(records: Records, spans: Sequence[Span], owner: Ints) -> Exposure:
    """What the labels would say if the faults were at these times and exposed these units."""
    left_out = np.zeros(len(records.time), bool)
    for span in spans:
        left_out[records.within(span.case, span.start - span.before, span.start - 1)] = True
        left_out[records.within(span.case, span.end + 1, span.end + span.after)] = True
    of_rows = owner[records.unit]
    return _exposure(records, of_rows, left_out & (of_rows < 0), spans)


def _exposure(records: Records, owner: Ints, left_out: Bools, spans: Sequence[Span]) -> Exposure:
    positives = [np.flatnonzero(owner == place) for place in range(len(spans))]
    return Exposure(owner, left_out, positives, [records.around(span) for span in spans])


def ranked(kind: Ints, score: Floats, positive: Floats, negative: Floats) -> float:
    """AUROC within kinds, each by how much it can say; cells of rows with their numbers of either class."""
    order = np.lexsort((score, kind))
    kind, score, positive, negative = kind[order], score[order], positive[order], negative[order]
    new_kind = np.append(True, kind[1:] != kind[:-1])
    steps = np.flatnonzero(new_kind | np.append(True, score[1:] != score[:-1]))
    kinds = np.flatnonzero(new_kind[steps])
    positive, negative = np.add.reduceat(positive, steps), np.add.reduceat(negative, steps)
    below = np.cumsum(negative) - negative
    of = np.cumsum(new_kind[steps]) - 1
    wins = np.add.reduceat(positive * (below - below[kinds][of] + negative / 2), kinds)
    ups, downs = np.add.reduceat(positive, kinds), np.add.reduceat(negative, kinds)
    both = (ups > 0) & (downs > 0)
    if not both.any():
        return 0.5
    ups, downs = ups[both], downs[both]
    weight = ups * downs / (ups + downs)
    return float(np.sum(weight * wins[both] / (ups * downs)) / weight.sum())
