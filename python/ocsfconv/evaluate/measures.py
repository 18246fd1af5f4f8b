"""How well scores rank: AUROC, average precision at any prevalence, and intervals by resampling whole episodes.

Nothing here adjusts points or looks for a best threshold: a score is judged as it is. All figures come from one table,
the weight of positives and of negatives at each score; ties count half in AUROC and are one step in average precision,
as in scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

CONFIDENCE = 0.95
RESAMPLINGS = 400
# Scores at which a resampling is measured; the point estimates use every one.
EDGES = 256


@dataclass(frozen=True)
class Scored:
    """Scores of one class, higher is more anomalous, with weights and blocks (what is resampled as one)."""

    score: Floats
    weight: Floats
    block: Ints

    def __len__(self) -> int:
        return len(self.score)


@dataclass(frozen=True)
class Figures:
    """What a ranking is worth: `ap_at` has the average precision if so large a share of the records were positive.

    Intervals are (low, high), None where there are not two episodes to draw from.
    """

    positives: int
    negatives: int
    prevalence: float
    auroc: float
    ap: float
    ap_at: dict[float, float]
    auroc_interval: tuple[float, float] | None = None
    ap_interval: tuple[float, float] | None = None


def figures(
    positives: Scored,
    negatives: Scored,
    *,
    prevalences: Sequence[float] = (),
    resamplings: int = RESAMPLINGS,
    rng: np.random.Generator | None = None,
) -> Figures:
    """Measure one ranking. Positives are resampled by their block (the episode), negatives by theirs (the minute).

    Raises ValueError when a class is empty or a score is NaN.
    """
    if not len(positives) or not len(negatives):
        raise ValueError("a ranking needs records of both classes")
    if np.isnan(positives.score).any() or np.isnan(negatives.score).any():
        raise ValueError("a score is NaN")
    edges = np.unique(positives.score)
    hits, misses = _table(positives, edges, None), _table(negatives, edges, None)
    prevalence = float(hits.sum() / (hits.sum() + misses.sum()))
    auroc, ap = float(_auroc(hits, misses)[0]), float(_average_precision(hits, misses)[0])
    ap_at = {at: float(_average_precision(hits, _scaled(hits, misses, at))[0]) for at in prevalences}
    auroc_interval, ap_interval = None, None
    episodes = np.unique(positives.block)
    if rng is not None and len(episodes) > 1:
        auroc_interval, ap_interval = _intervals(positives, negatives, episodes, resamplings, rng)
    return Figures(len(positives), len(negatives), prevalence, auroc, ap, ap_at, auroc_interval, ap_interval)


def shuffled_auroc(scores: Floats, positives: int, rng: np.random.Generator, times: int = 20) -> tuple[float, float]:
    """Return mean and standard error of the AUROC when labels are dealt anew: 0.5, or the computation is at fault."""
    ranks = _midranks(scores)
    count = len(scores)
    values = []
    for _ in range(times):
        chosen = rng.choice(count, positives, replace=False)
        values.append((ranks[chosen].sum() - positives * (positives + 1) / 2) / (positives * (count - positives)))
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(times))


def _midranks(scores: Floats) -> Floats:
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    middle: Floats = last - (counts - 1) / 2
    return middle[inverse]


def _table(scored: Scored, edges: Floats, blocks: Ints | None) -> Floats:
    """Weights by block (one row for all without `blocks`) and place: 2k + 1 is edge k itself, 2k what lies below."""
    below, upto = np.searchsorted(edges, scored.score, "left"), np.searchsorted(edges, scored.score, "right")
    place, width = below + upto, 2 * len(edges) + 1
    if blocks is None:
        return np.bincount(place, scored.weight, width)[None, :].astype(float)
    row = np.searchsorted(blocks, scored.block)
    return (
        np.bincount(row * width + place, scored.weight, len(blocks) * width).reshape(len(blocks), width).astype(float)
    )


def _auroc(hits: Floats, misses: Floats) -> Floats:
    below = np.cumsum(misses, axis=1) - misses
    won: Floats = (hits * (below + misses / 2)).sum(axis=1) / (hits.sum(axis=1) * misses.sum(axis=1))
    return won


def _average_precision(hits: Floats, misses: Floats) -> Floats:
    true = np.cumsum(hits[:, ::-1], axis=1)
    false = np.cumsum(misses[:, ::-1], axis=1)
    precision = true / np.maximum(true + false, np.finfo(float).tiny)
    average: Floats = (hits[:, ::-1] * precision).sum(axis=1) / hits.sum(axis=1)
    return average


def _scaled(hits: Floats, misses: Floats, prevalence: float) -> Floats:
    """The negatives, weighed so that positives are `prevalence` of all."""
    scaled: Floats = misses * (hits.sum() * (1 - prevalence) / (prevalence * misses.sum()))
    return scaled


def _intervals(
    positives: Scored, negatives: Scored, episodes: Ints, resamplings: int, rng: np.random.Generator
) -> tuple[tuple[float, float], tuple[float, float]]:
    distinct = np.unique(positives.score)
    if len(distinct) > EDGES:
        distinct = np.unique(np.quantile(positives.score, np.linspace(0, 1, EDGES), method="inverted_cdf"))
    # A positive between two edges counts as the lower one.
    lowered = distinct[np.searchsorted(distinct, positives.score, "right") - 1]
    minutes = np.unique(negatives.block)
    by_episode = _table(Scored(lowered, positives.weight, positives.block), distinct, episodes)
    by_minute = _table(negatives, distinct, minutes)
    drawn = rng.multinomial(len(episodes), np.full(len(episodes), 1 / len(episodes)), resamplings)
    hits = drawn @ by_episode
    misses = rng.multinomial(len(minutes), np.full(len(minutes), 1 / len(minutes)), resamplings) @ by_minute
    return _interval(_auroc(hits, misses)), _interval(_average_precision(hits, misses))


def _interval(values: Floats) -> tuple[float, float]:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)
