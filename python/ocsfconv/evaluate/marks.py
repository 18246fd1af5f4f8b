"""Neither trivial nor impossible: which scenarios are too easy for a comparison, and which must be looked into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .evaluation import Result
    from .judge import Judged

# A one-liner that reaches both makes a scenario a sanity check; a bound below the last says that labels or impact are
# at fault.
EASY_AUROC, EASY_AP, LEAST_BOUND = 0.95, 0.8, 0.9
# Fewer positives say nothing either way.
FEWEST_POSITIVES = 20


@dataclass(frozen=True)
class Best:
    """The best of some detectors for a scenario: by AUROC, at its level."""

    detector: str
    level: str
    auroc: float
    ap: float
    prevalence: float


@dataclass(frozen=True)
class Mark:
    """A scenario's verdict.

    `sanity`: a one-liner is enough; `check`: not even supervision finds it; `few`: it cannot be said; else `ok`.
    """

    scenario: str
    mark: str
    one_liner: Best | None
    unsupervised: Best | None
    bound: Best | None
    folds: str


def mark_scenarios(results: list[Result]) -> list[Mark]:
    """Judge each scenario over all levels, by what was learnt from the first regime."""
    first = next((result.regime for result in results if result.detector.kind in ("one-liner", "unsupervised")), "")
    scenarios = sorted({judged.scenario for result in results for judged in result.judged if judged.scenario})
    return [_mark(scenario, results, first) for scenario in scenarios]


def _mark(scenario: str, results: list[Result], regime: str) -> Mark:
    def of(kind: str) -> list[tuple[Result, Judged]]:
        return [
            (result, judged)
            for result in results
            if result.detector.kind == kind and result.regime in (regime, "labels")
            for judged in result.judged
            if judged.scenario == scenario and not judged.severity and judged.figures.positives >= FEWEST_POSITIVES
        ]

    one_liners, bounds = of("one-liner"), of("bound")
    easy = [
        (result, judged)
        for result, judged in one_liners
        if judged.figures.auroc >= EASY_AUROC and judged.figures.ap >= EASY_AP
    ]
    bound = _best(bounds)
    if easy:
        mark = "sanity"
    elif not one_liners and not bounds:
        mark = "few"
    elif bound is not None and bound.auroc < LEAST_BOUND:
        mark = "check"
    else:
        mark = "ok"
    way = next((result.folds for result, _ in bounds), "")
    return Mark(scenario, mark, _best(easy or one_liners), _best(of("unsupervised")), bound, way)


def _best(found: Iterable[tuple[Result, Judged]]) -> Best | None:
    best = max(found, key=lambda pair: pair[1].figures.auroc, default=None)
    if best is None:
        return None
    result, judged = best
    return Best(result.detector.name, result.level, judged.figures.auroc, judged.figures.ap, judged.figures.prevalence)
