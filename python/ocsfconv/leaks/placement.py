"""What chance alone gives: the same episodes at other random times, and how rarely that looks as suspicious.

Episodes are drawn as the stack's schedule draws them. In a run they come in any order, and what is left of the run
falls at random before, between and after them. In a reference set each case has one at most, which begins anywhere in
the last three quarters of the case's normal time, and which case it is means nothing. A test asks its question of the
real times and of many such draws: a randomisation test, exact for any number of episodes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ocsfconv.leaks.cases import ANOMALOUS, GRAY, SECOND, Case, Ints

DRAWS = 499
BOUND = 0.002
"""A test fails at p of this or below: about ten ask chance, and together they may fail falsely in two of a hundred."""
ROUNDING = 1e-9
"""Two figures closer than this are the same."""
EARLIEST = 0.25
"""Share of a case's normal time that passes before its episode at least."""


@dataclass(frozen=True, slots=True)
class Span:
    """A time in a case that an episode takes, with gray time around it; ns."""

    case: int
    start: int
    end: int
    before: int = 0
    after: int = 0

    def at(self, case: int, start: int) -> Span:
        """The same length somewhere else."""
        return Span(case, start, start + self.end - self.start, self.before, self.after)


@dataclass(frozen=True, slots=True)
class Fault:
    """An episode with positives: its place in its case's list and the time it took."""

    episode: int
    scenario: str
    security: bool
    span: Span


class Schedule:
    """The faults of all cases, and how they could have fallen instead."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self.cases = cases
        self._blocks = [[_span(number, case, place) for place in _executed(case)] for number, case in enumerate(cases)]
        self.faults = [
            Fault(place, case.episodes[place].scenario, case.episodes[place].group == "security", block)
            for case, blocks in zip(cases, self._blocks, strict=True)
            for place, block in zip(_executed(case), blocks, strict=True)
            if case.episodes[place].is_fault
        ]
        self.is_set = len(cases) > 1 and all(len(case.episodes) <= 1 for case in cases)

    @property
    def spans(self) -> list[Span]:
        """Where the faults really were."""
        return [fault.span for fault in self.faults]

    def draw(self, random: np.random.Generator) -> list[Span]:
        """Where the faults could have been as well."""
        if self.is_set:
            chosen = random.choice(len(self.cases), len(self.faults), replace=False)
            return [
                self._in_case(fault.span, int(number), random)
                for fault, number in zip(self.faults, chosen, strict=True)
            ]
        found: list[Span] = []
        for number, (case, blocks) in enumerate(zip(self.cases, self._blocks, strict=True)):
            starts = _strewn(case, blocks, random)
            faults = [place in set(case.faults) for place in _executed(case)]
            found += [
                block.at(number, at) for block, at, is_fault in zip(blocks, starts, faults, strict=True) if is_fault
            ]
        return found

    def _in_case(self, span: Span, number: int, random: np.random.Generator) -> Span:
        case = self.cases[number]
        normal = max(0, case.end - case.begin - span.before - (span.end - span.start) - span.after)
        return span.at(number, case.begin + span.before + int(normal * random.uniform(EARLIEST, 1)))

    def chance(self, figure: float, ask: Callable[[list[Span], np.random.Generator], float], seed: int) -> float:
        """How likely `ask` of a draw gives at least `figure`.

        The drawing ends at the first that does: p of Besag and Clifford's sequential test with one success.
        """
        random = np.random.default_rng(seed)
        for drawn in range(1, DRAWS + 1):
            if ask(self.draw(random), random) >= figure - ROUNDING:
                return 1 / drawn
        return 1 / (DRAWS + 1)


def _executed(case: Case) -> list[int]:
    return [place for place, episode in enumerate(case.episodes) if episode.start > 0]


def _span(number: int, case: Case, place: int) -> Span:
    """The time that the positives take; before and after it what is gray because of the episode."""
    episode = case.episodes[place]
    times: dict[int, list[Ints]] = {ANOMALOUS: [], GRAY: []}
    for signal in case.signals.values():
        own = signal.episode == place
        for label, found in times.items():
            found.append(signal.time[own & (signal.label == label)])
    hurt, gray = (np.concatenate(times[label]) for label in (ANOMALOUS, GRAY))
    start = max(episode.start, int(hurt.min())) if len(hurt) else episode.start
    end = max(start, episode.end)
    first, last = (int(gray.min()), int(gray.max())) if len(gray) else (start, end)
    return Span(number, start, end, start - min(first, episode.start), max(0, last - end))


def _strewn(case: Case, blocks: Sequence[Span], random: np.random.Generator) -> list[int]:
    """Starts in the order of `blocks`."""
    duration = case.end - case.begin
    edge = min(max(duration // 40, 5 * SECOND), 30 * SECOND)
    gap = min(max(duration * 15 // 1000, 5 * SECOND), 30 * SECOND)
    lengths = [block.before + block.end - block.start + block.after for block in blocks]
    spare = max(0, duration - 2 * edge - sum(lengths) - gap * (len(blocks) - 1))
    moved = np.sort(random.uniform(0, spare, len(blocks)))
    starts, at = [0] * len(blocks), case.begin + edge
    for place, shift in zip(random.permutation(len(blocks)), moved, strict=True):
        starts[place] = at + int(shift) + blocks[place].before
        at += lengths[place] + gap
    return starts
