"""From one detector's scores to figures: for all episodes, and for each scenario, severity, and both together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from . import alerts, measures
from .dataset import ANOMALOUS, NORMAL

if TYPE_CHECKING:
    from .dataset import Dataset
    from .units import Flags, Floats, Ints, Units

ALERTS_PER_HOUR = 10
PREVALENCES = (0.001, 0.005, 0.01, 0.05)


@dataclass(frozen=True)
class Stratum:
    """Episodes judged together, and the recordings whose normal records they are told from; empty text: all."""

    scenario: str
    severity: str
    episodes: tuple[int, ...]
    decoys: tuple[int, ...]
    cases: tuple[int, ...]


@dataclass(frozen=True)
class Judged:
    """One detector in one stratum.

    `found` are the episodes with an alert on one of their records, of the `episodes` that have records here; decoys
    alike. `delay_s` is the median of those found.
    """

    scenario: str
    severity: str
    figures: measures.Figures
    episodes: int
    found: int
    delay_s: float | None
    decoys: int
    decoys_alarmed: int
    false_alarms_per_hour: float

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold, rounded to what is worth telling."""
        told: dict[str, Any] = rounded(
            {
                "scenario": self.scenario or None,
                "severity": self.severity or None,
                **asdict(self.figures),
                **{
                    name: value
                    for name, value in asdict(self).items()
                    if name not in ("scenario", "severity", "figures")
                },
            }
        )
        return told


class Judge:
    """Judges scores of one level's units, whose labels, minutes and strata are worked out once."""

    def __init__(self, dataset: Dataset, units: Units, seed: int) -> None:
        self._units, self._episodes, self._seed = units, dataset.episodes, seed
        counted = np.asarray([episode.counts for episode in dataset.episodes] + [False])
        decoy = np.asarray([episode.decoy for episode in dataset.episodes] + [False])
        # -1, no episode, is the last of these.
        self.anomalous: Flags = (units.label == ANOMALOUS) & counted[units.episode]
        self.normal: Flags = units.label == NORMAL
        self._decoy: Flags = self.normal & decoy[units.episode]
        self._minute = np.unique(units.minute, return_inverse=True)[1]
        here = set(np.unique(units.episode[self.anomalous]).tolist())
        decoys = set(np.unique(units.episode[self._decoy]).tolist())
        self.strata = _strata(dataset, here, decoys)

    @property
    def usable(self) -> Flags:
        """Records that are scored: neither gray nor of an episode that came to nothing."""
        return self.anomalous | self.normal

    def judge(self, score: Floats, fold: Ints, *, intervals: bool) -> list[Judged]:
        """Judge scores in every stratum; thresholds of a fold come from the other folds."""
        alert = score > alerts.thresholds(score, self._minute, fold, ALERTS_PER_HOUR)[fold]
        # Sorted once, because to find a place for sorted numbers is many times quicker.
        order = np.argsort(score, kind="stable")
        every = (self._judge(score, alert, order, stratum, intervals) for stratum in self.strata)
        return [judged for judged in every if judged is not None]

    def shuffled(self, score: Floats) -> tuple[float, float]:
        """Return mean and standard error of the AUROC with shuffled labels."""
        usable = self.usable
        rng = np.random.default_rng(self._seed)
        return measures.shuffled_auroc(score[usable], int(self.anomalous.sum()), rng)

    def _judge(self, score: Floats, alert: Flags, order: Ints, stratum: Stratum, intervals: bool) -> Judged | None:
        units = self._units
        positives = order[(self.anomalous & np.isin(units.episode, stratum.episodes))[order]]
        negatives = order[(self.normal & np.isin(units.case, stratum.cases))[order]]
        if not len(positives) or not len(negatives):
            return None
        found = alerts.episodes_found(
            alert[positives],
            units.episode[positives],
            units.known_ns[positives],
            {number: self._episodes[number].effect_ns for number in stratum.episodes},
        )
        delays = [one.delay_s for one in found if one.delay_s is not None]
        alarmed = np.unique(units.episode[alert & self._decoy])
        return Judged(
            stratum.scenario,
            stratum.severity,
            measures.figures(
                measures.Scored(score[positives], units.weight[positives], units.episode[positives]),
                measures.Scored(score[negatives], units.weight[negatives], self._minute[negatives]),
                prevalences=PREVALENCES,
                rng=np.random.default_rng(self._seed) if intervals else None,
            ),
            episodes=len(found),
            found=len(delays),
            delay_s=median(delays) if delays else None,
            decoys=len(stratum.decoys),
            decoys_alarmed=int(np.isin(stratum.decoys, alarmed).sum()),
            false_alarms_per_hour=alerts.alarms_per_hour(alert[negatives], self._minute[negatives]),
        )


def _strata(dataset: Dataset, here: set[int], decoys: set[int]) -> list[Stratum]:
    """All episodes first, then severities, then each scenario with its own; severities only where there are several."""

    def stratum(scenario: str, severity: str) -> Stratum:
        matching = [
            n for n, e in enumerate(dataset.episodes) if scenario in ("", e.scenario) and severity in ("", e.severity)
        ]
        cases = {dataset.episodes[number].case for number in matching} if scenario else range(len(dataset.cases))
        return Stratum(
            scenario,
            severity,
            tuple(number for number in matching if number in here),
            tuple(number for number in matching if number in decoys),
            tuple(sorted(cases)),
        )

    counted = [dataset.episodes[number] for number in sorted(here)]
    scenarios = sorted({episode.scenario for episode in counted})
    severities = sorted({episode.severity for episode in counted}, key=severity_order)
    strata = [stratum("", "")]
    for scenario in ("", *scenarios):
        strata += [stratum(scenario, "")] if scenario else []
        parts = [part for severity in severities if (part := stratum(scenario, severity)).episodes]
        # A severity of one scenario alone is told with that scenario.
        strata += [part for part in parts if len(parts) > 1 and (scenario or len(_scenarios(dataset, part)) > 1)]
    return strata


def _scenarios(dataset: Dataset, stratum: Stratum) -> set[str]:
    return {dataset.episodes[number].scenario for number in stratum.episodes}


def severity_order(severity: str) -> tuple[int, str]:
    """Sort severities from hard to easy."""
    known = ("subtle", "medium", "blatant")
    return (known.index(severity) if severity in known else len(known), severity)


def rounded(value: Any) -> Any:
    """Return what JSON can hold: floats with four digits, what is no number as null, keys as text."""
    if isinstance(value, float):
        return round(value, 4) if np.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): rounded(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [rounded(inner) for inner in value]
    return value
