"""Which runs are meant: one pair of folders, or the cases of a reference set."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ocsfconv.labels.errors import LabelError
from ocsfconv.labels.labelling import label_run
from ocsfconv.labels.report import LabelReport, summary
from ocsfconv.labels.subset import ROWS

LOGS, DATA = "logs", "data"
MANIFEST, CASE = "manifest.json", "case="


def label(
    *paths: str | os.PathLike[str],
    control: str | os.PathLike[str] | None = None,
    rows: int = ROWS,
    footprint: bool = False,
) -> list[LabelReport]:
    """Label a run, or each case of a set.

    Args:
        paths: LOGS and DATA: what a recording left, and what was converted from it. One alone: a folder that holds its
            own `truth/`, or a set of such (`manifest.json` and `case=NAME/`). None: `logs` and `data`.
        control: The data of a run without episodes, which then is what is normal; else unaffected time of the same run.
        rows: The size of the labelled sample of the logs.
        footprint: Measure the episodes alone and write nothing.

    Raises:
        LabelError: something is missing or broken, or does not belong together.
    """
    beside = None if control is None else Path(control)
    if len(paths) == 2:
        pairs: list[tuple[str | None, Path, Path]] = [(None, Path(paths[0]), Path(paths[1]))]
    elif not paths:
        pairs = [(None, Path(LOGS), Path(DATA))]
    else:
        folder = Path(paths[0])
        cases = cases_of(folder)
        pairs = [(name, path, path) for name, path in cases.items()] if cases else [(None, folder, folder)]
    return [
        label_run(logs, data, control=beside, rows=rows, footprint=footprint, case=name) for name, logs, data in pairs
    ]


def cases_of(folder: Path) -> dict[str, Path]:
    """The cases of a reference set by name, in the manifest's order; empty for a folder that is none.

    Raises:
        LabelError: there is no such folder, or the set has no complete case.
    """
    if not folder.is_dir():
        raise LabelError(f"no such directory: {folder}")
    found = {path.name.removeprefix(CASE): path for path in sorted(folder.glob(f"{CASE}*")) if path.is_dir()}
    if not found and not (folder / MANIFEST).exists():
        return {}
    complete = {name: path for name, path in found.items() if (path / "truth" / "plan.json").exists()}
    if not complete:
        raise LabelError(f"{folder}: no case is complete: make reference")
    return complete


def to_dict(reports: list[LabelReport]) -> dict[str, Any]:
    """What `--json` prints: the runs, and the totals over all of them."""
    impacts = [impact for report in reports for impact in report.impacts]
    return {"summary": summary(impacts), "runs": [report.to_dict() for report in reports]}
