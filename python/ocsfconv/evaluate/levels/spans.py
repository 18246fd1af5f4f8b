"""The spans level: one unit a row of ocsf_traces.parquet (a span, or an event made of a span's event)."""

from __future__ import annotations

from ..units import Feature
from . import actors, host

# What a trace called and how these calls went elsewhere at the time: a name, its greatest in the trace, what that is.
CALLED = {
    "longest": ("longer", "ln(1 + the most ms that one of the trace's calls took beyond its operation's median)"),
    "calls_slowness": (
        "call_slowness",
        "the largest mean ln(duration / its median) in these 10 s of the operations that the trace called",
    ),
    "statements_volume": (
        "crowd",
        "the largest ln(spans in these 10 s / their median in 10 s) of the trace's database statements",
    ),
}

FEATURES = (
    Feature("duration_z", "robust z of ln(duration) within the operation", "z", "operation", one_liner="duration"),
    Feature("self_time_z", "robust z of ln(duration less the children's) within the operation", "z", "operation"),
    Feature("wait_z", "robust z of ln(time since the parent's begin) within the operation", "z", "operation"),
    Feature("operation_rarity", "-ln(share of the operation in training)", "rarity", "operation", one_liner="template"),
    Feature(
        "status",
        "1 when the status is 500 or above, or there is none and the span ended in an error",
        one_liner="status",
    ),
    Feature("refused", "1 when the status is 400 to 499"),
    Feature("failed", "1 when the span ended in an error"),
    Feature("depth", "ancestors within the trace"),
    Feature("children", "ln(1 + children)"),
    Feature("repeats", "ln(spans of this operation under the same parent)"),
    Feature("events", "ln(1 + the span's events)"),
    Feature("trace_spans_z", "robust z of ln(spans of the trace) within the operation", "z", "operation"),
    Feature("trace_duration_z", "robust z of ln(length of the trace) within the operation", "z", "operation"),
    Feature("trace_failed", "ln(1 + the trace's spans that ended in an error)"),
    *(Feature(f"trace_{name}", what) for name, (_, what) in CALLED.items()),
    Feature(
        "volume_z",
        "robust z of ln(spans of the operation in these 10 s) within the operation",
        "z",
        "operation",
        "volume",
    ),
    Feature(
        "operation_slowness_z",
        "robust z of the mean ln(duration / its median) of the operation in these 10 s",
        "z",
        "operation",
    ),
    Feature(
        "operation_failing_z",
        "robust z of the operation's share of errors and refusals in these 10 s",
        "z",
        "operation",
    ),
    Feature("service_volume_z", "robust z of ln(spans of the service in these 10 s)", "z", "service"),
    Feature(
        "service_failing_z", "robust z of the service's share of spans with an error in these 10 s", "z", "service"
    ),
    Feature(
        "service_slowness_z",
        "robust z of the service's mean ln(duration / the operation's median) in these 10 s",
        "z",
        "service",
    ),
    Feature("slowness_z", "the same over all services", "z", "all"),
    *host.FEATURES,
    *actors.FEATURES,
)

# A table, because the traces level reads it, too. `span_depth` has each row's ancestors.
TABLE = """
CREATE OR REPLACE TEMP TABLE known_spans AS
WITH told AS (
    SELECT *, time_unix_nano // 10000000000 AS bin,
        hash(service, span_kind, coalesce(operation, message),
            split_part(coalesce(db_query_text, ''), chr(10), 1), coalesce(messaging_destination, '')) AS operation_key,
        hash(service) AS service_key,
        CASE WHEN record_kind = 'span' AND duration_ns > 0 THEN ln(duration_ns / 1e6) END AS slow,
        coalesce(http_response_code, 0) AS code, coalesce(span_status = 'ERROR', false) AS failed
    FROM spans
), families AS (
    SELECT trace_id, parent_span_id AS span_id, count(*) AS children, sum(duration_ns) AS inside
    FROM told WHERE record_kind = 'span' AND parent_span_id IS NOT NULL GROUP BY ALL
), beginnings AS (
    SELECT trace_id, span_id AS parent_span_id, min(time_unix_nano) AS begun
    FROM told WHERE record_kind = 'span' GROUP BY ALL
), whole AS (
    SELECT trace_id, ln(count(*)) AS spans,
        ln(greatest((max(end_time_unix_nano) - min(time_unix_nano)) / 1e6, 0.001)) AS length,
        ln(1 + count(*) FILTER (failed)) AS failures
    FROM told GROUP BY ALL
), medians AS (SELECT operation_key, median(slow) AS usual FROM told GROUP BY ALL),
bins AS (
    SELECT operation_key, bin, count(*) AS volume, round(avg(slow) - usual, 6) AS slowness
    FROM told JOIN medians USING (operation_key) GROUP BY operation_key, bin, usual
), crowds AS (SELECT operation_key, median(volume) AS usual_volume FROM bins GROUP BY ALL)
SELECT told.*, coalesce(children, 0) AS children,
    CASE WHEN slow IS NOT NULL THEN ln(greatest(duration_ns - coalesce(inside, 0), 1000) / 1e6) END AS self_time,
    CASE WHEN begun IS NOT NULL THEN ln(greatest(time_unix_nano - begun, 1000) / 1e6) END AS wait,
    ln(count(*) OVER (PARTITION BY told.trace_id, told.parent_span_id, operation_key)) AS repeats,
    slow - usual AS slower, ln(volume) AS volume, slowness AS operation_slowness,
    CASE WHEN span_kind = 'Client' THEN ln(1 + greatest(exp(slow) - exp(usual), 0)) END AS longer,
    CASE WHEN span_kind = 'Client' THEN slowness END AS call_slowness,
    CASE WHEN db_query_text IS NOT NULL THEN ln(volume / usual_volume) END AS crowd,
    whole.spans AS trace_spans, whole.length AS trace_length, whole.failures AS trace_failures, span_depth.depth
FROM told JOIN span_depth USING (row) JOIN medians USING (operation_key) JOIN bins USING (operation_key, bin)
    JOIN crowds USING (operation_key) LEFT JOIN families USING (trace_id, span_id)
    LEFT JOIN beginnings USING (trace_id, parent_span_id) LEFT JOIN whole USING (trace_id)
"""

# Of a trace's rows of `known_spans`.
CALLS = ", ".join(f"coalesce(max({column}), 0) AS {name}" for name, (column, _) in CALLED.items())

QUERY = f"""
WITH services AS (
    SELECT service_key, bin, ln(count(*)) AS service_volume, avg(failed::INT) AS failing,
        round(coalesce(avg(slower), 0), 6) AS slowness
    FROM known_spans GROUP BY ALL
), calls AS (
    SELECT trace_id, {CALLS} FROM known_spans WHERE trace_id IS NOT NULL GROUP BY ALL
), everyone AS (SELECT bin, round(coalesce(avg(slower), 0), 6) AS slowness FROM known_spans GROUP BY ALL)
SELECT k.row, k.time_unix_nano AS start_ns, k.end_time_unix_nano AS known_ns, k.trace_id,
    slow AS duration_z, self_time AS self_time_z, wait AS wait_z,
    (code >= 500 OR (code = 0 AND failed))::INT AS status, (code BETWEEN 400 AND 499)::INT AS refused,
    failed::INT AS failed,
    depth, ln(1 + children) AS children, repeats, ln(1 + coalesce(events_count, 0)) AS events,
    trace_spans AS trace_spans_z, trace_length AS trace_duration_z, trace_failures AS trace_failed,
    {", ".join(f"calls.{name} AS trace_{name}" for name in CALLED)},
    volume AS volume_z, operation_slowness AS operation_slowness_z,
    avg((code >= 400 OR failed)::INT) OVER (PARTITION BY operation_key, bin) AS operation_failing_z,
    service_volume AS service_volume_z, services.failing AS service_failing_z, services.slowness AS service_slowness_z,
    everyone.slowness AS slowness_z,
    {host.COLUMNS},
    {actors.COLUMNS},
    operation_key AS by_operation, service_key AS by_service, 0::UBIGINT AS by_all
FROM known_spans k JOIN services USING (service_key, bin) JOIN everyone USING (bin)
    LEFT JOIN calls USING (trace_id) LEFT JOIN actors USING (trace_id)
    ASOF LEFT JOIN host ON k.time_unix_nano >= host.since
"""
