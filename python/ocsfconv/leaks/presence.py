"""Names that are there whenever something goes wrong and hardly ever else, whatever record they stand on.

All identifiers of all signals are taken as one list of texts: the shop's own names are everywhere in it. Numbers that
each process or connection gets anew are left out; a pool's connections come back in every error they have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ocsfconv.leaks.cases import SECOND, Bools, Floats, Ints
from ocsfconv.leaks.identifiers import FEW_VALUES, PERSONAL, UNIQUE, everywhere, usable
from ocsfconv.leaks.placement import BOUND, Schedule, Span
from ocsfconv.leaks.report import Row, few

FEWEST = 2
BLOCK = 2 * SECOND
SLACK = 3 * SECOND
AFTER = 5 * SECOND
"""What is done to end an episode falls into the time after it."""
WHEN: dict[str, Callable[[Span], tuple[int, int]]] = {
    "during": lambda span: (span.start - span.before - SLACK, span.end + AFTER),
    "at the beginning of": lambda span: (span.start - span.before - SLACK, span.start - span.before + SLACK),
    "at the end of": lambda span: (span.end - SLACK, span.end + AFTER),
}
"""Where a mark may stand."""
SHOWN = 5
ANEW = re.compile(r"pid|port|session_id|thread")
NAME = re.compile(r"[^\W\d_]|\d\.\d")


@dataclass(frozen=True)
class Seen:
    """Which value is there in which block of time: pairs in the order of blocks."""

    value: Ints
    block: Ints
    begins: Ints
    """Where each block's pairs begin."""

    def during(self, first: int, last: int) -> Ints:
        """The values of the blocks from `first` to `last`, one entry for each block."""
        return self.value[self.begins[first] : self.begins[last + 1]]


class Presence:
    """Counts in which faults, and in how much of the other time, each value is there."""

    def __init__(self, schedule: Schedule, *, personal: bool) -> None:
        self.schedule, self._personal = schedule, personal
        lengths = [span.end - span.start for span in schedule.spans]
        self._step = max(1, round(float(np.median(lengths)) / BLOCK)) if lengths else 1
        blocks = [int((case.end - case.begin) // BLOCK) + 1 for case in schedule.cases]
        # Cases begin a new window each, so that no window holds two.
        self._offset = np.cumsum([0, *(-(-count // self._step) * self._step for count in blocks)])
        self.values, value, block, self._usable = self._read()
        self.fine = _seen(value, block, int(self._offset[-1]))
        self.windows = _seen(value, block // self._step, int(self._offset[-1]) // self._step)
        self.everywhere = np.bincount(self.windows.value, minlength=len(self.values))

    def _read(self) -> tuple[list[str], Ints, Ints, Bools]:
        cases = self.schedule.cases
        known: dict[str, int] = {}
        judged: list[Bools] = []
        pairs: list[Ints] = []
        for signal in ("logs", "traces", "metrics"):
            own = [case.signals[signal] for case in cases]
            block = np.concatenate(
                [
                    self._offset[place] + np.clip((one.time - cases[place].begin) // BLOCK, 0, self._width(place))
                    for place, one in enumerate(own)
                ]
            )
            for name, column in everywhere(cases, signal, self._is_asked):
                # Where most values are different, none comes back.
                if len(column.values) > UNIQUE * max((column.codes >= 0).sum(), FEW_VALUES):
                    continue
                may = usable(self.schedule, name)
                number = np.full(len(column.values) + 1, -1)
                for place, text in enumerate(column.values.to_pylist()):
                    if NAME.search(text):
                        plain = text.lower().replace("_", "-")
                        number[place] = known.setdefault(plain, len(known))
                        if len(judged) < len(known):
                            judged.append(may)
                        judged[number[place]] = judged[number[place]] & may
                value = number[column.codes]
                there = value >= 0
                pairs.append(np.unique(value[there] * self._offset[-1] + block[there]))
        every = np.unique(np.concatenate(pairs)) if pairs else np.zeros(0, np.int64)
        judged_by = np.array(judged, bool).reshape(len(known), len(self.schedule.faults))
        return list(known), every // self._offset[-1], every % self._offset[-1], judged_by

    def _is_asked(self, name: str) -> bool:
        return not ANEW.search(name) and bool(PERSONAL.search(name)) == self._personal

    def _width(self, place: int) -> int:
        return int(self._offset[place + 1] - self._offset[place] - 1)

    def count(self, spans: Sequence[Span], when: str) -> tuple[Floats, Floats]:
        """For each value: the faults that it is there in, and the windows of other time that it is there in."""
        hits, inside = np.zeros(len(self.values)), np.zeros(len(self.values))
        for place, span in enumerate(spans):
            case, base = self.schedule.cases[span.case], int(self._offset[span.case])
            edges = [edge - case.begin for edge in WHEN[when](span)]
            first, last = (base + int(np.clip(edge // BLOCK, 0, self._width(span.case))) for edge in edges)
            there = np.unique(self.fine.during(first, last))
            hits[there] += self._usable[there, place]
            np.add.at(inside, self.windows.during(first // self._step, last // self._step), 1)
        return hits, np.maximum(0, self.everywhere - inside)

    def evidence(self, spans: Sequence[Span]) -> dict[str, Floats]:
        """How much each value looks like a mark, in nats; 0 for what fewer than two faults have."""
        found = {}
        for when in WHEN:
            hits, elsewhere = self.count(spans, when)
            rare = np.log((len(self.windows.begins) - 1 + 1) / (elsewhere + 1))
            found[when] = np.where(hits >= FEWEST, hits * rare, 0.0)
        return found


def _seen(value: Ints, block: Ints, blocks: int) -> Seen:
    order = np.lexsort((value, block))
    value, block = value[order], block[order]
    first = np.append(True, (value[1:] != value[:-1]) | (block[1:] != block[:-1])) if len(value) else np.zeros(0, bool)
    value, block = value[first], block[first]
    return Seen(value, block, np.searchsorted(block, np.arange(blocks + 1)))


def rows(schedule: Schedule, seed: int) -> Iterator[Row]:
    """Whether a visitor, or anything else that has a name, marks the time of faults."""
    for what, personal in (("names that mark the time", False), ("visitors that mark the time", True)):
        faults = sum(not (personal and fault.security) for fault in schedule.faults)
        if faults < FEWEST:
            yield few("identifiers", what, f"p > {BOUND:g}", f"{faults} faults of {FEWEST}")
        else:
            yield _row(what, Presence(schedule, personal=personal), seed)


def _row(what: str, presence: Presence, seed: int) -> Row:
    evidence = presence.evidence(presence.schedule.spans)
    when = max(evidence, key=lambda name: float(evidence[name].max(initial=0.0)))
    worst = float(evidence[when].max(initial=0.0))

    def ask(spans: list[Span], _: np.random.Generator) -> float:
        return max(float(one.max(initial=0.0)) for one in presence.evidence(spans).values())

    p = presence.schedule.chance(worst, ask, seed)
    hits, elsewhere = presence.count(presence.schedule.spans, when)
    told = tuple(
        f"{presence.values[place]!r} is there {when} {hits[place]:.0f} of {len(presence.schedule.faults)} faults"
        f" and in {elsewhere[place]:.0f} of {len(presence.windows.begins) - 1} stretches of other time"
        for place in np.argsort(-evidence[when], kind="stable")[:SHOWN]
        if evidence[when][place] > worst / 2
    )
    figure = f"{worst:.1f} nats, p {p:.3f}"
    return Row("identifiers", what, figure, f"p > {BOUND:g}", p > BOUND, () if p > BOUND else told)
