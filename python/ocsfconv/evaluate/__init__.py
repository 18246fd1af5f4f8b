"""`python -m ocsfconv evaluate DATA`: how hard labelled data is for detectors, from chance to supervised learning.

    >>> from ocsfconv import evaluate
    >>> run = evaluate.evaluate("data", names=["duration", "iforest"])
    >>> print(evaluate.render(run))

It reads the flat files and their labels, and writes nothing but its report. What is scored is in `levels`, by whom in
`catalogue`, what keeps learning and judging apart in `folds`, what a score is worth in `measures` and `alerts`.
docs/evaluation.md explains it all. Needs the extra `[evaluate]`. What is listed in `__all__` is the interface.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .catalogue import NAMES
from .errors import EvaluationError, need_packages

if TYPE_CHECKING:
    from .evaluation import Evaluation

__all__ = ["FILE", "NAMES", "REGIMES", "EvaluationError", "evaluate", "render", "save_scores", "to_dict", "write"]

FILE = "evaluation.json"
REGIMES = ("natural", "clean", "1%", "5%")
"""What detectors learn from: what was recorded, what of it is normal, or that with so much of what is anomalous."""


def evaluate(
    data: str | Path = "data",
    *,
    names: Sequence[str] | None = None,
    signal: str = "all",
    regimes: Sequence[str] = ("natural", "clean"),
    scores: str | Path | None = None,
    seed: int = 7,
    most: int = 300_000,
    progress: Callable[[str], None] | None = None,
) -> Evaluation:
    """Evaluate detectors on a labelled DATA folder, or a set: a folder with `manifest.json` and `case=*` folders.

    `names` chooses detectors (none for a user's own alone), `signal` one of logs, traces, metrics; `scores` is a file
    with a user's own. Of a level's records `most` are scored, drawn by the seed. The same seed gives the same figures.

    Raises:
        EvaluationError: a package is missing, or the data or the scores cannot be evaluated.
    """
    need_packages()
    from .evaluation import run_evaluation

    return run_evaluation(
        Path(data),
        names=names,
        signal=signal,
        regimes=regimes,
        scores=None if scores is None else Path(scores),
        seed=seed,
        most=most,
        progress=progress or (lambda _: None),
    )


def render(run: Evaluation) -> str:
    """Return the tables for people."""
    from . import report

    return report.render(run)


def to_dict(run: Evaluation) -> dict[str, Any]:
    """Return all figures as what JSON can hold."""
    from . import report

    return report.to_dict(run)


def write(run: Evaluation, path: str | Path) -> None:
    """Write all figures as JSON. Raises OSError where that cannot be done."""
    from . import report

    report.write(run, Path(path))


def save_scores(run: Evaluation, folder: str | Path) -> list[Path]:
    """Write each detector's scores of logs and spans as FOLDER/NAME.parquet, in the form that `scores` reads."""
    from . import own_scores

    return own_scores.save(run, Path(folder))
