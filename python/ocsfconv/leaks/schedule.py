"""When it happens: neither the position in a run nor the clock may tell, beyond what random starts give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import comb

import numpy as np
from scipy.stats import rankdata

from ocsfconv.leaks.cases import SECOND, Bools, Floats
from ocsfconv.leaks.placement import BOUND, DRAWS, ROUNDING, Schedule, Span
from ocsfconv.leaks.report import Row, few

FEWEST = 2
FEWEST_STARTS = 4
"""Starts below which a round time says nothing."""
PERIODS = (5, 10, 15, 30, 60, 300)
"""Seconds that a clock or a loop goes by."""
TEST = "schedule"


def rows(schedule: Schedule, seed: int) -> Iterator[Row]:
    """Position in the run, round times, and in a reference set the order of cases."""
    yield _position(schedule, seed)
    yield _round_times(schedule, seed)
    if schedule.is_set:
        yield _order(schedule, seed)


def auroc(score: Floats, positive: Bools) -> float:
    """How well a score tells; ties count half."""
    ups, downs = int(positive.sum()), int((~positive).sum())
    if not ups or not downs:
        return 0.5
    return float((rankdata(score)[positive].sum() - ups * (ups + 1) / 2) / (ups * downs))


def _position(schedule: Schedule, seed: int) -> Row:
    what, bound = "position in the run", f"p > {BOUND:g}"
    if len(schedule.faults) < FEWEST:
        return few(TEST, what, bound, f"{len(schedule.faults)} faults of {FEWEST}")
    lengths = [int((case.end - case.begin) // SECOND) + 1 for case in schedule.cases]
    offset = np.cumsum([0, *lengths])
    position = np.concatenate([np.arange(length) for length in lengths]).astype(np.float64)
    middle = np.abs(position - np.concatenate([np.full(length, length / 2) for length in lengths]))
    ranks = rankdata(position), rankdata(middle)

    def told(spans: Sequence[Span]) -> tuple[float, float]:
        inside = np.zeros(len(position), bool)
        for span in spans:
            begin = schedule.cases[span.case].begin
            first, last = (
                int(np.clip((edge - begin) // SECOND, 0, lengths[span.case] - 1)) for edge in (span.start, span.end)
            )
            inside[offset[span.case] + first : offset[span.case] + last + 1] = True
        ups = int(inside.sum())
        late, apart = ((one[inside].sum() - ups * (ups + 1) / 2) / (ups * (len(inside) - ups)) for one in ranks)
        return max(abs(late - 0.5), abs(apart - 0.5)), late

    figure, late = told(schedule.spans)
    p = schedule.chance(figure, lambda spans, _: told(spans)[0], seed)
    return Row(TEST, what, f"AUROC {late:.3f}, p {p:.3f}", bound, p > BOUND, () if p > BOUND else _starts(schedule))


def _round_times(schedule: Schedule, seed: int) -> Row:
    what, bound = "round times", f"p > {BOUND:g}"
    if len(schedule.faults) < FEWEST_STARTS:
        return few(TEST, what, bound, f"{len(schedule.faults)} starts of {FEWEST_STARTS}")
    # A longer period is hardly more than the position in the run.
    longest = max(PERIODS[0], min(case.end - case.begin for case in schedule.cases) / SECOND / 4)
    lead = np.array(
        [fault.span.start - schedule.cases[fault.span.case].episodes[fault.episode].start for fault in schedule.faults]
    )

    def told(spans: Sequence[Span]) -> tuple[float, int]:
        starts = np.array([span.start for span in spans]) - lead
        begins = np.array([schedule.cases[span.case].begin for span in spans])
        periods = [period for period in PERIODS if period <= longest]
        angles = {period: 2j * np.pi * ((starts % (period * SECOND)) / (period * SECOND)) for period in periods}
        angles |= {
            -period: 2j * np.pi * (((starts - begins) % (period * SECOND)) / (period * SECOND)) for period in periods
        }
        return max((abs(np.exp(angle).mean()), period) for period, angle in angles.items())

    figure, period = told(schedule.spans)
    p = schedule.chance(figure, lambda spans, _: told(spans)[0], seed)
    told_of = f"starts agree by the {abs(period)} s {'of the clock' if period > 0 else 'since the run began'}"
    return Row(TEST, what, f"agreement {figure:.2f}, p {p:.3f}", bound, p > BOUND, () if p > BOUND else (told_of,))


def _order(schedule: Schedule, seed: int) -> Row:
    """Cases by the time they were made and by their names, against which of them have a fault."""
    has_fault = np.array([bool(case.faults) for case in schedule.cases])
    if comb(len(has_fault), int(has_fault.sum())) * BOUND < 1:
        return few(TEST, "order of cases", f"p > {BOUND:g}", f"{has_fault.sum()} of {len(has_fault)} have a fault")
    orders = (
        rankdata([case.begin for case in schedule.cases]),
        rankdata(np.argsort(np.argsort([case.name for case in schedule.cases]))),
    )

    def told(of: Bools) -> float:
        return max(abs(auroc(order, of) - 0.5) for order in orders)

    figure = told(has_fault)
    random = np.random.default_rng(seed)
    above = sum(bool(told(random.permutation(has_fault)) >= figure - ROUNDING) for _ in range(DRAWS))
    p = (above + 1) / (DRAWS + 1)
    found = () if p > BOUND else ("cases with faults are made, or named, earlier or later than others",)
    return Row(TEST, "order of cases", f"AUROC {0.5 + figure:.3f}, p {p:.3f}", f"p > {BOUND:g}", p > BOUND, found)


def _starts(schedule: Schedule) -> tuple[str, ...]:
    begins = (schedule.cases[span.case].begin for span in schedule.spans)
    starts = sorted((span.start - begin) / SECOND for span, begin in zip(schedule.spans, begins, strict=True))
    return (f"faults begin at {', '.join(f'{start:.0f}' for start in starts)} s",)
