"""How well values that should say nothing tell what is exposed: the worst of many columns, against chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ocsfconv.leaks.cases import SIGNALS, Bools, Floats, Ints
from ocsfconv.leaks.placement import BOUND, Schedule, Span
from ocsfconv.leaks.records import Exposure, Feature, Features, Records, as_if, gather, ranked, really
from ocsfconv.leaks.report import Row, few
from ocsfconv.leaks.units import Units

FEWEST = 2
"""Faults: one to learn from and one to be judged on."""
MATERIAL = 0.6
"""An AUROC below which a value that differs by more than chance is of no use to anyone."""


@dataclass(frozen=True)
class Lot:
    """Rows by what they are good for while one fault is judged: to learn from and to be told apart."""

    others: Ints
    """Positives of the other faults."""
    away: Ints
    """Rows that nothing is learnt from as if they were normal, beside these."""
    positives: Ints
    compared: Ints


def lots(exposure: Exposure, usable: Bools) -> list[Lot]:
    """The rows for each of the usable faults; positives of the rest are left out."""
    unusable = np.append(~usable, False)[exposure.owner]
    left_out = exposure.left_out | unusable
    found = []
    for place in np.flatnonzero(usable):
        around = exposure.around[place]
        others = np.concatenate([exposure.positives[other] for other in np.flatnonzero(usable) if other != place])
        others = others[(others < around.start) | (others >= around.stop)]
        away = left_out.copy()
        away[around] = True
        compared = around.start + np.flatnonzero((exposure.owner[around] < 0) & ~left_out[around])
        found.append(Lot(others, np.flatnonzero(away), exposure.positives[place], compared))
    return found


@dataclass(frozen=True)
class Table:
    """One feature of one signal: its rows as cells of a kind and a value."""

    records: Records
    feature: Feature

    @cached_property
    def cell(self) -> Ints:
        """Each row's cell."""
        return self._cells[1]

    @cached_property
    def kind(self) -> Ints:
        """Each cell's kind."""
        return self._cells[0] // self.values

    @cached_property
    def value(self) -> Ints:
        """Each cell's value."""
        return self._cells[0] % self.values

    @cached_property
    def values(self) -> int:
        """How many values there are."""
        return int(self.feature.codes.max()) + 1

    @cached_property
    def _cells(self) -> tuple[Ints, Ints]:
        cells, cell = np.unique(self.records.kind * self.values + self.feature.codes, return_inverse=True)
        return cells, cell.reshape(-1)

    @cached_property
    def everything(self) -> Floats:
        """How many rows each cell has."""
        return self.count(slice(None))

    def count(self, rows: Ints | slice) -> Floats:
        """How many of these rows each cell has."""
        return np.bincount(self.cell[rows], minlength=len(self.kind)).astype(np.float64)

    def judge(self, lots: Sequence[Lot], least: float) -> float:
        """The mean AUROC over faults of what is learnt on the others; ends at 0 when it cannot reach `least`."""
        total = 0.0
        for done, lot in enumerate(lots, 1):
            hits = self.count(lot.others)
            rest = self.everything - self.count(lot.away) - hits
            total += self._auroc(hits, rest, self.count(lot.positives), self.count(lot.compared))
            if (total + len(lots) - done) / len(lots) < least:
                return 0.0
        return total / len(lots)

    def _auroc(self, hits: Floats, rest: Floats, positive: Floats, negative: Floats) -> float:
        hit = np.bincount(self.value, hits, self.values)
        # What no other fault has had scores 0, and where no positive scores more than that nothing is won.
        known = np.flatnonzero(hit[self.value] > 0)
        if not positive[known].any():
            return 0.5
        of_kind, of_rest = (np.bincount(self.kind, rows, self.records.kinds) for rows in (hits, rest))
        rate = of_kind / np.maximum(of_kind + of_rest, 1)
        expected = np.bincount(self.value[known], rate[self.kind[known]] * (hits + rest)[known], self.values)
        score = np.maximum(0, np.log((hit + 1) / (expected + 1)))
        scored = known[score[self.value[known]] > 0]
        # All cells of a kind that score 0 are one.
        zero = np.arange(self.records.kinds)
        ups, downs = (
            np.bincount(self.kind, rows, self.records.kinds)
            - np.bincount(self.kind[scored], rows[scored], self.records.kinds)
            for rows in (positive, negative)
        )
        return ranked(
            np.concatenate([self.kind[scored], zero]),
            np.concatenate([score[self.value[scored]], np.zeros(self.records.kinds)]),
            np.concatenate([positive[scored], ups]),
            np.concatenate([negative[scored], downs]),
        )


class Classifier:
    """One question of several columns: does any of them tell exposed records from others of their kind?"""

    def __init__(self, schedule: Schedule, units: Units, features: Features, seed: int) -> None:
        self.schedule, self.units, self._seed = schedule, units, seed
        gathered = [gather(schedule, units, signal, features, seed) for signal in SIGNALS]
        self._records = [one for one in gathered if one is not None]
        self._tables = [[Table(one, feature) for feature in one.features] for one in self._records]

    def figures(self, exposures: Sequence[Exposure], least: float = 0.0) -> dict[str, float]:
        """The mean AUROC over faults of each column that two faults at least may be judged by."""
        found = {}
        for tables, exposure in zip(self._tables, exposures, strict=True):
            some = np.array([len(one) > 0 for one in exposure.positives])
            prepared: dict[bytes, list[Lot]] = {}
            for table in tables:
                usable = table.feature.usable & some
                if usable.sum() >= FEWEST:
                    if usable.tobytes() not in prepared:
                        prepared[usable.tobytes()] = lots(exposure, usable)
                    found[table.feature.name] = table.judge(prepared[usable.tobytes()], least)
        return found

    def row(self, test: str, what: str) -> Row:
        """The worst column, its AUROC and how rarely chance gives as much."""
        bound = f"p > {BOUND:g}"
        if len(self.schedule.faults) < FEWEST:
            return few(test, what, bound, f"{len(self.schedule.faults)} faults of {FEWEST}")
        figures = self.figures([really(one, self.schedule) for one in self._records])
        if not figures:
            return few(test, what, bound, "no column that two faults share")
        worst = max(figures, key=lambda name: figures[name])
        p = self._chance(figures[worst])
        passed = p > BOUND or figures[worst] < MATERIAL
        figure = f"AUROC {figures[worst]:.3f}, p {p:.3f}"
        told = sorted(figures, key=lambda name: -figures[name])[:5]
        leaks = tuple(f"{name}: AUROC {figures[name]:.3f}" for name in told if figures[name] >= MATERIAL)
        return Row(test, what, figure, bound, passed, () if passed else leaks)

    def _chance(self, figure: float) -> float:
        def ask(spans: list[Span], random: np.random.Generator) -> float:
            owner = self.units.draw(spans, random)
            exposures = [as_if(one, spans, owner) for one in self._records]
            return max(self.figures(exposures, figure).values(), default=0.5)

        return self.schedule.chance(figure, ask, self._seed)
