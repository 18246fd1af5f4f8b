"""The traces level: one unit a trace, with its spans and the logs that name it."""

from __future__ import annotations

from ..units import Feature
from . import actors, host
from .spans import CALLED, CALLS

FEATURES = (
    Feature(
        "duration_z",
        "robust z of ln(the root's duration) within the root's operation",
        "z",
        "root",
        one_liner="duration",
    ),
    Feature("length_z", "robust z of ln(last end less first begin) within the root's operation", "z", "root"),
    Feature(
        "template_rarity",
        "-ln(share, in training, of the trace's rarest log template)",
        "rarity",
        "rarest",
        one_liner="template",
    ),
    Feature("shape_rarity", "-ln(share of the trace's set of operations in training)", "rarity", "shape"),
    Feature("root_rarity", "-ln(share of the root's operation in training)", "rarity", "root"),
    Feature(
        "status",
        "1 when the root's status is 500 or above, or there is none and it ended in an error",
        one_liner="status",
    ),
    Feature("refused", "1 when the root's status is 400 to 499"),
    Feature("failed", "ln(1 + spans that ended in an error)"),
    Feature("spans_z", "robust z of ln(spans) within the root's operation", "z", "root"),
    Feature("depth", "the deepest span's ancestors"),
    Feature("services", "services that took part"),
    Feature("repeats", "ln(the most spans of one operation under one parent)"),
    Feature("slowest", "the largest ln(duration / the operation's median) of its spans"),
    Feature("longest", CALLED["longest"][1]),
    Feature("calls_slowness", CALLED["calls_slowness"][1]),
    Feature("database_z", "robust z of ln(1 + database spans) within the root's operation", "z", "root"),
    Feature(
        "root_database_z",
        "robust z of the mean ln(1 + database spans) of the root's operation in these 10 s",
        "z",
        "root",
    ),
    Feature("statements_volume", CALLED["statements_volume"][1]),
    Feature("logs_z", "robust z of ln(1 + log records) within the root's operation", "z", "root"),
    Feature("warnings", "ln(1 + log records that warn or tell of an error)"),
    Feature("bytes_z", "robust z of ln(bytes sent) within the root's operation", "z", "root"),
    Feature(
        "volume_z", "robust z of ln(traces of the root's operation in these 10 s) within it", "z", "root", "volume"
    ),
    Feature(
        "root_slowness_z",
        "robust z of the mean ln(duration / its median) of the root's operation in these 10 s",
        "z",
        "root",
    ),
    Feature(
        "root_failing_z", "robust z of the root operation's share of errors and refusals in these 10 s", "z", "root"
    ),
    Feature(
        "slowness_z", "robust z of the mean ln(root's duration / its operation's median) in these 10 s", "z", "all"
    ),
    Feature("failing_z", "robust z of the share of traces with a failed root in these 10 s", "z", "all"),
    *host.FEATURES,
    *actors.FEATURES,
)

# `known_spans` and `templates` must exist. The rarest template is so by count over the recording; how rare, training
# says.
QUERY = f"""
WITH roots AS (
    SELECT trace_id, arg_min(row, (depth, time_unix_nano, row)) AS row
    FROM known_spans WHERE trace_id IS NOT NULL GROUP BY ALL
), summed AS (
    SELECT trace_id, min(time_unix_nano) AS start_ns, max(end_time_unix_nano) AS known_ns, ln(count(*)) AS spans,
        ln(1 + count(*) FILTER (failed)) AS failures, max(depth) AS deepest, count(DISTINCT service_key) AS services,
        max(repeats) AS repeats, coalesce(max(slower), 0) AS slowest,
        ln(1 + count(*) FILTER (db_system IS NOT NULL)) AS queries, {CALLS},
        hash(list_sort(list(DISTINCT operation_key))) AS shape_key
    FROM known_spans WHERE trace_id IS NOT NULL GROUP BY ALL
), keyed AS (
    SELECT trace_id, row, severity_id, traffic_bytes_out, hash(service, template) AS template_key
    FROM logs JOIN templates USING (message)
), frequent AS (SELECT template_key, count(*) AS seen FROM keyed GROUP BY ALL),
told AS (
    SELECT trace_id, ln(1 + count(*)) AS records, ln(1 + count(*) FILTER (severity_id >= 3)) AS warnings,
        sum(traffic_bytes_out) AS bytes, arg_min(template_key, (seen, template_key)) AS rarest_key
    FROM keyed JOIN frequent USING (template_key) WHERE trace_id IS NOT NULL GROUP BY ALL
), joined AS (
    SELECT summed.*, told.* EXCLUDE (trace_id), root.operation_key AS root_key, root.slow, root.slower,
        root.code, root.failed, root.bin, root.code >= 500 OR (root.code = 0 AND root.failed) AS broken
    FROM summed JOIN roots USING (trace_id) JOIN known_spans root USING (row)
        LEFT JOIN told ON told.trace_id = summed.trace_id
), everyone AS (
    SELECT bin, round(coalesce(avg(slower), 0), 6) AS slowness, avg(broken::INT) AS failing FROM joined GROUP BY ALL
)
SELECT -1 AS row, start_ns, known_ns, j.trace_id,
    slow AS duration_z, ln(greatest((known_ns - start_ns) / 1e6, 0.001)) AS length_z,
    broken::INT AS status, (code BETWEEN 400 AND 499)::INT AS refused, failures AS failed,
    spans AS spans_z, deepest AS depth, services, repeats, slowest, longest, calls_slowness,
    queries AS database_z, round(avg(queries) OVER (PARTITION BY root_key, bin), 6) AS root_database_z,
    statements_volume,
    coalesce(records, 0) AS logs_z, coalesce(warnings, 0) AS warnings,
    CASE WHEN bytes > 0 THEN ln(bytes) END AS bytes_z,
    ln(count(*) OVER (PARTITION BY root_key, bin)) AS volume_z,
    round(avg(slower) OVER (PARTITION BY root_key, bin), 6) AS root_slowness_z,
    avg((code >= 400 OR failed)::INT) OVER (PARTITION BY root_key, bin) AS root_failing_z,
    everyone.slowness AS slowness_z, everyone.failing AS failing_z,
    {host.COLUMNS},
    {actors.COLUMNS},
    root_key AS by_root, shape_key AS by_shape, coalesce(rarest_key, 0) AS by_rarest, 0::UBIGINT AS by_all
FROM joined j JOIN everyone USING (bin) LEFT JOIN actors USING (trace_id)
    ASOF LEFT JOIN host ON j.start_ns >= host.since
"""
