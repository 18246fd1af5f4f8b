"""What is compared: controls, one-liners, six families of unsupervised detectors, and what supervision could reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .errors import EvaluationError

# Records that a detector learns from: fewer where each record scored is compared with each one learnt. The bound: of
# each class.
SAMPLE, SMALL_SAMPLE = 20_000, 4_000
BOUND_SAMPLE = 20_000
Kind = Literal["control", "one-liner", "unsupervised", "bound", "own"]


@dataclass(frozen=True)
class Detector:
    """One detector: `name` for the command line, `what` for people, `sample` how many records it learns from."""

    name: str
    kind: Kind
    what: str
    sample: int = 0


DETECTORS = (
    Detector("random", "control", "a random number"),
    Detector("constant", "control", "the same for all"),
    Detector("duration", "one-liner", "robust z of the duration within its route or operation"),
    Detector("template", "one-liner", "rarity of the log template, or of the operation"),
    Detector("status", "one-liner", "status 500 or above"),
    Detector("volume", "one-liner", "robust z of how many records there are"),
    Detector("pair", "one-liner", "how new the pair of person and address is"),
    Detector("metric", "one-liner", "the largest robust z of a service's metrics"),
    Detector("ecod", "unsupervised", "empirical cumulative distributions (pyod ECOD)", SAMPLE),
    Detector("hbos", "unsupervised", "histograms (pyod HBOS)", SAMPLE),
    Detector("iforest", "unsupervised", "isolation forest (pyod IForest)", SAMPLE),
    Detector("pca", "unsupervised", "principal components (pyod PCA)", SAMPLE),
    Detector("knn", "unsupervised", "distance to the 5th neighbour (pyod KNN)", SMALL_SAMPLE),
    Detector("lof", "unsupervised", "local outlier factor (pyod LOF, novelty)", SMALL_SAMPLE),
    Detector("bound", "bound", "gradient boosting with the labels (scikit-learn), cross-validated", BOUND_SAMPLE),
)
NAMES = tuple(detector.name for detector in DETECTORS)


def choose(names: Sequence[str] | None) -> list[Detector]:
    """Return the detectors of these names, all for None. Raises EvaluationError for an unknown one."""
    unknown = [name for name in names or () if name not in NAMES]
    if unknown:
        raise EvaluationError(f"there is no detector {unknown[0]!r}; there are {', '.join(NAMES)}")
    return [detector for detector in DETECTORS if names is None or detector.name in names]
