"""`python -m ocsfconv validate`: check every event against the OCSF schema, and say how useful the events are.

Reads nested Parquet, JSON Lines of events, and Collector files (converted in memory by the Rust core). What an event
must be is in `schema`; here are the sources, the counting and the report. Flat files are a projection of the events and
are refused with a hint. One event is held at a time (of Parquet one batch), so the size of the input does not matter.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from .schema import (
    REQUIREMENTS,
    CannotValidate,
    EventClass,
    Finding,
    Json,
    Schemas,
    ValidationUnavailable,
    shown,
    texts,
)

__all__ = [
    "CannotValidate",
    "ClassFill",
    "Fault",
    "SignalReport",
    "ValidationReport",
    "ValidationUnavailable",
    "render",
    "validate",
]

SIGNALS = ("logs", "traces", "metrics")
SCHEMAS = ("ext", "core")
BASE_EVENT_UID = 0
BATCH_ROWS = 2048
# A file is told by its first lines; an event's line is never longer than this, a Collector's line may be.
SNIFF_BYTES = 1 << 20
SNIFF_LINES = 5
# Different faults kept apart; past it they are counted together, so that random input cannot fill the memory.
FAULT_KINDS = 1000
MIN_EXAMPLE_WIDTH = 20

FLAT_HINT = """{path} is flat: a projection of the events, which cannot be validated by itself. Two ways:
  python -m ocsfconv logs/otel --layout nested && python -m ocsfconv validate data/ocsf
  python -m ocsfconv validate logs/otel    (the Collector's files, converted in memory)"""


@dataclass
class Fault:
    """One kind of fault: `count` events' attributes at `path` break `rule`; the first stands at `where`."""

    class_name: str
    path: str
    rule: str
    count: int
    example: str
    where: str


@dataclass
class ClassFill:
    """How much of its class the median event fills, 0 to 1; None where the class has no such attribute."""

    class_name: str
    events: int
    required: float | None
    recommended: float | None
    optional: float | None


@dataclass
class SignalReport:
    """How useful one signal's events are: `specific_share` have a class other than Base Event.

    `unmapped_share` is the share of the core events' JSON text that stands in `unmapped`; None without core events.
    """

    events: int
    specific_share: float
    unmapped_share: float | None
    classes: list[ClassFill]


@dataclass
class ValidationReport:
    """What was read and what is wrong with it; no faults means that every event is valid."""

    events: int = 0
    faults: list[Fault] = field(default_factory=list)
    by_signal: dict[str, SignalReport] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as what JSON can hold."""
        return {"valid": not self.faults, **asdict(self)}


def validate(
    paths: list[str], *, schema: str = "ext", signal: str = "all", limit: int | None = None
) -> ValidationReport:
    """Check the events in files and directories.

    `schema` is the mode that Collector files are converted in; events say themselves which mode they are in. `signal`
    keeps one of logs, traces, metrics; `limit` stops after that many events. Raises FileNotFoundError for a path that
    does not exist, `ValidationUnavailable` without the packages, `CannotValidate` for flat files and for nothing.
    """
    if signal not in ("all", *SIGNALS) or schema not in SCHEMAS:
        raise ValueError(f"unknown signal or schema: {signal}, {schema}")
    notes: list[str] = []
    sources = [source for path in paths for source in find_sources(Path(path), notes)]
    tally = _Tally()
    items = (item for source in sources for item in read_events(source, schema, signal))
    for item in islice((item for item in items if signal in ("all", item.signal, "")), limit):
        tally.add(item)
    return tally.report(notes)


class Item(NamedTuple):
    """One thing read: an event, or a text that is none (`event` None, `fault` says why)."""

    event: Any
    signal: str
    where: str
    fault: str = ""


class Source(NamedTuple):
    """A path and what it holds: `nested`, `flat` or other Parquet (`table`), `events`, `telemetry` or `unknown`.

    `telemetry` is Collector JSON; what is `unknown` may be a Collector's too (protobuf, compressed): the core decides.
    """

    kind: str
    path: Path


def find_sources(path: Path, notes: list[str]) -> list[Source]:
    """Return what is to be validated below a path, sorted; a directory's events win over files they were made from."""
    if not path.exists():
        raise FileNotFoundError(f"no such file or directory: {path}")
    if not path.is_dir():
        source = Source(_kind_of(path), path)
        if source.kind == "flat":
            raise CannotValidate(FLAT_HINT.format(path=path))
        if source.kind == "table":
            raise CannotValidate(f"{path} is Parquet, but holds no events")
        return [source]
    files = sorted(Path(root) / name for root, _, names in os.walk(path) for name in names)
    found = [Source(_kind_of(file), file) for file in files]
    kinds = Counter(source.kind for source in found)
    if kinds["nested"] or kinds["events"]:
        if kinds["flat"]:
            notes.append(f"{kinds['flat']} flat files in {path} left out: they are a projection of the nested events")
        if kinds["telemetry"]:
            notes.append(f"{kinds['telemetry']} Collector files in {path} left out: name them to have them converted")
        return [source for source in found if source.kind in ("nested", "events")]
    if kinds["flat"]:
        raise CannotValidate(FLAT_HINT.format(path=path))
    if not kinds["telemetry"] and not kinds["unknown"]:
        raise CannotValidate(f"{path} holds no events and no Collector files")
    return [Source("telemetry", path)]


def _kind_of(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(SNIFF_BYTES)
    if head.startswith(b"PAR1"):
        pa, parquet = _pyarrow()
        try:
            columns = parquet.read_schema(path)
        except (pa.ArrowException, OSError) as error:
            raise CannotValidate(f"{path} is no readable Parquet file: {error}") from error
        if "metadata" in columns.names and pa.types.is_struct(columns.field("metadata").type):
            return "nested"
        return "flat" if "class_uid" in columns.names else "table"
    for line in head.removeprefix(b"\xef\xbb\xbf").split(b"\n", SNIFF_LINES)[:SNIFF_LINES]:
        try:
            first = _parse(line)
        except ValueError:
            continue
        if not isinstance(first, dict):
            return "unknown"
        if "class_uid" in first or "metadata" in first:
            return "events"
        return "telemetry" if any(key.startswith("resource") for key in first) else "unknown"
    return "unknown"


def read_events(source: Source, schema: str, signal: str) -> Iterator[Item]:
    """Yield the events of a source, in order."""
    if source.kind == "nested":
        if signal == "all" or source.path.stem not in SIGNALS or source.path.stem == signal:
            yield from _read_nested(source.path)
    elif source.kind == "events":
        with source.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                # A byte order mark may open the file.
                yield from _item(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line, source.path, number)
    else:
        # The core is needed for Collector files alone, so that the rest works without it.
        core = import_module("._core", __package__)
        chunks = core.events([str(source.path)], signal=signal, schema=schema)
        lines = (line for chunk in chunks for line in chunk.split(b"\n"))
        for number, line in enumerate(filter(None, lines), 1):
            yield from _item(line, source.path, number)


def _item(line: bytes, path: Path, number: int) -> Iterator[Item]:
    where = f"{path}:{number}"
    if not line.strip():
        return
    try:
        event = _parse(line)
    except ValueError as error:
        yield Item(None, "", where, f"{error}")
    else:
        yield Item(event, _signal_of(event, ""), where)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


# The standard library's parser keeps integers of any size apart from doubles, which validation depends on.
_decode = json.JSONDecoder(parse_constant=_refuse).decode
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


def _parse(text: bytes | str) -> Any:
    """Parse JSON; ValueError for what is none, NaN and nesting past all bounds included."""
    try:
        return _decode(text.decode() if isinstance(text, bytes) else text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _signal_of(event: Any, default: str) -> str:
    metadata = event.get("metadata") if isinstance(event, dict) else None
    name = metadata.get("log_name") if isinstance(metadata, dict) else None
    name = name.removeprefix("otel.") if isinstance(name, str) else ""
    return name if name in SIGNALS else default


def _pyarrow() -> tuple[Any, Any]:
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise ValidationUnavailable("reading Parquet files needs one more package: pip install pyarrow") from error


def _read_nested(path: Path) -> Iterator[Item]:
    _, parquet = _pyarrow()
    with parquet.ParquetFile(path) as file:
        # The Parquet type says which texts are JSON also where the Arrow schema was not stored with the file.
        leaves = (file.schema.column(index) for index in range(len(file.schema)))
        json_paths = frozenset(leaf.path for leaf in leaves if leaf.logical_type.type == "JSON")
        default = path.stem if path.stem in SIGNALS else ""
        row = 0
        for batch in file.iter_batches(batch_size=BATCH_ROWS):
            columns = _Columns(json_paths)
            for event in columns.rows(batch.schema, batch.columns, batch.num_rows):
                row += 1
                yield Item(event, _signal_of(event, default), f"{path}: row {row}")
            for name, text in columns.broken:
                yield Item(None, default, f"{path}: rows to {row}", f"{name}: {text}")


class _Columns:
    """Turns a batch's columns into events: absent is null there, so nulls and empty structs are left out.

    Whole columns are read at once and empty ones skipped: `to_pylist` on rows of hundreds of mostly empty columns
    takes many times as long.
    """

    def __init__(self, json_paths: frozenset[str]) -> None:
        self._json_paths = json_paths
        self.broken: list[tuple[str, str]] = []

    def rows(self, fields: Iterable[Any], columns: Iterable[Any], count: int, prefix: str = "") -> list[Json]:
        """Return one object per row."""
        pa, _ = _pyarrow()
        rows: list[Json] = [{} for _ in range(count)]
        for column_field, column in zip(fields, columns, strict=True):
            if column.null_count == count:
                continue
            name = column_field.name
            values = self._values(column_field, column, f"{prefix}{name}")
            is_struct = pa.types.is_struct(column.type)
            for row, value in zip(rows, values, strict=True):
                if value is not None and (value or not is_struct):
                    row[name] = value
        return rows

    def _values(self, column_field: Any, column: Any, path: str) -> list[Any]:
        """Return a column as Python values, None where it is null; the path is Parquet's own, `a.list.element.b`."""
        pa, _ = _pyarrow()
        kind = column.type
        if isinstance(kind, pa.BaseExtensionType):
            is_json = kind.extension_name == "arrow.json"
            column, kind = column.storage, column.storage.type
        else:
            is_json = (column_field.metadata or {}).get(b"ocsf_type") == b"json_t" or path in self._json_paths
        if pa.types.is_struct(kind):
            # `flatten` knows the struct's own nulls, `field` does not.
            return self.rows(kind, column.flatten(), len(column), f"{path}.")
        if pa.types.is_list(kind) or pa.types.is_large_list(kind):
            items = iter(self._values(kind.value_field, column.flatten(), f"{path}.list.element"))
            lengths = column.value_lengths().to_pylist()
            return [None if length is None else list(islice(items, length)) for length in lengths]
        values: list[Any] = column.to_pylist()
        return [self._json(value, path) for value in values] if is_json else values

    def _json(self, text: str | None, path: str) -> Any:
        if text is None:
            return None
        try:
            return _parse(text)
        except ValueError:
            self.broken.append((path, shown(text)))
            return None


class _Tally:
    """Counts faults and usefulness while the events go by."""

    def __init__(self) -> None:
        self._schemas = Schemas()
        self._events = 0
        self._faults: dict[tuple[str, str, str], Fault] = {}
        self._signals: dict[str, _SignalTally] = {}

    def add(self, item: Item) -> None:
        if item.fault:
            self._count("", Finding("", "not_json", item.fault), item.where)
            return
        self._events += 1
        event = item.event
        if type(event) is not dict:
            self._count("", Finding("", "not_an_event", shown(event)), item.where)
            return
        mode = self._schemas.mode_of(event)
        checker = self._checker(event, mode, item.where)
        signal = self._signals.setdefault(item.signal or "unknown", _SignalTally())
        signal.add(event, checker, mode)
        if checker is not None:
            for finding in checker.check(event):
                self._count(checker.caption, finding, item.where)

    def _checker(self, event: Json, mode: str, where: str) -> EventClass | None:
        class_uid, metadata = event.get("class_uid"), event.get("metadata")
        profiles = texts(metadata.get("profiles")) if type(metadata) is dict else []
        if type(class_uid) is not int:
            rule = "attribute_required_missing" if class_uid is None else "attribute_wrong_type"
            self._count("", Finding("class_uid", rule, shown(class_uid)), where)
            return None
        schema = self._schemas.of(mode)
        checker = schema.event_class(class_uid, schema.profiles.intersection(profiles))
        if checker is None:
            self._count("", Finding("class_uid", "class_uid_unknown", shown(class_uid)), where)
        return checker

    def _count(self, class_name: str, finding: Finding, where: str) -> None:
        # Elements of a list share their faults: `observables[].value`.
        path = re.sub(r"\[\d+\]", "[]", finding.path)
        key = (class_name, path, finding.rule)
        if key not in self._faults and len(self._faults) >= FAULT_KINDS:
            key = (class_name, "…", finding.rule)
        fault = self._faults.get(key)
        if fault is None:
            self._faults[key] = Fault(*key, count=1, example=finding.example, where=where)
        else:
            fault.count += 1

    def report(self, notes: list[str]) -> ValidationReport:
        faults = sorted(self._faults.values(), key=lambda fault: (-fault.count, fault.class_name, fault.path))
        order = [*SIGNALS, "unknown"]
        by_signal = {name: self._signals[name].report() for name in order if name in self._signals}
        return ValidationReport(self._events, faults, by_signal, notes)


class _SignalTally:
    """The usefulness of one signal's events."""

    def __init__(self) -> None:
        self._events = self._specific = 0
        self._core_bytes = self._unmapped_bytes = 0
        # Per class: how often which shares of (required, recommended, optional) were filled.
        self._shares: dict[str, Counter[tuple[float | None, ...]]] = {}

    def add(self, event: Json, checker: EventClass | None, mode: str) -> None:
        self._events += 1
        if mode == "core":
            self._core_bytes += _size(event)
            self._unmapped_bytes += _size(event["unmapped"]) if "unmapped" in event else 0
        if checker is None:
            return
        self._specific += checker.class_uid != BASE_EVENT_UID
        pairs = zip(checker.filled(event), checker.fillable, strict=True)
        shares = tuple(filled / of if of else None for filled, of in pairs)
        self._shares.setdefault(checker.caption, Counter())[shares] += 1

    def report(self) -> SignalReport:
        classes = [
            ClassFill(name, shares.total(), *(_median(shares, index) for index in range(len(REQUIREMENTS))))
            for name, shares in sorted(self._shares.items())
        ]
        unmapped = self._unmapped_bytes / self._core_bytes if self._core_bytes else None
        return SignalReport(self._events, self._specific / self._events, unmapped, classes)


def _size(value: Any) -> int:
    return len(_encode(value))


def _median(shares: Counter[tuple[float | None, ...]], index: int) -> float | None:
    """Return the median of one of the counted shares; the lower one of two in the middle."""
    counted = sorted((share[index], count) for share, count in shares.items() if share[index] is not None)
    half = sum(count for _, count in counted) / 2
    for value, count in counted:
        half -= count
        if half <= 0:
            return value
    return None


def render(report: ValidationReport, width: int | None = None) -> str:
    """Return the report as text, its examples cut to the width (the terminal's when none is given)."""
    width = width or shutil.get_terminal_size((120, 24)).columns
    total = sum(fault.count for fault in report.faults)
    lines = [f"{report.events:,} events, {total:,} faults" + (f" of {len(report.faults):,} kinds" if total else "")]
    lines += [f"note: {note}" for note in report.notes]
    if report.faults:
        rows = [
            [of.class_name or "-", of.path or "-", of.rule, f"{of.count:,}", f"{of.example} ({of.where})"]
            for of in report.faults
        ]
        lines += ["", *_table(["class", "path", "rule", "count", "example"], rows, {3}, width)]
    if report.by_signal:
        lines += ["", "Valid is not yet useful. Median share of its class's attributes that an event fills:", ""]
        rows = [
            [name, of.class_name, f"{of.events:,}", *map(_percent, (of.required, of.recommended, of.optional))]
            for name, signal in report.by_signal.items()
            for of in signal.classes
        ]
        lines += [*_table(["signal", "class", "events", *REQUIREMENTS], rows, {2, 3, 4, 5}, width), ""]
    for name, signal in report.by_signal.items():
        text = f"{name}: {_percent(signal.specific_share)} of the events have a class more specific than Base Event"
        if signal.unmapped_share is not None:
            text += f"; {_percent(signal.unmapped_share)} of the core content stands in `unmapped`, which nobody checks"
        lines.append(text)
    return "\n".join(lines) + "\n"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _table(head: list[str], rows: list[list[str]], right: set[int], width: int) -> list[str]:
    """Align columns; the last one gets what is left of the width."""
    # Paths and examples come from the data: nothing in them may move the cursor.
    clean = [["".join(char if char.isprintable() else "?" for char in cell) for cell in row] for row in [head, *rows]]
    widths = [max(len(row[index]) for row in clean) for index in range(len(head))]
    left = width - sum(widths[:-1]) - 2 * (len(head) - 1)
    widths[-1] = min(widths[-1], max(left, MIN_EXAMPLE_WIDTH))
    lines = []
    for row in clean:
        if len(row[-1]) > widths[-1]:
            row[-1] = row[-1][: widths[-1] - 1] + "…"
        cells = (
            cell.rjust(size) if index in right else cell.ljust(size)
            for index, (cell, size) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join(cells).rstrip())
    return lines
