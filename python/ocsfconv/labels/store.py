"""A run's three files in DuckDB: what labelling asks of them, and which of it is unaffected by any episode.

Each data set is a schema of its own, `run` or `control`, with the tables `spans`, `logs`, `points` and `arrivals`.
Times are Unix ns: `t` and `e` begin and end a span, `s` and `t` the stretch that a point stands for. `counts` is true
of points that count on from the one before; `d` and `dn` are what they grew by. `calm` is true of what lies in
unaffected time as a whole.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ocsfconv.labels.errors import LabelError, need
from ocsfconv.labels.truth import Stretch, merged

SIGNALS = ("logs", "traces", "metrics")
ENTRANCE = "web-api"
"""Requests from outside are this service's SERVER spans."""
CUMULATIVE = ("counter", "histogram", "exponential_histogram", "summary")
"""Types of points that count on from the point before."""

LOAD = """
CREATE SCHEMA {name};
CREATE TABLE {name}.kinds AS
    SELECT {key} AS key, hash(service, span_kind, operation, http_route, db_query_text) AS alike,
           service, span_kind AS kind, operation, http_route AS route, db_system AS system,
           db_query_text AS query, dst_endpoint_svc_name AS peer, {version} AS version
    FROM read_parquet({traces}) GROUP BY ALL;
CREATE TABLE {name}.span_rows AS
    SELECT file_row_number AS row, trace_id, span_id, parent_span_id, {key} AS key, http_response_code AS code,
           span_status, dst_endpoint_port AS port, record_kind = 'span' AS is_span, duration_ns / 1e6 AS ms,
           coalesce(time_unix_nano, time * 1000000) AS t,
           greatest(coalesce(end_time_unix_nano, time_unix_nano, time * 1000000),
                    coalesce(time_unix_nano, time * 1000000)) AS e, {calm_span} AS calm
    FROM read_parquet({traces}, file_row_number = true);
CREATE VIEW {name}.spans AS SELECT * FROM {name}.span_rows JOIN {name}.kinds USING (key);
CREATE TABLE {name}.logs AS
    SELECT file_row_number AS row, trace_id, service, event_name AS event, message, status,
           severity_id AS severity, http_route AS route, http_response_code AS code, class_uid,
           traffic_bytes_out AS bytes_out,
           coalesce(time_unix_nano, time * 1000000) AS t, {calm_log} AS calm
    FROM read_parquet({logs}, file_row_number = true);
CREATE TABLE {name}.points AS
    WITH points AS (
        SELECT file_row_number AS row, service, metric_name AS name, metric_type AS type, metric_value AS v, count AS n,
               coalesce(time_unix_nano, time * 1000000) AS t, {series} AS series
        FROM read_parquet({metrics}, file_row_number = true)
    ), asked AS (
        SELECT service, name, t, lag(t) OVER (PARTITION BY service, name ORDER BY t) AS before
        FROM (SELECT DISTINCT service, name, t FROM points)
    ), followed AS (
        SELECT *, lag(t) OVER series AS t0, lag(v) OVER series AS v0, lag(n) OVER series AS n0
        FROM points WINDOW series AS (PARTITION BY series ORDER BY t, row)
    )
    -- A series that is born later than its metric began at 0 when the metric was last asked for; one that fell, too.
    SELECT row, service, name, type IN {cumulative} AS counts, series, v, t,
           CASE WHEN counts THEN coalesce(t0, before) END AS s,
           CASE WHEN s IS NOT NULL THEN v - CASE WHEN v0 IS NULL OR v < v0 THEN 0 ELSE v0 END END AS d,
           CASE WHEN s IS NOT NULL THEN n - CASE WHEN n0 IS NULL OR n < n0 THEN 0 ELSE n0 END END AS dn,
           {calm_point} AS calm
    FROM followed JOIN asked USING (service, name, t);
CREATE TABLE {name}.arrivals AS
    SELECT t, calm, row_number() OVER (ORDER BY t) AS n FROM {name}.spans
    WHERE service = '{entrance}' AND kind = 'Server' AND is_span {but};
CREATE TABLE {name}.stretches AS
    SELECT service, metric AS name, s, x.t, {calm_stretch} AS calm, coalesce(b.n, 0) - coalesce(a.n, 0) AS requests
    FROM (SELECT service, name AS metric, t, lag(t) OVER (PARTITION BY service, name ORDER BY t) AS s
          FROM (SELECT DISTINCT service, name, t FROM {name}.points)) x
    ASOF LEFT JOIN {name}.arrivals a ON x.s >= a.t ASOF LEFT JOIN {name}.arrivals b ON x.t >= b.t WHERE s IS NOT NULL;
"""
KEY = """hash(service, span_kind, operation, http_route, db_system, db_query_text, dst_endpoint_svc_name, {version})"""
"""What many spans have in common is held once. `alike` are those whose durations can be compared."""
SERIES = r"""hash(service, metric_name, attributes,
    regexp_replace(resource, '"(service\.version|server\.port)":"[^"]*",?', '', 'g'))"""
"""A series goes on over a release, and has the same name in another run, where ports are others."""


def literal(value: object) -> str:
    """A value as SQL."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "NULL"}[value]
    return str(value) if isinstance(value, int | float) else "'" + str(value).replace("'", "''") + "'"


def one_of(column: str, values: object) -> str:
    """A condition: the column is the value, or one of the values."""
    listed = values if isinstance(values, list | tuple) else [values]
    return f"{column} IN ({', '.join(literal(value) for value in listed)})" if listed else "false"


class Store:
    """The connection, and what is loaded."""

    def __init__(self) -> None:
        self._duckdb = need("duckdb")
        # What does not fit into memory goes to the system's place for such things, not into the current folder.
        self.db = self._duckdb.connect(config={"temp_directory": tempfile.gettempdir()})
        self.error: type[Exception] = self._duckdb.Error
        self.base = "run"
        """The schema whose unaffected time is what everything is held against."""
        self.calm: dict[str, list[Stretch]] = {}
        self.paths: dict[str, dict[str, Path]] = {}

    def close(self) -> None:
        """Let go of all that is loaded."""
        self.db.close()

    def load(self, name: str, data: Path, calm: Sequence[Stretch] | None = None, actors: Sequence[str] = ()) -> None:
        """Read a data set's three files into the schema `name`.

        `calm` is its unaffected time, all of it when None; requests of `actors` (trace ids) are no arrivals.

        Raises:
            LabelError: a file is missing, is no Parquet, or is not what this version writes.
        """
        parquet = need("pyarrow.parquet")
        paths = self.paths[name] = {signal: data / f"ocsf_{signal}.parquet" for signal in SIGNALS}
        for path in paths.values():
            if not path.is_file():
                raise LabelError(f"{path}: no such file; convert first: python -m ocsfconv LOGS/otel --out {data}")
        try:
            known = "service_version" in parquet.read_schema(paths["traces"]).names
            version = "service_version" if known else "NULL::VARCHAR"
            self.db.execute("CREATE TEMP TABLE actor_traces AS SELECT unnest(?::VARCHAR[]) AS trace_id", [list(actors)])
            self.db.execute(
                LOAD.format(
                    name=name,
                    entrance=ENTRANCE,
                    version=version,
                    key=KEY.format(version=version),
                    cumulative=CUMULATIVE,
                    series=SERIES,
                    but="AND trace_id NOT IN (SELECT trace_id FROM actor_traces)" if actors else "",
                    calm_span=_inside(calm, "t", "e"),
                    calm_log=_inside(calm, "t", "t"),
                    calm_stretch=_inside(calm, "s", "x.t"),
                    calm_point=_inside(calm, "coalesce(s, t)", "t"),
                    **{signal: literal(path) for signal, path in paths.items()},
                )
            )
            self.db.execute("DROP TABLE actor_traces")
        except (self.error, need("pyarrow").ArrowException) as error:
            reason = str(error).splitlines()[0]
            raise LabelError(f"{data} is not what this version converts: {reason}; convert it again") from error
        self.calm[name] = [self.extent(name)] if calm is None else list(calm)

    def seconds(self, name: str) -> float:
        """How many seconds of a data set are unaffected."""
        return sum(stretch.seconds for stretch in self.calm[name])

    def extent(self, name: str) -> Stretch:
        """From the first record to the last, their ends included; nothing of empty files."""
        first, last = self.row(
            f"""SELECT min(t), max(e) + 1 FROM (SELECT t, e FROM {name}.spans UNION ALL SELECT t, t FROM {name}.logs
            UNION ALL SELECT t, t FROM {name}.points)"""
        )
        return Stretch(first or 0, last or 0)

    def rows(self, query: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query's result."""
        found: list[tuple[Any, ...]] = self.db.execute(query, parameters).fetchall()
        return found

    def arrow(self, query: str) -> Any:
        """A query's result as an Arrow table."""
        return self.db.sql(query).to_arrow_table()

    def row(self, query: str, parameters: Sequence[object] = ()) -> tuple[Any, ...]:
        """The only row of a query's result."""
        (found,) = self.rows(query, parameters)
        return found


def outside(whole: Stretch, busy: Iterable[Stretch]) -> list[Stretch]:
    """What is left of a stretch without others."""
    inner = [one for one in merged(busy) if one.end > whole.start and one.start < whole.end]
    edges = [whole.start, *(edge for one in inner for edge in (one.start, one.end)), whole.end]
    return [Stretch(*pair) for pair in zip(edges[::2], edges[1::2], strict=True) if pair[0] < pair[1]]


def _inside(stretches: Sequence[Stretch] | None, begin: str, end: str) -> str:
    """A condition: what lasts from `begin` to `end` lies in one of the stretches."""
    if stretches is None:
        return "true"
    parts = (f"{begin} >= {one.start} AND {end} < {one.end}" for one in stretches)
    return "(" + (" OR ".join(parts) or "false") + ")"


def within(stretch: Stretch, column: str = "t") -> str:
    """A condition: the time lies in the stretch."""
    return f"{column} >= {stretch.start} AND {column} < {stretch.end}"


def overlaps(stretch: Stretch) -> str:
    """A condition: the span from `t` to `e` shares time with the stretch."""
    return f"t < {stretch.end} AND e >= {stretch.start}"


__all__ = ["CUMULATIVE", "ENTRANCE", "SIGNALS", "Store", "literal", "one_of", "outside", "overlaps", "within"]
