"""What an operator would see: at most so many alerts an hour, at a threshold that is not chosen on what is judged.

An alert is a minute in which at least one score lies above the threshold. The threshold of a fold comes from the other
folds' minutes, unlabelled: the lowest that leaves them within the budget.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

MINUTES = 60
NANOSECONDS = 1e9


@dataclass(frozen=True)
class Found:
    """Whether an episode was found: seconds from its begin to the first record above the threshold, else None."""

    episode: int
    delay_s: float | None


def thresholds(score: Floats, minute: Ints, fold: Ints, per_hour: float) -> Floats:
    """Return the threshold of each fold, 0 first: a quantile of the highest scores of the other folds' minutes."""
    folds = int(fold.max()) + 1
    cells, cell = np.unique(minute * folds + fold, return_inverse=True)
    highest = np.full(len(cells), -np.inf)
    np.maximum.at(highest, cell, score)
    chosen = []
    for number in range(folds):
        others = np.sort(highest[cells % folds != number])[::-1]
        allowed = int(len(others) * per_hour / MINUTES)
        chosen.append(others[min(allowed, len(others) - 1)] if len(others) else np.inf)
    return np.asarray(chosen, dtype=float)


def episodes_found(alert: Flags, episode: Ints, known_ns: Ints, begins: dict[int, int]) -> list[Found]:
    """Say of each episode in `begins` (number to begin in ns) whether one of its records raised an alert, and when.

    `alert`, `episode` and `known_ns`, when a record was complete, are those of the records that belong to episodes.
    """
    found = []
    for number, begin in sorted(begins.items()):
        times = known_ns[alert & (episode == number)]
        found.append(Found(number, max(0.0, float(times.min() - begin) / NANOSECONDS) if len(times) else None))
    return found


def alarms_per_hour(alert: Flags, minute: Ints) -> float:
    """Minutes with an alert, of those that `minute` names, as a rate; NaN without minutes."""
    minutes = len(np.unique(minute))
    return len(np.unique(minute[alert])) * MINUTES / minutes if minutes else float("nan")
