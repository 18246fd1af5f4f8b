"""Leak tests: whether a data set tells its labels by something other than what really went wrong.

    >>> from pathlib import Path
    >>> from ocsfconv import leaks
    >>> report = leaks.run(Path("data"))
    >>> print(report)

What each test asks, and what it is held against, is in docs/leaks.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ocsfconv.leaks.errors import LeakError, need_packages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocsfconv.leaks.report import LeakReport

__all__ = ["TESTS", "LeakError", "run"]

TESTS = (
    "names and words",
    "identifiers",
    "templates",
    "schedule",
    "row order",
    "missing values",
    "harness lateness",
)


def run(data: Path, *, truth: Path | None = None, seed: int = 0, only: Sequence[str] = TESTS) -> LeakReport:
    """Test a labelled DATA folder, or a reference set: a folder with `manifest.json` and `case=*` folders.

    `truth` is the folder of `harness.jsonl`; without it `DATA/truth`, then `DATA/../logs/truth` is looked at. `seed`
    decides what chance gives; `only` chooses some of the tests.

    Raises:
        LeakError: a package is missing, or the data cannot be tested.
    """
    need_packages()
    from ocsfconv.leaks import everything

    return everything.test(data, truth, seed, only)
