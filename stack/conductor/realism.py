"""Realism as numbers: what the converted data look like, each with its band and a verdict.

Reads the flat Parquet files with DuckDB, so that what is judged is what users get. Bands and estimators are those of
docs/realism.md; a row without a band is shown as a value only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

ENTRANCE = "web-api"
PAYER = "payment-worker"
ROUTE_MINIMUM = 200
"""A route's quantiles are used from this many requests on."""


@dataclass(frozen=True)
class Row:
    """One property: its value, the band (ends included; None: open), and the verdict, None without a band."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None

    @property
    def verdict(self) -> str | None:
        """`in`, `out`, or None where nothing is judged."""
        if self.low is None and self.high is None:
            return None
        if self.value is None or math.isnan(self.value):
            return "out"
        above = self.low is None or self.value >= self.low
        below = self.high is None or self.value <= self.high
        return "in" if above and below else "out"

    def to_dict(self) -> dict[str, Any]:
        """The row as what JSON can hold."""
        return {"name": self.name, "value": self.value, "band": [self.low, self.high], "verdict": self.verdict}


VIEWS = """
CREATE VIEW spans AS SELECT * FROM read_parquet('{data}/ocsf_traces.parquet') WHERE record_kind = 'span';
CREATE VIEW logs AS SELECT * FROM read_parquet('{data}/ocsf_logs.parquet');
CREATE VIEW points AS SELECT * FROM read_parquet('{data}/ocsf_metrics.parquet');
CREATE VIEW acted AS SELECT trace_id FROM read_json('{truth}/actors.jsonl', format = 'newline_delimited',
    columns = {{trace_id: 'VARCHAR'}});
CREATE TABLE requests AS
    SELECT trace_id, span_id, http_route AS route, http_request_url_path AS path, http_response_code AS code,
           duration_ns, time_unix_nano, src_endpoint_ip AS address
    FROM spans ANTI JOIN acted USING (trace_id) WHERE service = '{entrance}' AND span_kind = 'Server';
CREATE VIEW sent AS SELECT * FROM read_json('{truth}/requests.jsonl', format = 'newline_delimited',
    columns = {{trace_id: 'VARCHAR', status: 'INTEGER', ms: 'DOUBLE'}});
CREATE TABLE traces AS
    SELECT trace_id, count(*) AS spans, count(DISTINCT service) AS services
    FROM spans SEMI JOIN requests USING (trace_id) GROUP BY trace_id;
"""

DEPTH = """
WITH RECURSIVE tree AS (
    SELECT trace_id, span_id, 1 AS depth FROM requests
    UNION ALL
    SELECT s.trace_id, s.span_id, depth + 1 FROM spans s
    JOIN tree t ON s.trace_id = t.trace_id AND s.parent_span_id = t.span_id
), deepest AS (SELECT trace_id, max(depth) AS depth FROM tree GROUP BY trace_id)
SELECT median(depth), quantile_disc(depth, 0.99), max(depth) FROM deepest
"""

QUANTILES = """
WITH routes AS (
    SELECT quantile_cont(duration_ns, 0.99) / quantile_cont(duration_ns, 0.5) AS p99,
           quantile_cont(duration_ns, 0.999) / quantile_cont(duration_ns, 0.5) AS p999
    FROM requests WHERE route IS NOT NULL GROUP BY route HAVING count(*) >= {minimum}
)
SELECT median(p99), median(p999), count(*) FROM routes
"""

GAPS = """
WITH gaps AS (SELECT time_unix_nano - lag(time_unix_nano) OVER (ORDER BY time_unix_nano) AS gap FROM requests)
SELECT stddev_samp(gap) / avg(gap) FROM gaps
"""

# Bins without a request count, too; the first and the last one are cut off by the run's ends.
DISPERSION = """
WITH bins AS (SELECT time_unix_nano // {width} AS bin, count(*) AS held FROM requests GROUP BY bin),
     ends AS (SELECT min(bin) + 1 AS first, max(bin) - 1 AS last FROM bins),
     filled AS (SELECT coalesce(held, 0) AS held
                FROM ends, generate_series(first, last) AS g(bin) LEFT JOIN bins USING (bin))
SELECT var_samp(held) / avg(held) FROM filled
"""

TEMPLATES = r"""
SELECT count(DISTINCT service || '|' || regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    split_part(message, chr(10), 1),
    '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', '<uuid>', 'g'),
    '[\w.+-]+@[\w.-]+', '<mail>', 'g'),
    '''[^'']*''|"[^"]*"', '<text>', 'g'),
    '\b[0-9a-fA-F]{8,}\b', '<hex>', 'g'),
    '\d+', '<n>', 'g')) FROM logs
"""


class Measurements:
    """The converted data of a run, ready to be asked."""

    def __init__(self, data: Path, truth: Path) -> None:
        self._db = duckdb.connect()
        quoted = {"data": str(data).replace("'", "''"), "truth": str(truth).replace("'", "''")}
        self._db.execute(VIEWS.format(**quoted, entrance=ENTRANCE))

    def ask(self, query: str) -> tuple[Any, ...]:
        """The first row of a query's result."""
        return self._db.execute(query).fetchone() or ()

    def number(self, query: str) -> float | None:
        """The only value of a query's result."""
        (value, *_) = self.ask(query) or (None,)
        return None if value is None else float(value)

    def column(self, query: str) -> list[Any]:
        """The first column of a query's result."""
        return [row[0] for row in self._db.execute(query).fetchall()]


def measure(data: Path, truth: Path) -> list[Row]:
    """All rows; `truth` has what visitors and actors wrote down of each request that they sent.

    Actors' requests are left out of what is judged: attackers are there to be unusual.
    """
    asked = Measurements(data, truth)
    sections: tuple[Callable[[Measurements], Iterator[Row]], ...] = (
        shape,
        popularity,
        latency,
        outcomes,
        arrivals,
        variety,
        joins,
    )
    return [row for section in sections for row in section(asked)]


def shape(asked: Measurements) -> Iterator[Row]:
    """Spans, depth and services of the traces that begin at the entrance."""
    median, largest, wide = asked.ask("SELECT median(spans), max(spans), avg((services >= 3)::int) FROM traces")
    yield Row("spans per trace, median", median, 5, 15)
    yield Row(
        "spans per trace, largest of any trace",
        asked.number("SELECT max(n) FROM (SELECT count(*) n FROM spans GROUP BY trace_id)"),
        100,
    )
    yield Row("spans per trace, largest from the entrance", largest)
    depth, deep, deepest = asked.ask(DEPTH)
    yield Row("depth of a trace, median", depth, 3, 6)
    yield Row("depth of a trace, p99", deep)
    yield Row("depth of a trace, largest", deepest)
    yield Row("traces over 3 or more services", wide, 0.05, 0.20)


def popularity(asked: Measurements) -> Iterator[Row]:
    """How unequally routes, products and people are asked for."""
    top = """WITH c AS (SELECT count(*) n FROM {source} GROUP BY {key} ORDER BY n DESC)
        SELECT (SELECT sum(n) FROM (SELECT n FROM c LIMIT {limit})) / sum(n) FROM c"""
    yield Row(
        "share of the top 10 routes", asked.number(top.format(source="requests", key="route", limit=10)), 0.5, 0.85
    )
    sku = "(SELECT regexp_extract(path, 'P[0-9]{5}') AS sku FROM requests WHERE regexp_matches(path, 'P[0-9]{5}'))"
    counts = asked.column(f"SELECT count(*) AS n FROM {sku} GROUP BY sku ORDER BY n DESC")
    yield Row("products: Zipf exponent", zipf_exponent(counts), 0.8, 1.05)
    tenth = max(1, len(counts) // 10)
    yield Row("products: share of the top 10 %", sum(counts[:tenth]) / sum(counts) if counts else None, 0.55, 0.75)
    users = "(SELECT actor_user_uid AS who FROM logs WHERE event_name = 'http.access' AND actor_user_uid IS NOT NULL)"
    counts = asked.column(f"SELECT count(*) AS n FROM {users} GROUP BY who ORDER BY n DESC")
    tenth = max(1, len(counts) // 10)
    yield Row("people: share of the top 10 %", sum(counts[:tenth]) / sum(counts) if counts else None)


def latency(asked: Measurements) -> Iterator[Row]:
    """The tail of each route against its middle."""
    p99, p999, routes = asked.ask(QUANTILES.format(minimum=ROUTE_MINIMUM))
    yield Row("p99/p50 of a route, median over routes", p99, 8, 40)
    yield Row("p99.9/p50 of a route, median over routes", p999)
    yield Row(f"routes with {ROUTE_MINIMUM} requests or more", routes)
    median, tail = asked.ask("SELECT median(duration_ns) / 1e6, quantile_cont(duration_ns, 0.99) / 1e6 FROM requests")
    yield Row("latency in ms, p50", median)
    yield Row("latency in ms, p99", tail)


def outcomes(asked: Measurements) -> Iterator[Row]:
    """Ordinary errors."""
    client, server = asked.ask("SELECT avg((code BETWEEN 400 AND 499)::int), avg((code >= 500)::int) FROM requests")
    yield Row("share of 4xx", client, 0.01, 0.04)
    yield Row("share of 5xx", server, 0.0005, 0.005)
    logins = """SELECT avg((status = 'Failure')::int) FROM logs ANTI JOIN acted USING (trace_id)
        WHERE event_name = 'auth.login'"""
    yield Row("logins that fail", asked.number(logins), 0.02, 0.08)
    retries = f"""SELECT (SELECT count(*) FROM logs WHERE event_name = 'payment.retry') / count(*)
        FROM spans WHERE service = '{PAYER}' AND span_kind = 'Client' AND http_request_method IS NOT NULL"""
    yield Row("retries per call of the provider", asked.number(retries), 0.002, 0.01)


def arrivals(asked: Measurements) -> Iterator[Row]:
    """How bursty requests are."""
    yield Row(
        "requests a second, mean",
        asked.number("SELECT count(*) / ((max(time_unix_nano) - min(time_unix_nano)) / 1e9) FROM requests"),
    )
    yield Row("time between requests, coefficient of variation", asked.number(GAPS), 1.2, 3)
    for seconds in (1, 10):
        value = asked.number(DISPERSION.format(width=seconds * 1_000_000_000))
        yield Row(f"index of dispersion at {seconds} s", value, 1.0001)


def variety(asked: Measurements) -> Iterator[Row]:
    """How many different things there are."""
    counts: tuple[tuple[str, str, float | None, float | None], ...] = (
        ("routes", "SELECT count(DISTINCT route) FROM requests", 25, None),
        ("paths", "SELECT count(DISTINCT path) FROM requests", None, None),
        ("client addresses", "SELECT count(DISTINCT address) FROM requests", 800, 3000),
        ("user agents", "SELECT count(DISTINCT http_request_user_agent) FROM logs", 30, 80),
        ("people", "SELECT count(DISTINCT actor_user_uid) FROM logs", None, None),
        ("products asked for", "SELECT count(DISTINCT regexp_extract(path, 'P[0-9]{5}')) FROM requests", 1000, None),
        ("log templates", TEMPLATES, 80, None),
        ("services that log", "SELECT count(DISTINCT service) FROM logs", 5, None),
        (
            "metric series",
            "SELECT count(*) FROM (SELECT DISTINCT metric_name, attributes, resource FROM points)",
            150,
            None,
        ),
    )
    for name, query, low, high in counts:
        yield Row(f"number of {name}", asked.number(query), low, high)


def joins(asked: Measurements) -> Iterator[Row]:
    """Whether records that belong together find each other."""
    logs = """SELECT avg((s.trace_id IS NOT NULL)::int) FROM (SELECT trace_id FROM logs WHERE trace_id IS NOT NULL) l
        LEFT JOIN (SELECT DISTINCT trace_id FROM spans) s USING (trace_id)"""
    yield Row("logs whose trace exists", asked.number(logs), 0.99)
    parents = f"""SELECT avg((p.span_id IS NOT NULL)::int) FROM
        (SELECT trace_id, parent_span_id FROM spans WHERE parent_span_id IS NOT NULL
            AND NOT (service = '{ENTRANCE}' AND span_kind = 'Server')) s
        LEFT JOIN (SELECT DISTINCT trace_id, span_id FROM spans) p
        ON s.trace_id = p.trace_id AND s.parent_span_id = p.span_id"""
    yield Row("spans whose parent exists", asked.number(parents), 0.99)
    found = """SELECT avg((r.trace_id IS NOT NULL)::int) FROM (SELECT trace_id FROM sent WHERE status IS NOT NULL) s
        LEFT JOIN (SELECT DISTINCT trace_id FROM requests) r USING (trace_id)"""
    yield Row("requests found of those answered", asked.number(found), 0.999)


def zipf_exponent(counts: list[int]) -> float | None:
    """Maximum likelihood over the ranks that occur: sum n_r (s ln r + ln H(s)) is least, by golden section on 0..3."""
    if len(counts) < 2:
        return None
    logs = [math.log(rank) for rank in range(1, len(counts) + 1)]
    total = sum(counts)
    weighted = sum(count * log for count, log in zip(counts, logs, strict=True))

    def cost(s: float) -> float:
        return s * weighted + total * math.log(sum(math.exp(-s * log) for log in logs))

    low, high, ratio = 0.0, 3.0, (math.sqrt(5) - 1) / 2
    while high - low > 1e-4:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if cost(left) < cost(right):
            high = right
        else:
            low = left
    return (low + high) / 2
