"""The data under test: one DATA folder or a reference set of them, with labels, episodes and the harness's own record.

A *case* is one DATA folder. Its three training files are read a column at a time, texts as numbers that stand for
them. Times are Unix ns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ocsfconv.leaks.errors import LeakError

SIGNALS = ("logs", "traces", "metrics")
NORMAL, ANOMALOUS, GRAY = 0, 1, 2
LABELS = ("normal", "anomalous", "gray")
SECOND = 1_000_000_000

Ints = npt.NDArray[np.signedinteger[Any]]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Column:
    """A column of texts: `codes` are positions in `values`, -1 for null."""

    name: str
    codes: Ints
    values: pa.Array


@dataclass(frozen=True)
class Episode:
    """An episode as `episodes.parquet` tells it; `start`, `end` are of the fault itself."""

    id: str
    scenario: str
    group: str
    decoy: bool
    status: str
    root_service: str
    root_resource: str
    start: int
    end: int

    @property
    def is_fault(self) -> bool:
        """Whether its records are positives."""
        return not self.decoy and self.status == "verified"


@dataclass
class Signal:
    """One training file with its labels; arrays have a place for each row."""

    name: str
    path: Path
    time: Ints
    end: Ints
    """When the record was complete: a span's end, else its time."""
    label: npt.NDArray[np.int8]
    episode: Ints
    """Position in the case's episodes, -1 for none."""
    kept: dict[str, Column] = field(default_factory=dict)
    taken_apart: dict[tuple[str, str], dict[str, Column]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many records there are."""
        return len(self.time)

    @cached_property
    def file(self) -> pq.ParquetFile:
        """The file, opened once."""
        return pq.ParquetFile(self.path, memory_map=True)

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the file's columns."""
        return self.file.schema_arrow

    @property
    def texts(self) -> list[str]:
        """Names of the columns that hold text."""
        return [entry.name for entry in self.schema if _is_text(entry.type)]

    def read(self, name: str) -> pa.ChunkedArray:
        """One column as it stands in the file."""
        return self.file.read(columns=[name]).column(0)

    def column(self, name: str) -> Column:
        """One column as codes; numbers become their text. All null where the file has no such column."""
        if name not in self.kept:
            self.kept[name] = self._column(name)
        return self.kept[name]

    def _column(self, name: str) -> Column:
        if name not in self.schema.names:
            return Column(name, np.full(self.rows, -1, np.int32), pa.array([], pa.string()))
        read = self.read(name)
        if read.type != pa.string():
            read = pc.cast(read, pa.string())
        encoded = read.combine_chunks().dictionary_encode()
        encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
        codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
        return Column(name, codes, encoded.dictionary)

    def attributes(self, whole: str, wanted: re.Pattern[str]) -> dict[str, Column]:
        """The parts of a column of JSON objects whose keys are wanted; lists and objects as JSON text."""
        asked = whole, wanted.pattern
        if asked not in self.taken_apart:
            self.taken_apart[asked] = _taken_apart(self.column(whole), wanted)
        return self.taken_apart[asked]


def _is_text(kind: pa.DataType) -> bool:
    # Written again by other programs, a text is a large one or a view.
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _taken_apart(whole: Column, wanted: re.Pattern[str]) -> dict[str, Column]:
    parts: dict[str, tuple[list[int], list[int], dict[str, int]] | None] = {}
    for place, text in enumerate(whole.values.to_pylist()):
        for key, value in json.loads(text).items():
            if key not in parts:
                parts[key] = ([], [], {}) if wanted.search(key) else None
            part = parts[key]
            if part is not None and value is not None:
                places, codes, known = part
                places.append(place)
                codes.append(known.setdefault(_said(value), len(known)))
    found = {}
    for key, part in parts.items():
        if part is not None:
            places, codes, known = part
            by_text = np.full(len(whole.values) + 1, -1, np.int32)
            by_text[places] = codes
            found[key] = Column(f"{whole.name}.{key}", by_text[whole.codes], pa.array(list(known), pa.string()))
    return found


def _said(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, list | dict) else str(value)


@dataclass
class Case:
    """One DATA folder; `begin`, `end` are of its records. `harness` has rows of (from ns, to ns, lag ms, late)."""

    name: str
    folder: Path
    signals: dict[str, Signal]
    episodes: list[Episode]
    harness: npt.NDArray[np.float64] | None

    @cached_property
    def begin(self) -> int:
        """The first record's time; logs alone, for points tell of when a program was started."""
        return min(int(signal.time.min()) for signal in self._timed())

    @cached_property
    def end(self) -> int:
        """The last record's time."""
        return max(int(signal.time.max()) for signal in self._timed())

    def _timed(self) -> list[Signal]:
        timed = [self.signals[name] for name in ("logs", "traces") if self.signals[name].rows]
        return timed or [signal for signal in self.signals.values() if signal.rows]

    @property
    def faults(self) -> list[int]:
        """Positions of the episodes whose records are positives."""
        return [place for place, episode in enumerate(self.episodes) if episode.is_fault]


def read_cases(data: Path, truth: Path | None = None) -> list[Case]:
    """Read a DATA folder, or each of a reference set.

    `truth` is where `harness.jsonl` lies when it is not beside the data.

    Raises:
        LeakError: there is nothing that can be read, or it does not fit together.
    """
    if not data.exists():
        raise LeakError(f"no such directory: {data}; give a folder with labelled data, e.g. data")
    if (data / "manifest.json").is_file():
        folders = sorted(path for path in data.glob("case=*") if (path / "ocsf_labels.parquet").is_file())
        if not folders:
            raise LeakError(f"{data} has a manifest, but no case with labels in it: make its cases, then label them")
        return [_read_case(folder, None) for folder in folders]
    return [_read_case(data, truth)]


def _read_case(folder: Path, truth: Path | None) -> Case:
    for name in ("ocsf_labels.parquet", "episodes.parquet", *(f"ocsf_{signal}.parquet" for signal in SIGNALS)):
        if not (folder / name).is_file():
            advice = "convert first: python -m ocsfconv" if name in TRAINING else "label it: python -m ocsfconv label"
            raise LeakError(f"{folder / name}: no such file; {advice}")
    episodes = list(_read_episodes(folder / "episodes.parquet"))
    labels = _read(folder / "ocsf_labels.parquet", ["signal", "row", "label", "episode"])
    signals = {name: _read_signal(folder, name, labels, [episode.id for episode in episodes]) for name in SIGNALS}
    if not any(signal.rows for signal in signals.values()):
        raise LeakError(f"{folder}: no records at all; was anything recorded?")
    return Case(folder.name, folder, signals, episodes, _read_harness(folder, truth))


TRAINING = tuple(f"ocsf_{signal}.parquet" for signal in SIGNALS)


def _read(path: Path, columns: Sequence[str]) -> pa.Table:
    try:
        return pq.read_table(path, columns=list(columns))
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise LeakError(f"{path}: {str(error).splitlines()[0]}; make it again: python -m ocsfconv label") from error


def _read_episodes(path: Path) -> Iterator[Episode]:
    names = ("episode", "scenario", "class", "decoy", "status", "root_service", "root_resource")
    for row in _read(path, [*names, "actual_start_ns", "actual_end_ns"]).to_pylist():
        identity, scenario, group, decoy, status, service, resource = (row[name] for name in names)
        start, end = row["actual_start_ns"] or 0, row["actual_end_ns"] or 0
        yield Episode(identity, scenario, group, decoy, status, service, resource, start, end)


def _read_signal(folder: Path, name: str, labels: pa.Table, episodes: list[str]) -> Signal:
    path = folder / f"ocsf_{name}.parquet"
    with_end = "end_time_unix_nano" in pq.read_schema(path).names
    times = _read(path, ["time_unix_nano", *(["end_time_unix_nano"] if with_end else [])])
    time = _numbers(times.column("time_unix_nano"))
    end = np.maximum(time, _numbers(times.column("end_time_unix_nano"))) if with_end else time
    own = labels.filter(pc.equal(labels.column("signal"), name))
    row = _numbers(own.column("row"))
    if len(row) != len(time) or not np.array_equal(np.sort(row), np.arange(len(time))):
        raise LeakError(
            f"{folder / 'ocsf_labels.parquet'} does not have one label for each row of {path.name}: "
            "label again: python -m ocsfconv label"
        )
    label, episode = np.empty(len(time), np.int8), np.empty(len(time), np.int64)
    label[row] = _positions(own.column("label"), LABELS)
    episode[row] = _positions(own.column("episode"), episodes)
    if len(label) and label.min() < 0:
        raise LeakError(f"{folder / 'ocsf_labels.parquet'}: a label is none of {', '.join(LABELS)}")
    return Signal(name, path, time, end, label, episode)


def _numbers(column: pa.ChunkedArray) -> Ints:
    return np.asarray(pc.fill_null(column, 0).to_numpy(), dtype=np.int64)


def _positions(column: pa.ChunkedArray, known: Sequence[str]) -> Ints:
    found = pc.index_in(column, value_set=pa.array(known, pa.string()))
    return np.asarray(pc.fill_null(found, -1).to_numpy(), dtype=np.int64)


def _read_harness(folder: Path, truth: Path | None) -> Floats | None:
    """A second is late when the harness says so; a sample stands for the time since the one before."""
    places = [truth] if truth else [folder / "truth", folder.parent / "logs" / "truth"]
    path = next((place / "harness.jsonl" for place in places if (place / "harness.jsonl").is_file()), None)
    if path is None:
        if truth:
            raise LeakError(
                f"{truth / 'harness.jsonl'}: no such file; give the folder that a recording left: logs/truth"
            )
        return None
    rows: list[tuple[float, float, float, float]] = []
    for number, text in enumerate(path.read_bytes().splitlines(), 1):
        try:
            line: dict[str, Any] = json.loads(text)
            at = line["utc_ns"]
            before = rows[-1][1] if rows else at - SECOND
            lag = max(line.get("behind_ms") or 0.0, line.get("lag_ms") or 0.0)
            rows.append((before, at, lag, bool(line["late"])))
        except (ValueError, KeyError, TypeError) as error:
            raise LeakError(f"{path}:{number}: not a sample of the harness ({error}); take it from a copy") from error
    return np.array(rows, dtype=np.float64).reshape(-1, 4)
