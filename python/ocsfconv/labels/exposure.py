"""Which records had to do with an episode, told by evidence beside them and never by how slow or broken they are.

Fills three tables: `trace_uses` (trace id, episode, cause, t, e: each use of what was faulty), `log_uses` and
`point_uses` (row, episode, cause, t: records without a trace).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ocsfconv.labels.errors import LabelError
from ocsfconv.labels.store import Store, literal, one_of, overlaps, within
from ocsfconv.labels.truth import Actual, Episode, Json, Stretch, Truth

NEAR_NS = 20_000_000
"""How far apart a statement's start may be in PostgreSQL's eyes and in its span."""
SEEN_LATE_NS = 100_000_000
"""How late a wait's end may be seen: of several statements that fit, it was one that lasted so long."""
CUT_STATEMENT = 1000
"""PostgreSQL shows the first 1,023 bytes of a statement; one that long is compared by its beginning."""
PLACEHOLDER = r"%s|%\([^)]*\)s|\$[0-9]+"

TABLES = """
CREATE TABLE trace_uses (trace_id VARCHAR, episode INTEGER, cause VARCHAR, t BIGINT, e BIGINT);
CREATE TABLE log_uses (row BIGINT, episode INTEGER, cause VARCHAR, t BIGINT);
CREATE TABLE point_uses (row BIGINT, episode INTEGER, cause VARCHAR, t BIGINT);
CREATE TABLE actors (trace_id VARCHAR, episode INTEGER, role VARCHAR, sent BIGINT);
CREATE TABLE blocked (episode INTEGER, statement VARCHAR, since BIGINT, until BIGINT);
CREATE TABLE waits (wait INTEGER, trace_id VARCHAR, episode INTEGER, since BIGINT, until BIGINT);
"""
POINT_TIME = "CASE WHEN s IS NOT NULL THEN (s + t) // 2 ELSE t END"
"""A point that counts on stands for the time since the one before: the middle of that time decides."""


def find_exposed(store: Store, truth: Truth) -> None:
    """Fill the tables for all episodes that the ledger knows.

    Raises:
        LabelError: an exposure lacks an argument, or names something that the data do not know.
    """
    store.db.execute(TABLES)
    _insert(store, "actors", truth.actors)
    _insert(store, "blocked", [tuple(line.values()) for line in truth.blocked])
    for episode in truth.episodes:
        if episode.actual is None:
            continue
        for exposure in episode.exposures:
            try:
                _find(store, episode, episode.actual, exposure)
            except KeyError as error:
                raise LabelError(
                    f"plan.json: {episode.name}: exposure {exposure['kind']} has no {error.args[0]!r}"
                ) from error
            except store.error as error:
                raise LabelError(f"plan.json: {episode.name}: exposure {exposure}: {error}") from error


def _insert(store: Store, table: str, rows: list[tuple[Any, ...]]) -> None:
    """Column by column: a row at a time takes minutes."""
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        marks = ", ".join("unnest(?)" for _ in columns)
        store.db.execute(f"INSERT INTO {table} SELECT {marks}", columns)


def _find(store: Store, episode: Episode, actual: Actual, exposure: Json) -> None:
    whole = Stretch(actual.start, actual.over)
    number, kind = episode.index, exposure["kind"]
    head = f"INSERT INTO trace_uses SELECT trace_id, {number}, 'exposed', t, e FROM run.spans"
    if kind == "actor":
        # When a request was sent decides its phase; whether it counts, does not depend on it.
        store.db.execute(
            f"""INSERT INTO trace_uses SELECT trace_id, episode, 'actor', sent, sent FROM actors
            WHERE episode = {number}"""
        )
    elif kind == "blocked":
        _find_blocked(store, number, exposure, whole)
    elif kind == "host":
        store.db.execute(f"{head} WHERE {overlaps(whole)} AND trace_id IS NOT NULL")
        store.db.execute(
            f"""INSERT INTO log_uses SELECT row, {number}, 'exposed', t FROM run.logs
            WHERE trace_id IS NULL AND {within(whole)};
            INSERT INTO point_uses SELECT row, {number}, 'exposed', {POINT_TIME} AS middle FROM run.points
            WHERE {within(whole, "middle")}"""
        )
    else:
        condition = {"statements": _statements, "calls": _calls, "version": _version}[kind](store, exposure)
        store.db.execute(f"{head} WHERE {overlaps(whole)} AND trace_id IS NOT NULL AND is_span AND {condition}")
    for aside in _several(exposure.get("logs")):
        pattern = f"AND regexp_matches(message, {literal(aside['pattern'])})" if "pattern" in aside else ""
        store.db.execute(
            f"""INSERT INTO log_uses SELECT row, {number}, 'exposed', t FROM run.logs
            WHERE trace_id IS NULL AND {within(whole)} AND {one_of("service", aside["service"])} {pattern}"""
        )
    for aside in _several(exposure.get("metrics")):
        names = f"AND regexp_matches(name, {literal(aside['names'])})" if "names" in aside else ""
        store.db.execute(
            f"""INSERT INTO point_uses SELECT row, {number}, 'exposed', {POINT_TIME} AS middle FROM run.points
            WHERE {within(whole, "middle")} AND {one_of("service", aside["service"])} {names}"""
        )


def _several(value: Any) -> Iterator[Json]:
    if value is not None:
        yield from value if isinstance(value, list) else [value]


def _statements(_: Store, exposure: Json) -> str:
    """CLIENT spans whose statement names one of the tables, and fits the pattern."""
    tests = ["kind = 'Client'", "query IS NOT NULL"]
    if tables := exposure.get("tables"):
        named = rf"\b({'|'.join(re.escape(table) for table in tables)})\b"
        tests.append(f"regexp_matches(query, {literal(named)})")
    if "pattern" in exposure or not tables:
        tests.append(f"regexp_matches(query, {literal(exposure['pattern'])})")
    return " AND ".join(tests)


def _calls(store: Store, exposure: Json) -> str:
    """CLIENT spans of the service towards the peer: by its name, or by the address that it answers at."""
    service, peer = one_of("service", exposure["service"]), exposure["peer"]
    if peer in ("postgres", "redis"):
        system = "postgresql" if peer == "postgres" else peer
        return f"kind = 'Client' AND {service} AND system = {literal(system)}"
    if peer == exposure["service"]:
        raise LabelError(f"plan.json: exposure calls: {peer} is its own peer")
    # An instrumented peer answers with SERVER spans below the calls; one that is not (a third party) never does.
    ports = dict(
        store.rows(
            f"""SELECT c.port::BIGINT, mode(s.service) FROM run.spans c LEFT JOIN run.spans s
            ON s.trace_id = c.trace_id AND s.parent_span_id = c.span_id AND s.kind = 'Server'
            WHERE c.kind = 'Client' AND c.system IS NULL AND c.port IS NOT NULL
                AND {one_of("c.service", exposure["service"])}
            GROUP BY 1"""
        )
    )
    instrumented = peer in {name for (name,) in store.rows("SELECT DISTINCT service FROM run.spans")}
    found = [port for port, answering in ports.items() if answering == (peer if instrumented else None)]
    named = f"peer = {literal(peer)}"
    return f"kind = 'Client' AND {service} AND system IS NULL AND ({named} OR {one_of('port', found)})"


def _version(store: Store, exposure: Json) -> str:
    """SERVER and CONSUMER spans of the service in that version, of some routes where they are named."""
    if not store.row("SELECT count(version) FROM run.spans")[0]:
        raise LabelError("ocsf_traces.parquet has no service_version: convert again with this version")
    tests = ["kind IN ('Server', 'Consumer')", one_of("service", exposure["service"])]
    tests.append(f"version = {literal(exposure['version'])}")
    if routes := exposure.get("routes"):
        tests.append(f"({one_of('route', routes)} OR {one_of('operation', routes)})")
    return " AND ".join(tests)


def _find_blocked(store: Store, number: int, exposure: Json, whole: Stretch) -> None:
    """Spans of statements that PostgreSQL was seen to hold back: the same text, begun at the same time."""
    pattern = f"AND regexp_matches(query, {literal(exposure['pattern'])})" if "pattern" in exposure else ""
    plain = r"trim(regexp_replace(regexp_replace({}, '{}', '?', 'g'), '\s+', ' ', 'g'))"
    store.db.execute(
        f"""INSERT INTO waits
        WITH seen AS (
            SELECT {plain.format("statement", PLACEHOLDER)} AS text, since, until, row_number() OVER () AS wait
            FROM (SELECT statement, since, max(until) AS until FROM blocked
                WHERE episode = {number} GROUP BY statement, since)
        ), held AS (
            SELECT trace_id, {plain.format("query", PLACEHOLDER)} AS text, t, e FROM run.spans
            WHERE kind = 'Client' AND query IS NOT NULL AND {overlaps(whole)} {pattern}
        )
        SELECT wait, trace_id, {number}, since, least(e, until) FROM seen LEFT JOIN held
        ON abs(t - since) <= {NEAR_NS}
            AND (held.text = seen.text OR length(seen.text) >= {CUT_STATEMENT} AND starts_with(held.text, seen.text))
        QUALIFY row_number() OVER (PARTITION BY wait ORDER BY e < until - {SEEN_LATE_NS}, abs(t - since)) = 1;
        INSERT INTO trace_uses SELECT trace_id, episode, 'exposed', since, until FROM waits
        WHERE episode = {number} AND trace_id IS NOT NULL"""
    )
