"""The levels that are scored, each in a module of its own: its features, and how they are read from the flat files.

Only these columns are read; labels are joined by row and are never a feature, nor is any identifier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ..dataset import (
    ANOMALOUS,
    EPISODES,
    GRAY,
    LABEL_NAMES,
    LABEL_SQL,
    LABELS,
    NORMAL,
    TELEMETRY,
    WINDOWS,
    Case,
    Dataset,
)
from ..errors import EvaluationError
from ..templates import template_sql
from ..units import SIGNAL_OF, Series, Units
from . import actors, host, logs, spans, traces, windows

if TYPE_CHECKING:
    import duckdb

    from ..units import Feature, Floats

__all__ = ["FEATURES", "join", "read_case"]

FEATURES: dict[str, tuple[Feature, ...]] = {
    "logs": logs.FEATURES,
    "spans": spans.FEATURES,
    "traces": traces.FEATURES,
    "windows": windows.FEATURES,
}
QUERIES = {"logs": logs.QUERY, "spans": spans.QUERY, "traces": traces.QUERY, "windows": windows.QUERY}
DEEPEST = 256

COLUMNS = {
    "logs": "time_unix_nano, service, message, severity_id, trace_id, actor_user_uid, src_endpoint_ip, "
    "http_request_method, http_route, http_response_code, duration, traffic_bytes_out, error_type, exception_type",
    "traces": "time_unix_nano, end_time_unix_nano, duration_ns, service, trace_id, span_id, parent_span_id, span_kind, "
    "span_status, operation, message, record_kind, events_count, http_response_code, src_endpoint_ip, db_system, "
    "db_query_text, messaging_destination",
    "metrics": "time_unix_nano, service, metric_name, metric_type, metric_value, count, sum, temporality, "
    "is_monotonic, attributes, resource",
}
TABLES = {"logs": "logs", "traces": "spans", "metrics": "points"}


def read_case(database: duckdb.DuckDBPyConnection, dataset: Dataset, case: Case, levels: list[str]) -> dict[str, Units]:
    """Read one recording's units. Raises EvaluationError for labels that do not fit the data."""
    # Whole telemetry is needed at every level: a log record's person is known by its trace, the host by its metrics.
    for signal in TABLES:
        database.execute(
            f"CREATE OR REPLACE TEMP TABLE {TABLES[signal]} AS SELECT file_row_number AS row, {COLUMNS[signal]} "
            f"FROM read_parquet({case.file(TELEMETRY[signal])}, file_row_number = true)"
        )
    numbers = pa.schema([("name", pa.string()), ("number", pa.int64())])
    database.register("episode_numbers", pa.table(dataset.numbers(case), schema=numbers))
    _read_labels(database, case)
    if {"logs", "spans", "traces"} & set(levels):
        database.execute(actors.TABLE)
        database.execute(host.TABLE)
    if {"logs", "traces"} & set(levels):
        database.execute(
            "CREATE OR REPLACE TEMP TABLE templates AS "
            f"SELECT message, {template_sql('message')} AS template FROM (SELECT DISTINCT message FROM logs)"
        )
    if {"spans", "traces"} & set(levels):
        _read_depths(database)
        database.execute(spans.TABLE)
    if "windows" in levels:
        database.execute(windows.TABLE.format(windows=_numbered(case, WINDOWS, "window_start_ns, service, signal")))
    return {level: _read_level(database, case, level) for level in levels}


def join(parts: list[Units]) -> Units:
    """Put the units of all cases together; groups become small numbers."""
    first = parts[0]

    def all_of(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts])

    groups = {}
    for name in first.groups:
        groups[name] = np.unique(np.concatenate([part.groups[name] for part in parts]), return_inverse=True)[1]
    series = None
    if first.series is not None:
        held = [part.require_series() for part in parts]
        offsets = np.cumsum([0, *(len(part) for part in parts)])
        series = Series(
            np.concatenate([one.unit + offset for one, offset in zip(held, offsets, strict=False)]),
            np.unique(np.concatenate([one.code for one in held]), return_inverse=True)[1],
            np.concatenate([one.value for one in held]),
        )
    return Units(
        first.level,
        first.features,
        all_of("case"),
        all_of("row"),
        all_of("start_ns"),
        all_of("known_ns"),
        all_of("label"),
        all_of("episode"),
        all_of("weight"),
        values={name: np.concatenate([part.values[name] for part in parts]) for name in first.values},
        groups=groups,
        series=series,
    )


def _numbered(case: Case, file: str, columns: str) -> str:
    """Return a query for a labelled file with labels and episodes as numbers."""
    return (
        f"(SELECT {columns}, {LABEL_SQL} AS label, coalesce(number, -1) AS episode "
        f"FROM read_parquet({case.file(file)}) f LEFT JOIN episode_numbers e ON e.name = f.episode)"
    )


def _read_labels(database: duckdb.DuckDBPyConnection, case: Case) -> None:
    """Make `labels`, a row a record, and `trace_labels`: anomalous if any of its records is, else gray if any is."""
    file = case.folder / LABELS
    again = f"label again: python -m ocsfconv label LOGS {case.folder}"
    numbered = _numbered(case, LABELS, "signal, row")
    database.execute(f"CREATE OR REPLACE TEMP TABLE labels AS FROM {numbered} WHERE signal <> 'metrics'")
    for signal in ("logs", "traces"):
        (records,) = _one(database, f"SELECT count(*) FROM {TABLES[signal]}")
        (labelled,) = _one(
            database,
            f"SELECT count(DISTINCT row) FROM labels JOIN {TABLES[signal]} USING (row) WHERE signal = '{signal}'",
        )
        (rows,) = _one(database, f"SELECT count(*) FROM labels WHERE signal = '{signal}'")
        if not labelled == rows == records:
            raise EvaluationError(f"{file} has {rows:,} rows of {signal}, {TELEMETRY[signal]} has {records:,}; {again}")
    (odd,) = _one(
        database, f"SELECT min(label) FROM read_parquet({case.file(LABELS)}) WHERE label NOT IN {LABEL_NAMES}"
    )
    if odd is not None:
        raise EvaluationError(f"{file} has the label {odd}; there are {', '.join(LABEL_NAMES)}")
    (unknown,) = _one(
        database,
        f"SELECT min(episode) FROM read_parquet({case.file(LABELS)}) "
        "WHERE episode NOT IN (SELECT name FROM episode_numbers)",
    )
    if unknown is not None:
        raise EvaluationError(f"{file} names the episode {unknown}, which {EPISODES} does not; {again}")
    # Of several episodes the one that the trace is anomalous by.
    database.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE trace_labels AS
        WITH told AS (
            SELECT trace_id, label, nullif(episode, -1) AS number
            FROM labels JOIN spans USING (row) WHERE signal = 'traces'
            UNION ALL
            SELECT trace_id, label, nullif(episode, -1)
            FROM labels JOIN logs USING (row) WHERE signal = 'logs'
        )
        SELECT trace_id,
            CASE WHEN bool_or(label = {ANOMALOUS}) THEN {ANOMALOUS}
                WHEN bool_or(label = {GRAY}) THEN {GRAY} ELSE {NORMAL} END AS label,
            coalesce(min(number) FILTER (label = {ANOMALOUS}), min(number) FILTER (label = {GRAY}), min(number), -1)
                AS episode
        FROM told WHERE trace_id IS NOT NULL GROUP BY ALL
        """
    )


def _read_depths(database: duckdb.DuckDBPyConnection) -> None:
    """Make `span_depth`: how many ancestors each row of `spans` has."""
    columns = database.execute(
        """
        WITH parents AS (
            SELECT trace_id, span_id AS parent_span_id, min(row) AS parent
            FROM spans WHERE record_kind = 'span' GROUP BY ALL
        )
        SELECT row, coalesce(parent, -1) AS parent
        FROM spans LEFT JOIN parents USING (trace_id, parent_span_id) ORDER BY row
        """
    ).fetchnumpy()
    parent = np.asarray(columns["parent"], np.int64)
    depth, above = np.zeros(len(parent), np.int64), parent
    # A loop of parents, which no correct telemetry has, ends here, too.
    for _ in range(DEEPEST):
        inside = above >= 0
        if not inside.any():
            break
        depth += inside
        above = np.where(inside, parent[above], -1)
    database.register("span_depth", pa.table({"row": np.asarray(columns["row"], np.int64), "depth": depth}))


def _read_level(database: duckdb.DuckDBPyConnection, case: Case, level: str) -> Units:
    query, features = QUERIES[level], FEATURES[level]
    if level == "windows":
        query = f"SELECT * FROM ({query}) ORDER BY unit"
    elif level == "traces":
        labelled = f"SELECT q.*, label, episode FROM ({query}) q JOIN trace_labels USING (trace_id)"
        query = f"{labelled} ORDER BY start_ns, trace_id"
    else:
        labelled = f"SELECT q.*, label, episode FROM ({query}) q JOIN labels USING (row)"
        query = f"{labelled} WHERE signal = '{SIGNAL_OF[level]}' ORDER BY row"
    columns = database.execute(query).fetchnumpy()
    return Units(
        level=level,
        features=features,
        case=np.full(len(columns["label"]), case.number, np.int64),
        **{name: np.asarray(columns[name], np.int64) for name in ("row", "start_ns", "known_ns", "label", "episode")},
        weight=np.ones(len(columns["label"])),
        values={f.name: _numbers(columns[f.name]) for f in features if f.how in ("plain", "z")},
        # Hashes, until all cases are together.
        groups={
            name.removeprefix("by_"): np.asarray(codes) for name, codes in columns.items() if name.startswith("by_")
        },
        series=_read_series(database) if level == "windows" else None,
    )


def _read_series(database: duckdb.DuckDBPyConnection) -> Series:
    columns = database.execute(windows.SERIES).fetchnumpy()
    return Series(
        np.asarray(columns["unit"], np.int64), np.asarray(columns["series"]), np.asarray(columns["value"], np.float64)
    )


def _numbers(column: Any) -> Floats:
    """Return a column as floats, NaN where it is null."""
    return np.ma.filled(np.ma.asarray(column).astype(np.float64), np.nan)


def _one(database: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    row = database.execute(query).fetchone()
    assert row is not None  # an aggregate always has a row
    return row
