"""`evaluate`: read, let every detector score every record that it has not learnt from, and judge the scores."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from . import detectors
from .baseline import Baseline
from .catalogue import SAMPLE, Detector, choose
from .dataset import ANOMALOUS, GRAY, open_dataset
from .errors import EvaluationError
from .folds import Folds, by_block, by_episode
from .judge import Judge, Judged
from .levels import join, read_case
from .marks import Mark, mark_scenarios
from .measures import Scored, figures
from .own_scores import OwnScores
from .units import LEVELS, SIGNAL_OF
from .units import thin as thin_units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from .dataset import Dataset
    from .units import Flags, Floats, Ints, Units

BLOCK_S = {"logs": 10, "spans": 10, "traces": 10, "windows": 60}


@dataclass
class Result:
    """One detector's figures at one level: `regime` is what it learnt from, `folds` what kept the two apart.

    `shuffled` is the mean AUROC with shuffled labels and its standard error.
    """

    level: str
    detector: Detector
    regime: str
    folds: str
    shuffled: tuple[float, float] | None
    judged: list[Judged]


@dataclass
class LevelCount:
    """How many units a level has: all, and those scored by label."""

    units: int
    scored: int
    anomalous: int
    gray: int
    prevalence: float
    features: list[str]


@dataclass
class Evaluation:
    """All that was found out about one data set."""

    dataset: Dataset
    seed: int
    seconds: float = 0.0
    counts: dict[str, LevelCount] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    scores: dict[tuple[str, str], tuple[Units, Floats]] = field(default_factory=dict, repr=False)
    """The scores of the first regime by (detector, level), to be saved."""


def run_evaluation(
    path: Path,
    *,
    names: Sequence[str] | None,
    signal: str,
    regimes: Sequence[str],
    scores: Path | None,
    seed: int,
    most: int,
    progress: Callable[[str], None],
) -> Evaluation:
    """See `ocsfconv.evaluate.evaluate`."""
    import duckdb
    from threadpoolctl import threadpool_limits

    began = time.monotonic()
    chosen = choose(names)
    levels = [level for level in LEVELS if signal in ("all", SIGNAL_OF[level])]
    with duckdb.connect() as database:
        try:
            dataset = open_dataset(path, database)
            _require_episodes(dataset)
            own = OwnScores(database, scores, dataset) if scores is not None else None
            rng = np.random.default_rng(seed)
            parts, own_parts, extents = _read(database, dataset, levels, own, most, rng, progress)
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise EvaluationError(f"{path} cannot be read: {reason}; convert and label it again") from error
    run = Evaluation(dataset, seed)
    _note_what_is_few(run)
    folds = by_episode(extents, dataset.episodes, np.random.default_rng(seed))
    # Libraries warn of nearly equal values and the like, which nobody who reads the figures can do anything about.
    with threadpool_limits(1, user_api="blas"), warnings.catch_warnings(action="ignore"):
        for level in levels:
            _Level(run, join(parts.pop(level)), folds, progress).evaluate(chosen, list(regimes), own_parts.get(level))
    if not run.results:
        raise EvaluationError(
            f"{path} has no record of a verified episode among its {signal if signal != 'all' else 'signals'}"
        )
    run.marks = mark_scenarios(run.results)
    run.seconds = time.monotonic() - began
    return run


def _require_episodes(dataset: Dataset) -> None:
    counted = [episode for episode in dataset.episodes if episode.counts]
    if counted:
        return
    if not dataset.episodes:
        raise EvaluationError(
            f"{dataset.path} has no episodes: nothing went wrong, so nothing can be found; record with SCENARIOS=all"
        )
    statuses = ", ".join(sorted({e.status for e in dataset.episodes if not e.decoy})) or "only decoys"
    raise EvaluationError(
        f"{dataset.path} has no verified episode ({statuses}): nothing to be found; see the labeller's table"
    )


def _note_what_is_few(run: Evaluation) -> None:
    by_scenario: dict[str, int] = {}
    for episode in run.dataset.episodes:
        if episode.counts:
            by_scenario[episode.scenario] = by_scenario.get(episode.scenario, 0) + 1
    single = [scenario for scenario, count in sorted(by_scenario.items()) if count == 1]
    if single:
        run.notes.append(
            f"one episode only of {', '.join(single)}: no interval, and the supervised bound is cross-validated by "
            "time block, so that it sees other seconds of the same episode; make reference gives more"
        )
    run.notes += [f"left out: {skipped}" for skipped in run.dataset.skipped]


def _read(
    database: Any,
    dataset: Dataset,
    levels: list[str],
    own: OwnScores | None,
    most_units: int,
    rng: np.random.Generator,
    progress: Callable[[str], None],
) -> tuple[dict[str, list[Units]], dict[str, Floats], list[tuple[int, int]]]:
    """Read all recordings: units by level, the user's scores by level, and each recording's first and last time."""
    parts: dict[str, list[Units]] = {level: [] for level in levels}
    own_parts: dict[str, list[Floats]] = {}
    extents = []
    for case in dataset.cases:
        progress(f"reading {case.name or case.folder}")
        read = read_case(database, dataset, case, levels)
        times = np.concatenate([units.start_ns for units in read.values()])
        extents.append((int(times.min(initial=0)), int(times.max(initial=0))))
        mine = own.of(case) if own else {}
        for level, units in read.items():
            kept = thin_units(units, most_units // len(dataset.cases), rng)
            parts[level].append(units if kept is None else units.take(*kept))
            if level in mine:
                rows = parts[level][-1].row
                own_parts.setdefault(level, []).append(mine[level] if level == "windows" else mine[level][rows])
    return parts, {level: np.concatenate(columns) for level, columns in own_parts.items()}, extents


class _Level:
    """One level's units, scored and judged."""

    def __init__(self, run: Evaluation, units: Units, folds: Folds, progress: Callable[[str], None]) -> None:
        self._run, self._units, self._progress = run, units, progress
        self._judge = Judge(run.dataset, units, run.seed)
        self._folds, self._fold = folds, folds.of(units.case, units.start_ns)
        self._anomalous = self._judge.anomalous
        self._baseline = Baseline(units)

    def evaluate(self, chosen: list[Detector], regimes: list[str], own: Floats | None) -> None:
        """Add results to the run."""
        units, self._regimes = self._units, regimes
        anomalous, usable = float(units.weight[self._anomalous].sum()), float(units.weight[self._judge.usable].sum())
        self._run.counts[units.level] = LevelCount(
            round(float(units.weight.sum())),
            len(units),
            int(self._anomalous.sum()),
            int((units.label == GRAY).sum()),
            anomalous / usable if usable else 0.0,
            [feature.name for feature in units.features],
        )
        if not self._anomalous.any() or not self._judge.normal.any():
            self._run.notes.append(f"{units.level}: no record of a verified episode, or no normal one; left out")
            return
        everything = round(float(units.weight.sum()))
        if len(units) < everything:
            self._run.notes.append(
                f"{units.level}: {len(units):,} of {everything:,} are scored, drawn by the seed and weighted back"
            )
        by_regime = [d for d in chosen if d.kind in ("one-liner", "unsupervised")]
        for detector in (d for d in chosen if d.kind == "control"):
            self._add(detector, regimes[0], self._control(detector))
        for regime in regimes:
            for detector, score in self._unsupervised(by_regime, regime):
                self._add(detector, regime, score)
        for detector in (d for d in chosen if d.kind == "bound"):
            self._bound(detector)
        if own is not None:
            self._add(Detector("own", "own", "the user's own"), regimes[0], own)

    def _add(self, detector: Detector, regime: str, score: Floats) -> None:
        judged = self._judge.judge(score, self._fold, intervals=regime == self._regimes[0])
        self._run.results.append(
            Result(self._units.level, detector, regime, "episode", self._judge.shuffled(score), judged)
        )
        self._run.scores.setdefault((detector.name, self._units.level), (self._units, score))

    def _control(self, detector: Detector) -> Floats:
        if detector.name == "constant":
            return np.zeros(len(self._units))
        return np.random.default_rng(self._run.seed).random(len(self._units))

    def _unsupervised(self, chosen: list[Detector], regime: str) -> Iterator[tuple[Detector, Floats]]:
        """Score each fold by what was learnt from the others, all detectors of a fold with the same features."""
        units = self._units
        places = {d.name: place for d in chosen if (place := detectors.one_liner(d.name, units.features)) is not None}
        learning = [d for d in chosen if d.kind == "unsupervised"]
        score = {name: np.zeros(len(units)) for name in (*places, *(d.name for d in learning))}

        def score_fold(fold: int) -> None:
            rng = np.random.default_rng([self._run.seed, fold])
            training, test = self._training(regime, fold, rng), np.flatnonzero(self._fold == fold)
            if not len(test) or not training.any():
                return
            sample = np.sort(rng.permutation(np.flatnonzero(training))[:SAMPLE])
            features, learnt = self._baseline.matrices(training, test, sample)
            for name, place in places.items():
                score[name][test] = features[:, place]
            if learning:
                for name, column in detectors.Fitted(learnt, self._run.seed).score(learning, features).items():
                    score[name][test] = column

        self._each_fold(score_fold, self._folds.count, f"{units.level}: learning from {regime} data")
        for detector in chosen:
            if detector.name in score:
                yield detector, score[detector.name]

    def _each_fold(self, task: Callable[[int], None], folds: int, what: str) -> None:
        for fold in range(folds):
            self._progress(f"{what}, part {fold + 1} of {folds}")
            task(fold)

    def _training(self, regime: str, fold: int, rng: np.random.Generator) -> Flags:
        others: Flags = self._fold != fold
        if regime == "natural":
            return others
        training: Flags = others & self._judge.normal
        if regime != "clean":
            share = float(regime.removesuffix("%")) / 100
            available = np.flatnonzero(others & (self._units.label == ANOMALOUS))
            wanted = round(training.sum() * share / (1 - share))
            training[rng.permutation(available)[:wanted]] = True
        return training

    def _bound(self, detector: Detector) -> None:
        """Cross-validate by episode where a scenario has several, else by time block; judge each stratum by its way."""
        units, run = self._units, self._run
        blocks = by_block(units.start_ns, BLOCK_S[units.level])
        ways = {"episode": self._fold, "time block": blocks}
        way_of = {
            stratum.scenario: self._way(stratum.episodes) for stratum in self._judge.strata if not stratum.severity
        }
        for way in sorted(set(way_of.values())):
            learnt = self._supervised(ways[way])
            if learnt is None:
                run.notes.append(f"{units.level}: too few anomalous records for a supervised bound by {way}")
                continue
            score, shuffled = learnt
            judged = self._judge.judge(score, ways[way], intervals=True)
            mine = [one for one in judged if way_of[one.scenario] == way]
            run.results.append(Result(units.level, detector, "labels", way, shuffled, mine))

    def _way(self, episodes: tuple[int, ...]) -> str:
        """By episode if most of these are of scenarios that lie in several folds."""
        folds: dict[str, set[int]] = {}
        for number in episodes:
            episode = self._run.dataset.episodes[number]
            folds.setdefault(episode.scenario, set()).add(self._folds.of_episode(episode))
        several = sum(len(folds[self._run.dataset.episodes[number].scenario]) > 1 for number in episodes)
        return "episode" if several * 2 > len(episodes) else "time block"

    def _supervised(self, fold: Ints) -> tuple[Floats, tuple[float, float]] | None:
        """Score every record by a model that has not seen its fold; add the AUROC of shuffled labels, treated alike.

        None when a fold would have to be scored by a model that has seen too few positives.
        """
        units, seed = self._units, self._run.seed
        usable = self._judge.usable
        shuffled = np.zeros(len(units), bool)
        dealt = np.random.default_rng(seed).permutation(np.flatnonzero(usable))
        shuffled[dealt[: int(self._anomalous.sum())]] = True
        scores = np.zeros((2, len(units)))
        folds = np.unique(fold)
        impossible: list[int] = []

        def score_fold(number: int) -> None:
            rng = np.random.default_rng([seed, number])
            test, training = np.flatnonzero(fold == folds[number]), usable & (fold != folds[number])
            samples = [
                detectors.training_sample(self._anomalous, training, rng, units.episode),
                detectors.training_sample(shuffled, training, rng),
            ]
            if samples[0] is None or samples[1] is None:
                impossible.append(number)
                return
            wanted = test, samples[0], samples[1]
            kinds = self._baseline.categories(training, *wanted)
            rows = [np.hstack(pair) for pair in zip(self._baseline.matrices(training, *wanted), kinds, strict=True)]
            for place, (labels, sample) in enumerate(zip((self._anomalous, shuffled), samples, strict=True)):
                model = detectors.supervised(seed, rows[place + 1], kinds[0].shape[1], labels[sample])
                scores[place][test] = model.decision_function(rows[0])

        self._each_fold(score_fold, len(folds), f"{units.level}: learning from labels")
        if impossible:
            return None
        positives, negatives = int(shuffled.sum()), int((usable & ~shuffled).sum())
        control = figures(_plain(scores[1][shuffled]), _plain(scores[1][usable & ~shuffled])).auroc
        # Hanley and McNeil's standard error at 0.5.
        return scores[0], (control, float(np.sqrt((positives + negatives + 1) / (12 * positives * negatives))))


def _plain(score: Floats) -> Scored:
    return Scored(score, np.ones(len(score)), np.zeros(len(score), np.int64))
