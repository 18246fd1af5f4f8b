"""`convert()` writes Parquet files, `read()` gives Arrow tables: the same conversion, with and without files.

The defaults of every option are here, and the command line takes them from here.
"""

from __future__ import annotations

import os

from ocsfconv import _core
from ocsfconv._core import OcsfconvError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal, TypeAlias

    from ocsfconv._core import Table
    from ocsfconv.report import Report

    Path: TypeAlias = str | os.PathLike[str]
    Signal: TypeAlias = Literal["all", "logs", "traces", "metrics"]
    Schema: TypeAlias = Literal["ext", "core"]
    Layout: TypeAlias = Literal["flat", "nested", "both"]

DEFAULT_INPUT = "logs/otel"


def convert(
    *paths: Path,
    out: Path = "data",
    signal: Signal = "all",
    schema: Schema = "ext",
    layout: Layout = "flat",
    threads: int | None = None,
    strict: bool = False,
    progress: Callable[[int, int, int], None] | None = None,
) -> Report:
    """Convert OpenTelemetry Collector files into OCSF Parquet files.

    The files appear under their names when they are complete: a run that fails or is interrupted leaves what was
    there before. A line that cannot be read is rejected, counted, and kept in `rejects.jsonl` beside the output; it
    does not stop the run unless `strict` says so.

    Args:
        paths: Files and directories (read recursively); `"-"` is standard input. Without any: `logs/otel`.
        out: The directory to write into; it is made when missing.
        signal: Convert only this signal.
        schema: `"ext"`: OCSF with this project's extension, which has the classes that metrics and spans need.
            `"core"`: OCSF's own classes alone.
        layout: `"flat"`: one table a signal, scalar columns, for training. `"nested"`: one file a class and signal,
            whole OCSF events. `"both"`.
        threads: Worker threads, 16 at most, or 3 with nested files, so that memory stays bounded; as many as there are
            cores when `None`. The output does not depend on it.
        strict: Stop at the first rejected line and write nothing.
        progress: Called about ten times a second with the bytes read, the bytes in all (0: not known) and the
            records so far. An exception that it raises stops the run.

    Returns:
        What was read, written, rejected and skipped; `print(report)` shows it as a table.

    Raises:
        FileNotFoundError, PermissionError, OSError: A file could not be read or written.
        OcsfconvError: The input is not what the Collector writes, an option cannot be honoured, or `strict` and a
            line was rejected.
    """
    from ocsfconv.report import Report  # `--version` needs none of it

    return Report.from_json(
        _core.convert(
            _path_list(paths),
            os.fsdecode(out),
            signal=signal,
            schema=schema,
            layout=layout,
            threads=threads,
            strict=strict,
            progress=progress,
        )
    )


def read(
    *paths: Path,
    signal: Signal = "all",
    schema: Schema = "ext",
    layout: Layout = "flat",
    threads: int | None = None,
    start: int = 0,
    stop: int | None = None,
) -> dict[str, Table]:
    """Convert OpenTelemetry Collector files into Arrow tables in memory; no file is written.

    Each table speaks the Arrow PyCapsule interface, so `pyarrow.table(t)`, `polars.from_arrow(t)` and DuckDB take it
    without a copy, and none of them has to be installed.

    With `start` or `stop`, the one path is a file of which a byte range is converted, as the workers of a distributed
    engine do. A range holds the lines that begin in it, so it may read on behind `stop` to the end of a line, and of
    ranges that meet each line is in exactly one, whatever the cuts. Ranges are planned from the file's size alone:
    what cannot be cut (a compressed file, length-prefixed frames, a single request) is all in the range that holds
    byte 0, and the others have no rows.

    Args:
        paths: Files and directories (read recursively); `"-"` is standard input. Without any: `logs/otel`.
        signal: Convert only this signal.
        schema: `"ext"` or `"core"`, as for `convert`.
        layout: `"flat"`, `"nested"` or `"both"`, as for `convert`.
        threads: Worker threads, as in `convert`.
        start: First byte of the range, as the file lies on the disk.
        stop: The byte behind its last; the end of the file when `None` or beyond it.

    Returns:
        Tables by name: `"logs"`, `"traces"`, `"metrics"` (flat); `"http_activity/traces"` and so on (nested).

    Raises:
        FileNotFoundError, PermissionError, OSError: A file could not be read.
        OcsfconvError: The input is not what the Collector writes, an option cannot be honoured (a range of a directory
            or of standard input, or one that ends before it starts), or a line cannot be read: without files there is
            no place to keep it.
    """
    if start < 0 or (stop is not None and stop < start):
        raise OcsfconvError(f"start is {start} and stop is {stop}; it must be 0 <= start <= stop")
    return _core.read(
        _path_list(paths),
        signal=signal,
        schema=schema,
        layout=layout,
        threads=threads,
        range=None if start == 0 and stop is None else (start, stop),
    )


def _path_list(paths: tuple[Path, ...]) -> list[str]:
    """Paths as the core takes them: names that are not UTF-8 survive as surrogate escapes."""
    if not paths:
        return [DEFAULT_INPUT]
    if isinstance(paths[0], list | tuple):
        raise TypeError("give the paths one by one: convert(*paths)")
    return [os.fsdecode(path) for path in paths]
