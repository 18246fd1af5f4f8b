"""How busy the host was around a record: what metrics tell of each of them."""

from __future__ import annotations

from ..units import Feature

FEATURES = (Feature("host_busy", "share of the host's processor time in use between the scrapes around the record"),)

# One row a scrape of a host; `points` must exist. `system.cpu.time` counts the seconds of each processor and state
# (OpenTelemetry semantic conventions, system metrics).
TABLE = """
CREATE OR REPLACE TEMP TABLE host AS
WITH scraped AS (
    SELECT resource, time_unix_nano AS until, sum(coalesce(sum, metric_value)) AS total,
        sum(coalesce(sum, metric_value)) FILTER (regexp_matches(attributes, '"state":"(idle|wait)"')) AS idle
    FROM points WHERE metric_name = 'system.cpu.time' GROUP BY ALL
), stepped AS (
    SELECT lag(until) OVER before AS since, total - lag(total) OVER before AS passed,
        idle - lag(idle) OVER before AS idle
    FROM scraped WINDOW before AS (PARTITION BY resource ORDER BY until)
)
SELECT since, avg(1 - idle / passed) AS busy FROM stepped WHERE passed > 0 AND idle BETWEEN 0 AND passed GROUP BY ALL
"""

# For a table joined with `host` on `since`, the last before a record.
COLUMNS = "coalesce(host.busy, 0) AS host_busy"
