"""The labels as Arrow tables, and all of their files written or none."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ocsfconv.labels.columns import FILES, arrow
from ocsfconv.labels.errors import LabelError, need
from ocsfconv.labels.store import Store, literal
from ocsfconv.labels.truth import SECOND, Truth

WINDOW_NS = 60 * SECOND

LABELS = """
SELECT NULL::VARCHAR AS event_uid, '{signal}' AS signal, row, coalesce(label, 'normal'::label)::VARCHAR AS label,
       cause::VARCHAR AS cause, {id} AS episode, {scenario} AS scenario, phase::VARCHAR AS phase, excess
FROM {excesses} LEFT JOIN (SELECT * FROM marked WHERE signal = '{signal}') USING (row) ORDER BY row
"""
EXCESSES = {"logs": "log_excess", "traces": "span_excess", "metrics": "point_excess"}
WINDOWS = """
WITH held AS (
    SELECT t // {width} * {width} AS start, coalesce(service, 'unknown') AS service, signal, label, episode,
           count(*) AS n
    FROM verdicts GROUP BY ALL
), totals AS (
    SELECT start, service, signal, sum(n)::BIGINT AS records,
           coalesce(sum(n) FILTER (label = 'anomalous'), 0) / sum(n) AS share,
           CASE WHEN bool_or(label = 'anomalous') THEN 'anomalous' WHEN bool_or(label = 'gray') THEN 'gray'
                ELSE 'normal' END AS label
    FROM held GROUP BY ALL
), claims AS (
    SELECT start, service, signal, held.label, episode, n FROM held WHERE episode IS NOT NULL
), best AS (
    SELECT start, service, signal, arg_min(episode, (claims.label <> totals.label, -n, episode)) AS episode
    FROM claims JOIN totals USING (start, service, signal) GROUP BY ALL
)
SELECT start AS window_start_ns, service, signal::VARCHAR AS signal, records, label::VARCHAR AS label, {id} AS episode,
       {scenario} AS scenario, share
FROM totals LEFT JOIN best USING (start, service, signal) ORDER BY start, service, totals.signal
"""


def names(truth: Truth) -> dict[str, str]:
    """SQL that turns an episode's index into its id and scenario."""
    if not truth.episodes:
        return {"id": "NULL::VARCHAR", "scenario": "NULL::VARCHAR"}
    return {
        key: "CASE episode "
        + " ".join(f"WHEN {one.index} THEN {literal(getattr(one, key))}" for one in truth.episodes)
        + " END"
        for key in ("id", "scenario")
    }


def label_tables(store: Store, truth: Truth) -> Iterator[Any]:
    """One row per row of the three files: a table each for logs, traces, metrics, each in its own order."""
    parquet = need("pyarrow.parquet")
    schema = arrow(FILES["ocsf_labels"])
    for signal, excesses in EXCESSES.items():
        held = store.arrow(LABELS.format(signal=signal, excesses=excesses, **names(truth))).cast(schema)
        if signal != "metrics":
            known = parquet.read_table(store.paths["run"][signal], columns=["event_uid"])
            held = held.set_column(0, schema.field("event_uid"), known.column("event_uid"))
        yield held


def window_table(store: Store, truth: Truth) -> Any:
    """Minutes by service and signal."""
    return store.arrow(WINDOWS.format(width=WINDOW_NS, **names(truth))).cast(arrow(FILES["windows"]))


def episode_table(rows: Sequence[Mapping[str, Any]]) -> Any:
    """The episodes, from their rows."""
    return need("pyarrow").Table.from_pylist(list(rows), schema=arrow(FILES["episodes"]))


def _write(path: Path, parts: Iterator[Any]) -> None:
    """One part at a time, so that a long run's need not be held at once."""
    first = next(parts)
    with need("pyarrow.parquet").ParquetWriter(path, first.schema, compression="zstd") as writer:
        writer.write_table(first)
        for part in parts:
            writer.write_table(part)


def write(folder: Path, tables: Mapping[str, Iterable[Any]]) -> list[Path]:
    """Write each name's tables as NAME.parquet: all, or, when anything fails, none, and what was there before stays.

    Raises:
        LabelError: the folder cannot be written to.
    """
    try:
        staged = Path(tempfile.mkdtemp(prefix=".labels-", dir=folder))
    except OSError as error:
        raise LabelError(f"{folder}: {error.strerror}") from error
    touched: list[tuple[Path, Path, bool]] = []
    try:
        for name, parts in tables.items():
            _write(staged / f"{name}.parquet", iter(parts))
        (staged / "before").mkdir()
        for name in tables:
            target, before = folder / f"{name}.parquet", staged / "before" / f"{name}.parquet"
            existed = target.exists()
            touched.append((target, before, existed))
            if existed:
                os.replace(target, before)
            os.replace(staged / f"{name}.parquet", target)
    except BaseException as error:
        for target, before, existed in touched:
            if not existed:
                target.unlink(missing_ok=True)
            elif before.exists():
                os.replace(before, target)
        if isinstance(error, OSError):
            raise LabelError(f"{error.filename or folder}: {error.strerror or error}; nothing was written") from error
        raise
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return [target for target, *_ in touched]
