"""Detectors at work: those of pyod and scikit-learn with their own defaults. Nothing is tuned on the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .catalogue import BOUND_SAMPLE
from .units import FEWEST_KEPT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .catalogue import Detector
    from .units import Feature, Flags, Floats, Ints

# Fewer positives in training cannot teach anything.
FEWEST_POSITIVES = 10


def one_liner(name: str, features: Sequence[Feature]) -> int | None:
    """Return the place of the feature that is this one-liner by itself; None where the level has none."""
    return next((place for place, feature in enumerate(features) if feature.one_liner == name), None)


class Fitted:
    """Unsupervised detectors, learnt from one training sample (a row a record, as `baseline.matrix` makes them)."""

    def __init__(self, sample: Floats, seed: int) -> None:
        from sklearn.preprocessing import StandardScaler

        self._seed = seed
        varying = sample.std(axis=0) > 0
        self._columns = np.flatnonzero(varying)
        self._scaler = StandardScaler().fit(sample[:, self._columns]) if varying.any() else None
        self._sample = self._scaled(sample)

    def score(self, chosen: Sequence[Detector], wanted: Floats) -> dict[str, Floats]:
        """Let each detector learn from the sample and score the wanted rows; one that cannot gives them all 0."""
        scaled = self._scaled(wanted)
        return {detector.name: self._score(detector, scaled) for detector in chosen}

    def _score(self, detector: Detector, wanted: Any) -> Floats:
        sample = self._sample
        if len(sample) > detector.sample:
            sample = sample[np.random.default_rng(self._seed).choice(len(sample), detector.sample, replace=False)]
        if not sample.shape[1] or len(sample) < FEWEST_POSITIVES:
            return np.zeros(len(wanted))
        model = MODELS[detector.name](len(sample), self._seed)
        model.fit(sample)
        return np.nan_to_num(np.asarray(model.decision_function(wanted), np.float64))

    def _scaled(self, rows: Floats) -> Any:
        if self._scaler is None:
            return rows[:, self._columns].astype(np.float32)
        # Half the width makes distances twice as quick.
        return np.asarray(self._scaler.transform(rows[:, self._columns]), np.float32)


def _ecod(count: int, seed: int) -> Any:
    from pyod.models.ecod import ECOD

    return ECOD()


def _hbos(count: int, seed: int) -> Any:
    from pyod.models.hbos import HBOS

    return HBOS()


def _iforest(count: int, seed: int) -> Any:
    from pyod.models.iforest import IForest

    return IForest(random_state=seed)


def _pca(count: int, seed: int) -> Any:
    from pyod.models.pca import PCA

    # All components would include some that are there by rounding alone, and divide by nearly nothing.
    return PCA(n_components=0.99, svd_solver="full", random_state=seed)


def _knn(count: int, seed: int) -> Any:
    from pyod.models.knn import KNN

    return KNN(n_neighbors=min(5, count - 1))


def _lof(count: int, seed: int) -> Any:
    from pyod.models.lof import LOF

    return LOF(n_neighbors=min(20, count - 1), novelty=True)


MODELS: dict[str, Callable[[int, int], Any]] = {
    "ecod": _ecod,
    "hbos": _hbos,
    "iforest": _iforest,
    "pca": _pca,
    "knn": _knn,
    "lof": _lof,
}


def supervised(model_seed: int, rows: Floats, categories: int, anomalous: Flags) -> Any:
    """Return gradient boosting that has learnt from these rows; their last `categories` columns are categories."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    # Weighted classes would change the ranking little, and cost ten times as much: each bin would be a weighted
    # percentile. Small trees: from a handful of episodes large ones learn how these recordings happened to be.
    width = rows.shape[1]
    model = HistGradientBoostingClassifier(
        max_iter=150,
        max_leaf_nodes=8,
        max_bins=64,
        early_stopping=False,
        categorical_features=list(range(width - categories, width)),
        random_state=model_seed,
    )
    # Its threads wait for each other after every few rows: where others use the machine, too, for minutes.
    with threadpool_limits(1):
        return model.fit(rows, anomalous)


def training_sample(
    anomalous: Flags, training: Flags, rng: np.random.Generator, episode: Ints | None = None
) -> Ints | None:
    """Draw the records that the bound learns from, at most 20,000 a class; None when a class has too few.

    No `episode` has more of them than half of the episodes have, or else what touches a whole host is all that is
    learnt.
    """
    found = np.flatnonzero(training & anomalous)
    if episode is not None and len(found):
        numbers, counts = np.unique(episode[found], return_counts=True)
        most = max(int(np.median(counts)), FEWEST_KEPT)
        found = np.sort(np.concatenate([_at_most(found[episode[found] == number], most, rng) for number in numbers]))
    positives = _at_most(found, BOUND_SAMPLE, rng)
    negatives = _at_most(np.flatnonzero(training & ~anomalous), BOUND_SAMPLE, rng)
    if min(len(positives), len(negatives)) < FEWEST_POSITIVES:
        return None
    return np.concatenate([positives, negatives])


def _at_most(numbers: Ints, count: int, rng: np.random.Generator) -> Ints:
    return numbers if len(numbers) <= count else np.sort(rng.choice(numbers, count, replace=False))
