"""From raw values to what detectors see: robust z within groups and rarities, learnt from training units alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .units import Flags, Floats, Ints, Units

# Standard deviations per interquartile range of a normal distribution, and per mean absolute deviation.
PER_QUARTILES, PER_DEVIATION = 1 / 1.349, 1.2533
# Most features are logarithms: a group whose values hardly differ is taken to vary by 1 % at least.
LEAST_SCALE = 0.01
# A group with fewer training values is judged by all groups' values; of a series there are only as many as windows.
FEWEST, FEWEST_OF_SERIES = 8, 3
# Farther is not more anomalous: one feature must not decide every distance.
FARTHEST = 20.0
UNUSUAL = 3.0
MOST_CATEGORIES = 60


class Grouped:
    """Values in groups, sorted once, so that each training set's quartiles are only counted off."""

    def __init__(self, values: Floats, groups: Ints, fewest: int = FEWEST) -> None:
        self._values, self._groups, self._fewest = values, groups, fewest
        self._size = int(groups.max(initial=0)) + 1
        finite = np.flatnonzero(np.isfinite(values))
        self._order = finite[np.lexsort((values[finite], groups[finite]))]

    def robust_z(self, training: Flags, wanted: Ints) -> Floats:
        """Return (value - median) / scale of each wanted unit's group in training, between -20 and 20; NaN stays NaN.

        The scale is the interquartile range's or, where most values are one and the same, half of the mean deviation's.
        """
        middle, scale = self._learn(training)
        groups = self._groups[wanted]
        result: Floats = (self._values[wanted] - middle[groups]) / scale[groups]
        return np.clip(result, -FARTHEST, FARTHEST)

    def known(self, training: Flags) -> Flags:
        """Say of each group whether training has enough of it."""
        flags: Flags = (
            np.bincount(self._groups[self._order[training[self._order]]], minlength=self._size) >= self._fewest
        )
        return flags

    def _learn(self, training: Flags) -> tuple[Floats, Floats]:
        learnt = self._order[training[self._order]]
        if not len(learnt):
            return np.zeros(self._size), np.ones(self._size)
        values, groups = self._values[learnt], self._groups[learnt]
        counts = np.bincount(groups, minlength=self._size)
        first = np.cumsum(counts) - counts

        def quantile(share: float) -> Floats:
            place = first + np.maximum(counts - 1, 0) * share
            low = np.minimum(np.floor(place).astype(np.int64), len(values) - 1)
            high = np.minimum(np.ceil(place).astype(np.int64), len(values) - 1)
            found: Floats = values[low] + (values[high] - values[low]) * (place - low)
            return found

        middle = quantile(0.5)
        deviation = np.bincount(groups, np.abs(values - middle[groups]), self._size) / np.maximum(counts, 1)
        scale = np.maximum((quantile(0.75) - quantile(0.25)) * PER_QUARTILES, deviation * PER_DEVIATION / 2)
        few = counts < self._fewest
        low, centre, high = np.quantile(values, [0.25, 0.5, 0.75])
        middle[few], scale[few] = centre, (high - low) * PER_QUARTILES
        return middle, np.maximum(scale, LEAST_SCALE)


def rarity(groups: Ints, training: Flags, wanted: Ints) -> Floats:
    """Return -ln((1 + training units of the group) / (1 + training units))."""
    counts = np.bincount(groups[training], minlength=int(groups.max(initial=0)) + 1)
    result: Floats = -np.log((1 + counts[groups[wanted]]) / (1 + counts.sum()))
    return result


class Baseline:
    """Makes features of one level's units."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self._grouped = {
            feature.name: Grouped(units.values[feature.name], units.groups[feature.by])
            for feature in units.features
            if feature.how == "z"
        }
        series = units.series
        self._series = None if series is None else Grouped(series.value, series.code, FEWEST_OF_SERIES)

    def matrices(self, training: Flags, *wanted: Ints) -> list[Floats]:
        """Return the features of each set of `wanted` units (a row a unit), learnt from those that `training` marks.

        A z that a record does not have is 0: nothing unusual.
        """
        units = self._units
        columns: list[list[Floats]] = []
        aggregates = self._aggregates(training) if self._series is not None else {}
        together = np.concatenate(wanted)
        for feature in units.features:
            if feature.how == "series":
                column = aggregates[feature.name][together]
            elif feature.how == "rarity":
                column = rarity(units.groups[feature.by], training, together)
            elif feature.how == "z":
                column = self._grouped[feature.name].robust_z(training, together)
            else:
                column = units.values[feature.name][together]
            columns.append(np.split(np.nan_to_num(column, nan=0.0), np.cumsum([len(part) for part in wanted])[:-1]))
        return [np.column_stack([parts[number] for parts in columns]) for number in range(len(wanted))]

    def categories(self, training: Flags, *wanted: Ints) -> list[Floats]:
        """Return of what kind each wanted unit is, a column a grouping: its group's place, the most frequent first.

        The rarest share one place. A kind (a route, a template) says nothing by itself; supervision may combine it with
        the features.
        """
        columns = []
        for codes in self._units.groups.values():
            counts = np.bincount(codes[training], minlength=int(codes.max(initial=0)) + 1)
            place = np.empty(len(counts))
            place[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
            columns.append(np.minimum(place, MOST_CATEGORIES - 1)[codes])
        return [np.column_stack([column[part] for column in columns]) for part in wanted]

    def _aggregates(self, training: Flags) -> dict[str, Floats]:
        """What the series of each unit (a service in a window) come to."""
        units, series = self._units, self._units.require_series()
        assert self._series is not None
        count, learnt = len(units), training[series.unit]
        known = self._series.known(learnt)[series.code]
        z = np.where(known, self._series.robust_z(learnt, np.arange(len(series.value))), 0.0)
        held = np.maximum(np.bincount(series.unit, minlength=count), 1)

        def mean(values: Floats) -> Floats:
            return np.bincount(series.unit, values, count) / held

        strongest = np.zeros(count)
        np.maximum.at(strongest, series.unit, np.abs(z))
        average = mean(np.abs(z))
        window = np.unique(units.minute, return_inverse=True)[1]
        everywhere = np.bincount(window, average * held) / np.bincount(window, held)
        return {
            "strongest": strongest,
            "mean": average,
            "wide": mean((np.abs(z) > UNUSUAL).astype(float)),
            "risen": mean(np.maximum(z, 0)),
            "fallen": mean(np.maximum(-z, 0)),
            "unseen": mean((~known).astype(float)),
            "everywhere": everywhere[window],
        }
