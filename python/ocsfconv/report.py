"""What a conversion did: typed counts, and the table that a person reads after it.

Plain namespaces, for the module is part of every run: dataclasses would take as long to import as all the rest.
"""

from __future__ import annotations

import json
import shlex
from types import SimpleNamespace

from ocsfconv.units import human_bytes, human_seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

SHOWN_PROBLEMS = 5
"""How many skipped or unfinished files, and rejected lines, the table names; the rest is counted."""


class Output(SimpleNamespace):
    """A file that was written."""

    path: str
    bytes: int
    rows: int


class SignalCounts(SimpleNamespace):
    """Records and events of one signal; `records_read` is always `records_written` + `records_rejected`."""

    files: int
    records_read: int
    records_written: int
    records_rejected: int
    events: int
    """All events written; a record gives at least one."""
    derived_events: int
    """Of them, those that stand beside a record's own event, such as exceptions inside a span."""
    translation_errors: int
    """Of them, those whose meaning could not be mapped: kept as OCSF Translation Errors."""
    classes: Mapping[str, int]
    """Events by OCSF class."""
    outputs: tuple[Output, ...]


class RecordCounts(SimpleNamespace):
    """Records of one signal in one file."""

    read: int
    written: int
    rejected: int


class Incomplete(SimpleNamespace):
    """A last line without an end: the Collector may still be writing it. It is not a reject."""

    line: int
    offset: int
    bytes: int


class InputFile(SimpleNamespace):
    """A file that was read."""

    path: str
    format: str
    bytes: int
    records: Mapping[str, RecordCounts]
    incomplete: Incomplete | None


class Skipped(SimpleNamespace):
    """A file in a directory that is not the Collector's."""

    path: str
    reason: str


class Reject(SimpleNamespace):
    """A line that could not be read."""

    file: str
    line: int
    offset: int
    reason: str


class Rejects(SimpleNamespace):
    """Rejected lines: how many, where they are kept, and the first few."""

    count: int
    path: str | None
    first: tuple[Reject, ...]


class Report(SimpleNamespace):
    """What a conversion read, wrote, rejected and skipped. `str(report)` is a table."""

    version: str
    schema: str
    layout: str
    threads: int
    seconds: float
    input_bytes: int
    exit_code: int
    """What the command exits with: 0 clean, 1 when lines were rejected."""
    signals: Mapping[str, SignalCounts]
    """By `logs`, `traces`, `metrics`; `unknown` when a rejected line does not tell its signal."""
    files: tuple[InputFile, ...]
    skipped: tuple[Skipped, ...]
    rejects: Rejects
    empty_metrics: int
    """Metrics without a single data point; they give no event."""
    _json: str

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Read the report that the core writes."""
        data = json.loads(text)
        return cls(
            version=data["version"],
            schema=data["schema"],
            layout=data["layout"],
            threads=data["threads"],
            seconds=data["seconds"],
            input_bytes=data["input_bytes"],
            exit_code=data["exit_code"],
            signals={name: _signal_counts(counts) for name, counts in data["signals"].items()},
            files=tuple(_input_file(file) for file in data["files"]),
            skipped=tuple(Skipped(**skipped) for skipped in data["skipped"]),
            rejects=Rejects(
                count=data["rejects"]["count"],
                path=data["rejects"]["path"],
                first=tuple(Reject(**reject) for reject in data["rejects"]["first"]),
            ),
            empty_metrics=data["empty_metrics"],
            _json=text,
        )

    def to_dict(self) -> dict[str, Any]:
        """The report as plain dictionaries and lists: what `--json` prints."""
        data: dict[str, Any] = json.loads(self._json)
        return data

    def __str__(self) -> str:
        return "\n".join(_render(self))

    def __repr__(self) -> str:
        read = sum(counts.records_read for counts in self.signals.values())
        return f"<ocsfconv.Report: {read} records read, {self.rejects.count} rejected, {self.seconds:.1f} s>"


def _signal_counts(data: dict[str, Any]) -> SignalCounts:
    return SignalCounts(**{**data, "outputs": tuple(Output(**output) for output in data["outputs"])})


def _input_file(data: dict[str, Any]) -> InputFile:
    incomplete = data["incomplete"]
    records = {signal: RecordCounts(**counts) for signal, counts in data["records"].items()}
    return InputFile(
        path=data["path"],
        format=data["format"],
        bytes=data["bytes"],
        records=records,
        incomplete=incomplete and Incomplete(**incomplete),
    )


def plain(text: str) -> str:
    """A name from outside as one harmless line: control characters (a terminal would obey them) become escapes."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode("ascii") for char in text
    )


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1, ruled: bool = False) -> list[str]:
    """Lines of a table: the first `left` columns set left, the others right; if `ruled`, a rule below the header."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    if ruled:
        lines.insert(1, ["-" * width for width in widths])
    return [
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def _render(report: Report) -> Iterable[str]:
    """The closing report, line by line."""
    rate = _rate(report.input_bytes, report.seconds)
    threads = "1 thread" if report.threads == 1 else f"{report.threads} threads"
    yield (
        f"Converted {human_bytes(report.input_bytes)} in {human_seconds(report.seconds)}"
        f"{f', {rate} MB/s' if rate else ''}, {threads}"
    )
    yield ""
    yield from _signal_table(report)
    if any(counts.classes for counts in report.signals.values()):
        yield ""
        yield from _class_table(report)
    outputs = [output for counts in report.signals.values() for output in counts.outputs]
    if outputs:
        yield ""
        yield from table(
            ["written", "rows", "size"],
            [[plain(output.path), f"{output.rows:,}", human_bytes(output.bytes)] for output in outputs],
        )
    yield from _notes(report)
    following = _next(report, outputs)
    if following:
        yield ""
        yield "next:"
        yield from (f"  {plain(line)}" for line in following)


def _signal_table(report: Report) -> list[str]:
    rows = []
    for name, counts in report.signals.items():
        held = _input_bytes(report, name)
        rows.append(
            [
                name,
                f"{counts.files:,}",
                "" if held is None else human_bytes(held),
                f"{counts.records_read:,}",
                f"{counts.events:,}",
                f"{counts.records_rejected:,}",
                "" if held is None else _rate(held, report.seconds),
                human_bytes(sum(output.bytes for output in counts.outputs)),
            ]
        )
    if len(rows) > 1:
        total = report.signals.values()
        rows.append(
            [
                "total",
                f"{len(report.files):,}",
                human_bytes(report.input_bytes),
                f"{sum(counts.records_read for counts in total):,}",
                f"{sum(counts.events for counts in total):,}",
                f"{sum(counts.records_rejected for counts in total):,}",
                _rate(report.input_bytes, report.seconds),
                human_bytes(sum(output.bytes for counts in total for output in counts.outputs)),
            ]
        )
    return table(["signal", "files", "input", "records", "events", "rejected", "MB/s", "output"], rows)


def _input_bytes(report: Report, signal: str) -> int | None:
    """The bytes of a signal's files; `None` when one of them holds other signals too, so that nobody can tell."""
    total = 0
    for file in report.files:
        if signal in file.records:
            if file.records.keys() - {signal, "unknown"} or signal == "unknown":
                return None
            total += file.bytes
    return total


def _rate(size: int, seconds: float) -> str:
    return f"{size / seconds / 1e6:,.0f}" if seconds > 0 else ""


def _class_table(report: Report) -> list[str]:
    rows = []
    for name, counts in report.signals.items():
        label = name
        for class_name, count in sorted(counts.classes.items(), key=lambda item: -item[1]):
            rows.append([label, class_name, f"{count:,}"])
            label = ""
    return table(["signal", "event class", "events"], rows, left=2)


def _notes(report: Report) -> Iterable[str]:
    """What a person should know about the input: rejected lines, unfinished ones, files passed over."""
    if report.rejects.count:
        yield ""
        where = f"; they are kept in {plain(report.rejects.path)}" if report.rejects.path else ""
        yield f"rejected: {_count(report.rejects.count, 'line')}{where}"
        for reject in report.rejects.first[:SHOWN_PROBLEMS]:
            yield f"  {plain(reject.file)}:{reject.line}: {plain(reject.reason)}"
        yield from _more(report.rejects.count, "rejects.jsonl names them all")
    unfinished = [(file.path, file.incomplete) for file in report.files if file.incomplete]
    if unfinished:
        yield ""
        yield f"unfinished last line, left out, for the Collector may be writing it: {_count(len(unfinished), 'file')}"
        for path, tail in unfinished[:SHOWN_PROBLEMS]:
            yield f"  {plain(path)}:{tail.line}: {human_bytes(tail.bytes)}"
        yield from _more(len(unfinished))
    if report.skipped:
        yield ""
        yield f"skipped: {_count(len(report.skipped), 'file')}"
        for skipped in report.skipped[:SHOWN_PROBLEMS]:
            yield f"  {plain(skipped.path)}: {plain(skipped.reason)}"
        yield from _more(len(report.skipped), "--json names them all")
    if report.empty_metrics:
        yield ""
        yield f"{_count(report.empty_metrics, 'metric')} without data points gave no event"


def _more(count: int, where: str = "--json names them all") -> Iterable[str]:
    if count > SHOWN_PROBLEMS:
        yield f"  and {count - SHOWN_PROBLEMS:,} more; {where}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _next(report: Report, outputs: list[Output]) -> list[str]:
    """Commands worth running now."""
    lines = []
    if report.rejects.path:
        lines.append(f"less {shlex.quote(report.rejects.path)}")
    sources = [file.path for file in report.files if file.path != "-"]
    if sources:
        lines.append(f"python -m ocsfconv validate {shlex.quote(_common(sources))}")
    flat = [output for output in outputs if output.rows]
    if flat:
        # Doubled quotes are SQL's own escape.
        path = flat[0].path.replace("'", "''")
        query = f"SELECT class_name, count(*) FROM '{path}' GROUP BY ALL"
        lines.append(f"duckdb -c {_shell(query)}")
    return lines


def _common(paths: list[str]) -> str:
    """The directory that holds all paths, or the one path."""
    import os.path

    if len(paths) == 1:
        return paths[0]
    try:
        return os.path.commonpath(paths) or "."
    except ValueError:  # absolute and relative ones, or other drives
        return paths[0]


def _shell(text: str) -> str:
    """Quoted for a shell, in double quotes where that is enough."""
    return f'"{text}"' if not any(char in text for char in '"$`\\!') else shlex.quote(text)
