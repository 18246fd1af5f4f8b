"""The harness: when it was late is no truth about the shop, is not scored, and must not fall together with faults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ocsfconv.leaks.cases import ANOMALOUS, GRAY, Bools, Case, Ints
from ocsfconv.leaks.placement import BOUND, Schedule, Span
from ocsfconv.leaks.report import Row, few, untested

TEST = "harness lateness"
FEWEST = 2
MATERIAL = 0.05
"""A difference of shares of time below which lateness is of no use to anyone."""
WHOLE_HOST = 0.8
"""A fault that exposes such a share of what runs slows the harness as well: that is physics, and it is left out."""


def rows(schedule: Schedule, seed: int) -> Iterator[Row]:
    """Late seconds that are scored, and whether they fall together with faults."""
    timed = [case.harness is not None and _fits(case) for case in schedule.cases]
    if not all(timed):
        why = "no harness.jsonl of this data: give --truth logs/truth"
        yield untested(TEST, "late records scored", "0", why)
        yield untested(TEST, "late while faults last", f"p > {BOUND:g}", why)
        return
    late = [_late(case) for case in schedule.cases]
    yield _scored(schedule.cases, late)
    yield _together(schedule, late, seed)


def _fits(case: Case) -> bool:
    harness = case.harness
    return harness is not None and len(harness) > 0 and harness[0, 0] < case.end and harness[-1, 1] > case.begin


def _late(case: Case) -> Ints:
    """Stretches of lateness, rows of begin and end."""
    harness = case.harness
    assert harness is not None
    return harness[harness[:, 3] > 0, :2].astype(np.int64)


def _scored(cases: Sequence[Case], late: Sequence[Ints]) -> Row:
    counts = {"scored": 0, "late": 0}
    for case, stretches in zip(cases, late, strict=True):
        for signal in case.signals.values():
            inside = np.zeros(signal.rows, bool)
            for begin, end in stretches:
                inside |= (signal.time >= begin) & (signal.time < end)
            counts["late"] += int(inside.sum())
            counts["scored"] += int((inside & (signal.label != GRAY)).sum())
    figure = f"{counts['scored']} of {counts['late']} in {sum(map(len, late))} late seconds"
    told = "records of late seconds are normal or anomalous, not gray: label again"
    passed = counts["scored"] == 0
    return Row(TEST, "late records scored", figure, "0", passed, () if passed else (told,))


def _together(schedule: Schedule, late: Sequence[Ints], seed: int) -> Row:
    what, bound = "late while faults last", f"p > {BOUND:g}"
    narrow = ~_whole_host(schedule)
    if narrow.sum() < FEWEST:
        return few(TEST, what, bound, f"{narrow.sum()} faults of {FEWEST} that leave the host alone")
    whole = sum(case.end - case.begin for case in schedule.cases)
    sums = [float((stretches[:, 1] - stretches[:, 0]).sum()) for stretches in late]

    def told(spans: Sequence[Span]) -> tuple[float, float, float]:
        taken = [span for span, use in zip(spans, narrow, strict=True) if use]
        inside = sum(_overlap(late[span.case], span) for span in taken)
        time = sum(span.end - span.start for span in taken)
        during, else_ = inside / time, (sum(sums) - inside) / max(1, whole - time)
        return during - else_, during, else_

    figure, during, otherwise = told(schedule.spans)
    p = schedule.chance(figure, lambda spans, _: told(spans)[0], seed)
    passed = p > BOUND or figure < MATERIAL
    said = f"{during:.1%} of their time, {otherwise:.1%} of the rest, p {p:.3f}"
    return Row(TEST, what, said, bound, passed, () if passed else ("the harness is late when faults last",))


def _overlap(stretches: Ints, span: Span) -> float:
    shared = np.minimum(stretches[:, 1], span.end) - np.maximum(stretches[:, 0], span.start)
    return float(np.maximum(shared, 0).sum())


def _whole_host(schedule: Schedule) -> Bools:
    found = []
    for fault in schedule.faults:
        exposed = scored = 0
        for signal in schedule.cases[fault.span.case].signals.values():
            inside = (signal.time >= fault.span.start) & (signal.time <= fault.span.end) & (signal.label != GRAY)
            exposed += int((inside & (signal.label == ANOMALOUS)).sum())
            scored += int(inside.sum())
        found.append(exposed > WHOLE_HOST * scored)
    return np.array(found, bool)
