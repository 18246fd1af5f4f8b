"""The windows level: one unit a service and window of windows.parquet, by the metrics of that service."""

from __future__ import annotations

from ..units import Feature

FEATURES = (
    Feature("strongest", "the largest |z| of the service's series", "series", one_liner="metric"),
    Feature("mean", "the mean |z| of the service's series", "series"),
    Feature("wide", "the share of the service's series with |z| above 3", "series"),
    Feature("risen", "the mean z of the series that rose", "series"),
    Feature("fallen", "the mean -z of the series that fell", "series"),
    Feature("unseen", "the share of series that training does not have", "series"),
    Feature("everywhere", "the mean |z| of all services' series in this window", "series"),
    Feature(
        "volume_z",
        "robust z of ln(1 + logs and spans of the service in the window)",
        "z",
        "service",
        one_liner="volume",
    ),
)

# A series' value in a window is the mean of its points: a gauge's value, a counter's rate, a histogram's mean (and its
# rate, as a series of its own); on a logarithmic scale, the sign kept. {windows} is the labelled file.
TABLE = """
CREATE OR REPLACE TEMP TABLE known_windows AS
SELECT row_number() OVER (ORDER BY window_start_ns, service) - 1 AS unit, window_start_ns AS start_ns,
    service, label, episode
FROM {windows} WHERE signal = 'metrics';

CREATE OR REPLACE TEMP TABLE known_series AS
WITH told AS (
    SELECT *, coalesce(sum, metric_value) AS total, hash(service, metric_name, coalesce(attributes, ''),
            regexp_replace(coalesce(resource, ''), '"service\\.version":"[^"]*"', '')) AS series,
        temporality = 'Cumulative' AND coalesce(is_monotonic, metric_type LIKE '%histogram') AS cumulative
    FROM points WHERE NOT metric_name LIKE '%\\_created' ESCAPE '\\'
), stepped AS (
    SELECT *, (time_unix_nano - lag(time_unix_nano) OVER before) / 1e9 AS seconds,
        count - CASE WHEN cumulative THEN lag(count) OVER before ELSE 0 END AS more,
        total - CASE WHEN cumulative THEN lag(total) OVER before ELSE 0 END AS step
    FROM told WINDOW before AS (PARTITION BY series ORDER BY time_unix_nano, row)
), valued AS (
    SELECT service, time_unix_nano, series,
        CASE WHEN metric_type LIKE '%histogram' THEN CASE WHEN more > 0 THEN step / more END
            WHEN cumulative THEN CASE WHEN seconds > 0 AND step >= 0 THEN step / seconds END
            ELSE metric_value END AS value
    FROM stepped
    UNION ALL
    SELECT service, time_unix_nano, hash(series, 'rate'), more / seconds
    FROM stepped WHERE metric_type LIKE '%histogram' AND seconds > 0 AND more >= 0
)
SELECT unit, series, avg(sign(value) * ln(1 + abs(value))) AS value
FROM valued v ASOF JOIN known_windows w ON v.service = w.service AND v.time_unix_nano >= w.start_ns
WHERE value IS NOT NULL AND isfinite(value) AND v.time_unix_nano < w.start_ns + 60000000000
GROUP BY ALL ORDER BY unit, series;
"""

SERIES = "SELECT unit, series, value FROM known_series ORDER BY unit, series"

QUERY = """
WITH records AS (SELECT service, time_unix_nano FROM spans UNION ALL SELECT service, time_unix_nano FROM logs),
counted AS (
    SELECT unit, count(*) AS records
    FROM records r ASOF JOIN known_windows w ON r.service = w.service AND r.time_unix_nano >= w.start_ns
    WHERE r.time_unix_nano < w.start_ns + 60000000000 GROUP BY unit
)
SELECT unit, -1 AS row, start_ns, start_ns + 60000000000 - 1 AS known_ns, w.label, w.episode,
    ln(1 + coalesce(records, 0)) AS volume_z, hash(w.service) AS by_service
FROM known_windows w LEFT JOIN counted USING (unit)
"""
