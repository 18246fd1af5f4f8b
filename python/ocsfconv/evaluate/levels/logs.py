"""The logs level: one unit a record of ocsf_logs.parquet."""

from __future__ import annotations

from ..units import Feature
from . import actors, host

FEATURES = (
    Feature("duration_z", "robust z of ln(duration) within route or template", "z", "kind", one_liner="duration"),
    Feature("template_rarity", "-ln(share of the template in training)", "rarity", "template", one_liner="template"),
    Feature("status", "1 when the status is 500 or above", one_liner="status"),
    Feature("refused", "1 when the status is 400 to 499"),
    Feature("severity", "OCSF's severity_id: 1 informational to 6 fatal"),
    Feature("has_error", "1 when the record names an error or an exception"),
    Feature("bytes_z", "robust z of ln(bytes sent) within route or template", "z", "kind"),
    Feature("length_z", "robust z of ln(length of the message) within the template", "z", "template"),
    Feature(
        "volume_z",
        "robust z of ln(records of the template in these 10 s) within the template",
        "z",
        "template",
        "volume",
    ),
    Feature(
        "kind_slowness_z",
        "robust z of the mean ln(duration / its route's median) of the route in these 10 s",
        "z",
        "kind",
    ),
    Feature(
        "kind_failing_z",
        "robust z of the route's or template's share of statuses 400 and above in these 10 s",
        "z",
        "kind",
    ),
    Feature("service_volume_z", "robust z of ln(records of the service in these 10 s)", "z", "service"),
    Feature(
        "service_failing_z", "robust z of the service's share of warnings and errors in these 10 s", "z", "service"
    ),
    Feature(
        "service_refused_z", "robust z of the service's share of statuses 400 to 499 in these 10 s", "z", "service"
    ),
    Feature(
        "service_slowness_z",
        "robust z of the service's mean ln(duration / its route's median) in these 10 s",
        "z",
        "service",
    ),
    Feature("slowness_z", "the same over all services", "z", "all"),
    *host.FEATURES,
    *actors.FEATURES,
)

# {label} and {episode} come from the labels, joined by row; `template` names a table of messages and their templates.
QUERY = f"""
WITH told AS (
    SELECT l.*, l.time_unix_nano // 10000000000 AS bin,
        hash(l.service, t.template) AS template_key,
        hash(l.service, coalesce(l.http_request_method || l.http_route, t.template)) AS kind_key,
        hash(l.service) AS service_key,
        CASE WHEN l.duration > 0 THEN ln(l.duration) END AS slow,
        coalesce(l.http_response_code, 0) AS code
    FROM logs l JOIN templates t USING (message)
), calm AS (
    SELECT *, slow - median(slow) OVER (PARTITION BY kind_key) AS slower FROM told
), services AS (
    SELECT service_key, bin, ln(count(*)) AS volume,
        avg((severity_id >= 3)::INT) AS failing, avg((code BETWEEN 400 AND 499)::INT) AS refused,
        round(coalesce(avg(slower), 0), 6) AS slowness
    FROM calm GROUP BY ALL
), everyone AS (SELECT bin, round(coalesce(avg(slower), 0), 6) AS slowness FROM calm GROUP BY ALL)
SELECT c.row, c.time_unix_nano AS start_ns, c.time_unix_nano AS known_ns, c.trace_id,
    slow AS duration_z, (code >= 500)::INT AS status, (code BETWEEN 400 AND 499)::INT AS refused,
    severity_id AS severity,
    (error_type IS NOT NULL OR exception_type IS NOT NULL)::INT AS has_error,
    CASE WHEN traffic_bytes_out > 0 THEN ln(traffic_bytes_out) END AS bytes_z,
    ln(1 + length(message)) AS length_z,
    ln(count(*) OVER (PARTITION BY template_key, bin)) AS volume_z,
    round(avg(slower) OVER (PARTITION BY kind_key, bin), 6) AS kind_slowness_z,
    avg((code >= 400)::INT) OVER (PARTITION BY kind_key, bin) AS kind_failing_z,
    services.volume AS service_volume_z, services.failing AS service_failing_z, services.refused AS service_refused_z,
    services.slowness AS service_slowness_z, everyone.slowness AS slowness_z,
    {host.COLUMNS},
    {actors.COLUMNS},
    template_key AS by_template, kind_key AS by_kind, service_key AS by_service, 0::UBIGINT AS by_all
FROM calm c JOIN services USING (service_key, bin) JOIN everyone USING (bin) LEFT JOIN actors USING (trace_id)
    ASOF LEFT JOIN host ON c.time_unix_nano >= host.since
"""
