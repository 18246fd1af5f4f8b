"""What is known of a data set: from its own files, and from the accounts that its making left beside them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ocsfconv.card.columns import SIGNALS, documented
from ocsfconv.card.errors import CardError

CONVERSION, SUMMARY = "conversion.json", "summary.json"
LABELS, EPISODES = "ocsf_labels", "episodes"
CHUNK = 1 << 20


@dataclass(frozen=True)
class File:
    """A Parquet file of the data set: its path below the folder, its rows, its bytes, its SHA-256."""

    path: str
    rows: int
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """The name without `.parquet`; of nested files with the folder."""
        return self.path.removesuffix(".parquet")


@dataclass(frozen=True)
class Facts:
    """A data set as it will be described.

    `flat` and `beside` hold training files and labels by name, `nested` OCSF events with their objects; `conversion`
    and `summary` are the accounts as they stand in their files, `summary` empty for what no recording made.
    """

    flat: dict[str, File]
    beside: dict[str, File]
    nested: tuple[File, ...]
    conversion: dict[str, Any]
    summary: dict[str, Any]
    made_by: str | None
    labels: dict[tuple[str, str], int] = field(default_factory=dict)
    episodes: tuple[dict[str, Any], ...] = ()

    @property
    def files(self) -> tuple[File, ...]:
        """All of them."""
        return (*self.flat.values(), *self.beside.values(), *self.nested)

    @property
    def rows(self) -> int:
        """Rows of the training files."""
        return sum(file.rows for file in self.flat.values())

    @property
    def released(self) -> str | None:
        """The day that the recording began, as in 2026-11-26; None when no recording made the data."""
        if "started_ns" not in self.summary:
            return None
        return datetime.fromtimestamp(self.summary["started_ns"] / 1e9, UTC).date().isoformat()


def read_facts(data: Path, made_by: str | None) -> Facts:
    """Read them.

    Raises:
        CardError: a file is missing or broken.
    """
    if not data.is_dir():
        raise CardError(f"no such directory: {data}")
    conversion = _json(data / CONVERSION)
    if conversion is None:
        path = data / CONVERSION
        raise CardError(f"{path}: no such file; convert with a report: python -m ocsfconv … --json >{path}")
    found = {name: data / f"{name}.parquet" for name in documented() if (data / f"{name}.parquet").exists()}
    flat = {f"ocsf_{signal}" for signal in SIGNALS}
    if not flat & found.keys():
        raise CardError(f"{data} holds no ocsf_{{logs,traces,metrics}}.parquet: convert first")
    facts = Facts(
        flat={name: _file(data, path) for name, path in found.items() if name in flat},
        beside={name: _file(data, path) for name, path in found.items() if name not in flat},
        nested=tuple(_file(data, path) for path in sorted((data / "ocsf").glob("*/*.parquet"))),
        conversion=conversion,
        summary=_json(data / SUMMARY) or {},
        made_by=made_by,
        labels=_labels(found[LABELS]) if LABELS in found else {},
        episodes=_episodes(found[EPISODES]) if EPISODES in found else (),
    )
    _agree(data, facts)
    return facts


def _agree(data: Path, facts: Facts) -> None:
    """A report of another conversion would describe other data."""
    for signal in SIGNALS:
        file = facts.flat.get(f"ocsf_{signal}")
        events = facts.conversion.get("signals", {}).get(signal, {}).get("events", 0)
        if file is not None and file.rows != events:
            told = f"has {file.rows:,} rows, {CONVERSION} tells of {events:,}; convert again"
            raise CardError(f"{data / file.path} {told}")


def _json(path: Path) -> dict[str, Any] | None:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise CardError(f"{path}: not JSON: {error}") from error
    if not isinstance(held, dict):
        raise CardError(f"{path}: not a report")
    return held


def _parquet() -> Any:
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise CardError('a card needs pyarrow, which is not installed: pip install "ocsfconv[label]"') from error
    return pyarrow.parquet


def _file(data: Path, path: Path) -> File:
    parquet = _parquet()
    try:
        rows = parquet.read_metadata(path).num_rows
    except (ValueError, OSError) as error:
        raise CardError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return File(path.relative_to(data).as_posix(), rows, path.stat().st_size, digest.hexdigest())


def _read(path: Path, columns: list[str]) -> Any:
    try:
        return _parquet().read_table(path, columns=columns)
    except (ValueError, OSError, KeyError) as error:
        raise CardError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error


def _labels(path: Path) -> dict[tuple[str, str], int]:
    """Rows by signal and label."""
    table = _read(path, ["signal", "label"]).group_by(["signal", "label"]).aggregate([([], "count_all")])
    return {(row["signal"], row["label"]): row["count_all"] for row in table.to_pylist()}


def _episodes(path: Path) -> tuple[dict[str, Any], ...]:
    """How many of each scenario and severity, decoy or not, had which status; nothing says when."""
    keys = ("scenario", "class", "severity", "decoy", "status")
    counts = Counter(tuple(row[key] for key in keys) for row in _read(path, list(keys)).to_pylist())
    return tuple({**dict(zip(keys, what, strict=True)), "count": count} for what, count in sorted(counts.items()))
