"""What is evaluated: one DATA folder, or a set of cases, each such a folder, with labels and episodes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import EvaluationError

if TYPE_CHECKING:
    import duckdb

MANIFEST = "manifest.json"
CASE = "case="
SIGNALS = ("logs", "traces", "metrics")
TELEMETRY = {signal: f"ocsf_{signal}.parquet" for signal in SIGNALS}
LABELS, EPISODES, WINDOWS = "ocsf_labels.parquet", "episodes.parquet", "windows.parquet"

NORMAL, ANOMALOUS, GRAY = 0, 1, 2
LABEL_NAMES = ("normal", "anomalous", "gray")
LABEL_SQL = "CASE label " + " ".join(f"WHEN '{name}' THEN {number}" for number, name in enumerate(LABEL_NAMES)) + " END"
"""A label's number."""


@dataclass(frozen=True)
class Episode:
    """One episode of one case; `begin_ns` and `end_ns` enclose all that it did, at `effect_ns` it began to be felt."""

    case: int
    name: str
    scenario: str
    severity: str
    decoy: bool
    status: str
    begin_ns: int
    end_ns: int
    effect_ns: int

    @property
    def counts(self) -> bool:
        """Whether it is something to be found."""
        return not self.decoy and self.status == "verified"


@dataclass(frozen=True)
class Case:
    """One recording: `name` is empty for a DATA folder by itself."""

    number: int
    name: str
    folder: Path

    def file(self, name: str) -> str:
        """Return a file's path as SQL text."""
        return "'" + str(self.folder / name).replace("'", "''") + "'"


@dataclass
class Dataset:
    """All cases with their episodes; an episode's number is its place in `episodes`."""

    path: Path
    cases: list[Case]
    episodes: list[Episode] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    """Cases of a reference set that are not finished, with the reason."""

    @property
    def is_reference(self) -> bool:
        """Whether there are several recordings, each known by its case."""
        return bool(self.cases[0].name)

    def numbers(self, case: Case) -> dict[str, list[Any]]:
        """Return the names of a case's episodes, and their numbers, as columns."""
        known = [(episode.name, number) for number, episode in enumerate(self.episodes) if episode.case == case.number]
        return {"name": [name for name, _ in known], "number": [number for _, number in known]}


def find_cases(path: Path) -> Dataset:
    """Return the recordings at `path`, without episodes. Raises EvaluationError when there is none that is complete."""
    if not path.exists():
        raise EvaluationError(
            f"{path}: no such directory; give the folder with the converted and labelled data, e.g. data"
        )
    if not (path / MANIFEST).exists():
        problem = _incomplete(path)
        if problem:
            raise EvaluationError(problem)
        return Dataset(path, [Case(0, "", path)])
    folders = sorted(folder for folder in path.iterdir() if folder.name.startswith(CASE) and folder.is_dir())
    problems = {folder: _incomplete(folder) for folder in folders}
    complete = [folder for folder in folders if not problems[folder]]
    if not complete:
        reason = next((problem for problem in problems.values() if problem), f"it has no folder {CASE}…")
        raise EvaluationError(f"{path} has no finished case: {reason}")
    cases = [Case(number, folder.name.removeprefix(CASE), folder) for number, folder in enumerate(complete)]
    return Dataset(path, cases, skipped=[problem for problem in problems.values() if problem])


def open_dataset(path: Path, database: duckdb.DuckDBPyConnection) -> Dataset:
    """Read cases and episodes. Raises EvaluationError for what is missing or does not fit."""
    dataset = find_cases(path)
    for case in dataset.cases:
        dataset.episodes += _read_episodes(case, database)
    return dataset


def _incomplete(folder: Path) -> str:
    """Say what is missing, and what makes it; empty when nothing is."""
    for name in TELEMETRY.values():
        if not (folder / name).exists():
            return f"{folder / name} is missing; convert all signals first: python -m ocsfconv LOGS --out {folder}"
    for name in (LABELS, EPISODES, WINDOWS):
        if not (folder / name).exists():
            return f"{folder / name} is missing; label the data first: python -m ocsfconv label LOGS {folder}"
    return ""


def _read_episodes(case: Case, database: duckdb.DuckDBPyConnection) -> list[Episode]:
    rows = database.execute(
        f"""
        SELECT episode, scenario, coalesce(severity, ''), coalesce(decoy, false), coalesce(status, ''),
            least(planned_start_ns, actual_start_ns, effect_start_ns),
            greatest(planned_end_ns, actual_end_ns, effect_end_ns),
            coalesce(effect_start_ns, actual_start_ns, planned_start_ns)
        FROM read_parquet({case.file(EPISODES)})
        ORDER BY 6, episode
        """
    ).fetchall()
    return [Episode(case.number, *row) for row in rows]
