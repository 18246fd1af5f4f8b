"""What is scored: a level's records with their features' raw values, before anything is learnt from them.

A level is `logs`, `spans`, `traces` or `windows`. Its features say how they become numbers that detectors can compare:
as they are, as a robust z within a group (a route), as the rarity of a group, or as what a service's metric series come
to. What that needs is learnt from training records alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

LEVELS = ("logs", "spans", "traces", "windows")
SIGNAL_OF = {"logs": "logs", "spans": "traces", "traces": "traces", "windows": "metrics"}
MINUTE_NS = 60_000_000_000
# An episode keeps so many of its records whatever is thinned out.
FEWEST_KEPT = 300


@dataclass(frozen=True)
class Feature:
    """One number of a record: `how` it is made from the column of its name, `by` which group.

    `one_liner` names the detector that this feature is all by itself.
    """

    name: str
    what: str
    how: Literal["plain", "z", "rarity", "series"] = "plain"
    by: str = ""
    one_liner: str = ""


@dataclass(frozen=True)
class Series:
    """Values of metric series: `unit` is the unit that each belongs to, `code` its series."""

    unit: Ints
    code: Ints
    value: Floats


@dataclass
class Units:
    """Records of one level, as arrays of one length; `row` is the place in the signal's file, -1 for several rows.

    `values` has a column for every feature that is plain or a z (NaN: the record has none), `groups` the groups' codes.
    A unit stands for `weight` of its kind. `start_ns` decides what it belongs to, `known_ns` when it could be judged.
    """

    level: str
    features: Sequence[Feature]
    case: Ints
    row: Ints
    start_ns: Ints
    known_ns: Ints
    label: Ints
    episode: Ints
    weight: Floats
    values: dict[str, Floats] = field(default_factory=dict)
    groups: dict[str, Ints] = field(default_factory=dict)
    series: Series | None = None

    def __len__(self) -> int:
        return len(self.label)

    @property
    def minute(self) -> Ints:
        """The minute in which each unit was known, numbered over all cases."""
        return self.case * 1_000_000_000 + self.known_ns // MINUTE_NS

    def require_series(self) -> Series:
        """Return the series of a level that has them."""
        if self.series is None:
            raise ValueError(f"{self.level} have no series")
        return self.series

    def take(self, chosen: Ints | Flags, weight: Floats | None = None) -> Units:
        """Return some units, with other weights if given; units with series are few, and never thinned out."""
        if self.series is not None:
            raise ValueError(f"{self.level} are taken whole")
        return Units(
            self.level,
            self.features,
            self.case[chosen],
            self.row[chosen],
            self.start_ns[chosen],
            self.known_ns[chosen],
            self.label[chosen],
            self.episode[chosen],
            self.weight[chosen] if weight is None else weight,
            {name: column[chosen] for name, column in self.values.items()},
            {name: codes[chosen] for name, codes in self.groups.items()},
        )


def thin(units: Units, most: int, rng: np.random.Generator) -> tuple[Ints, Floats] | None:
    """Return which units to keep and what weight they get, so that about `most` are left; None when all are.

    All are drawn at one rate, except that an episode's normal, anomalous and gray records each keep 300 at least.
    """
    if len(units) <= most or units.series is not None:
        return None
    rate = most / len(units)
    group = np.where(units.episode < 0, -1, units.episode * 3 + units.label)
    kept, weights = [], []
    for number in np.unique(group):
        members = np.flatnonzero(group == number)
        count = min(len(members), max(round(rate * len(members)), FEWEST_KEPT))
        kept.append(rng.choice(members, count, replace=False))
        weights.append(np.full(count, len(members) / count))
    order = np.argsort(np.concatenate(kept))
    return np.concatenate(kept)[order], np.concatenate(weights)[order]
