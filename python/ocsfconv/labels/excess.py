"""How far each record lies beyond what is normal for its kind: the column `excess`.

Filled in as tables: `span_excess`, `log_excess`, `point_excess` (row, excess). Normal is unaffected time, of the same
run or of the paired control run. Nothing is labelled by it.
"""

from __future__ import annotations

from ocsfconv.labels.store import Store

ENOUGH = 5
"""From how many records on their middle is taken for normal."""
SHORTEST_MS = 1e-3
"""A span's duration is taken for at least this, which has a logarithm."""
SPREAD = 1.4826
"""Makes the median distance from the median comparable with a standard deviation."""
VALUE = "CASE WHEN NOT counts THEN v WHEN dn IS NOT NULL THEN d / nullif(dn, 0) WHEN t > s THEN d / (t - s) * 1e9 END"
"""What is compared of a point: its value; of a counter its rate; of a distribution its new observations' mean."""

QUERIES = """
CREATE TABLE usual AS
    SELECT alike, median(ln(greatest(ms, {shortest}))) AS middle, quantile_cont(ms, 0.95) AS p95
    FROM {base}.spans WHERE calm AND is_span AND ms IS NOT NULL GROUP BY alike HAVING count(*) >= {enough};
CREATE TABLE span_excess AS
    WITH own AS (
        SELECT row, trace_id, span_id, is_span, ln(greatest(ms, {shortest})) - middle AS excess
        FROM run.spans LEFT JOIN usual USING (alike)
    ), whole AS (SELECT trace_id, span_id, any_value(excess) AS excess FROM own WHERE is_span GROUP BY ALL)
    SELECT row, excess FROM own WHERE is_span
    UNION ALL
    SELECT own.row, whole.excess FROM own LEFT JOIN whole USING (trace_id, span_id) WHERE NOT is_span;
CREATE TABLE log_excess AS
    WITH served AS (
        SELECT trace_id, service, arg_min(excess, t) AS excess, min(t) AS t
        FROM run.spans JOIN span_excess USING (row) WHERE kind = 'Server' AND is_span AND trace_id IS NOT NULL
        GROUP BY trace_id, service
    ), first AS (SELECT trace_id, arg_min(excess, t) AS excess FROM served GROUP BY trace_id)
    SELECT row, coalesce(served.excess, first.excess) AS excess
    FROM run.logs LEFT JOIN served USING (trace_id, service) LEFT JOIN first USING (trace_id);
CREATE TABLE point_excess AS
    WITH compared AS (SELECT series, {value} AS x FROM {base}.points WHERE calm),
    usual AS (
        SELECT series, median(x) AS middle, mad(x) * {spread} AS spread, stddev_samp(x) AS deviation
        FROM compared WHERE x IS NOT NULL AND isfinite(x) GROUP BY series HAVING count(*) >= {enough}
    ), asked AS (SELECT row, series, {value} AS x FROM run.points)
    SELECT row, CASE WHEN x = middle THEN 0.0 ELSE
        (x - middle) / CASE WHEN spread > 0 THEN spread WHEN deviation > 0 THEN deviation END END AS excess
    FROM asked LEFT JOIN usual USING (series);
"""


def find_excess(store: Store) -> None:
    """Make the tables."""
    store.db.execute(QUERIES.format(base=store.base, enough=ENOUGH, shortest=SHORTEST_MS, spread=SPREAD, value=VALUE))
