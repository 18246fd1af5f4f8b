"""What a footprint can be measured by: which rows count, how they become one number, and what it is held against.

A measure's value is that number while the episode was in effect; its baseline the same in unaffected time. Counts can
be taken per second, or per request of ordinary visitors: arrivals do not slow down with the shop, and the day's curve
is in both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocsfconv.labels.store import ENTRANCE, Store, literal, one_of

Json = dict[str, Any]
ROWS = {
    "traces": "SELECT {columns} FROM {schema}.spans WHERE is_span AND {where}",
    "logs": "SELECT {columns} FROM {schema}.logs WHERE {where}",
    "metrics": "SELECT {columns} FROM {schema}.points WHERE {where}",
}
FILTERS = {
    "traces": ("service", "route", "pattern", "name", "kind", "system", "status", "attributes"),
    "logs": ("service", "route", "pattern", "name", "status", "attributes"),
    "metrics": ("service", "metric", "attributes"),
}
"""What may narrow a measure, by signal; `name` is a span's name or a log event's, `metric` a regular expression."""
FAILED = "(span_status = 'ERROR' OR code >= 500)"


@dataclass(frozen=True, slots=True)
class Measure:
    """How a number is made of rows.

    `column` is what is taken of each row, as `v`; `number` the SQL aggregate over `v`; `per` None, `second`, `request`
    or `hold` (a count over as long as the episode was in effect). A ratio's value is the number over the baseline's.
    """

    signals: tuple[str, ...]
    number: str
    column: str = "1"
    per: str | None = None
    ratio: bool = False
    defaults: tuple[tuple[str, Any], ...] = ()
    needs: tuple[str, ...] = ()


def _quantile(share: float) -> Measure:
    return Measure(("traces",), f"quantile_cont(v, {share})", column="ms", ratio=True)


MEASURES = {
    "duration_p50_ratio": _quantile(0.5),
    "duration_p95_ratio": _quantile(0.95),
    "duration_p99_ratio": _quantile(0.99),
    "error_share": Measure(("traces", "logs"), "avg(v)", column="failed"),
    "count_ratio": Measure(("traces", "logs"), "sum(v)", per="request", ratio=True),
    "rate_per_s": Measure(("traces", "logs"), "sum(v)", per="second"),
    "spans_per_trace_ratio": Measure(("traces",), "avg(v)", ratio=True),
    "log_count": Measure(("logs",), "sum(v)", per="hold"),
    "login_failures_per_s": Measure(
        ("logs",), "sum(v)", per="second", defaults=(("name", "auth.login"), ("status", "Failure"))
    ),
    "bytes_out_ratio": Measure(
        ("logs",), "sum(v)", column="bytes_out", per="request", ratio=True, defaults=(("name", "http.access"),)
    ),
    "metric_mean_ratio": Measure(("metrics",), "mean", ratio=True, needs=("metric",)),
    "metric_max": Measure(("metrics",), "max(v)", column="v", needs=("metric",)),
    "metric_delta_rate_ratio": Measure(("metrics",), "delta", per="request", ratio=True, needs=("metric",)),
    "metric_delta_rate": Measure(("metrics",), "delta", per="second", needs=("metric",)),
}
"""All measures, by the names that scenarios call them."""


def rows(store: Store, spec: Json, schema: str) -> str:
    """The rows that a footprint's entry is about: SQL with the columns `t`, `calm` and what the measure needs."""
    signal, measure = spec["signal"], MEASURES[spec["measure"]]
    spec = {**dict(measure.defaults), **spec}
    if spec["measure"] == "spans_per_trace_ratio":
        return _spans_per_trace(store, spec, schema)
    failed = None
    if measure.column == "failed":
        failed = _status(signal, spec.get("status"))
        spec = {key: value for key, value in spec.items() if key != "status"}
    tests = _tests(store, spec, schema)
    if signal == "metrics":
        columns = "service, name, series, counts, s, t, v, d, dn, calm"
    else:
        columns = f"t, calm, {f'({failed})::INTEGER' if failed else measure.column} AS v"
    return ROWS[signal].format(columns=columns, schema=schema, where=" AND ".join(tests) or "true")


def _tests(store: Store, spec: Json, schema: str) -> list[str]:
    """The conditions of an entry's filters."""
    signal = spec["signal"]
    found = [one_of("service", spec["service"])] if "service" in spec else []
    makers: dict[str, Callable[[Json, str], list[str]]] = {"traces": _of_spans, "logs": _of_logs, "metrics": _of_points}
    return [*found, *makers[signal](spec, schema), *_attributes(spec, store.paths[schema][signal])]


def _of_spans(spec: Json, schema: str) -> list[str]:
    kind = spec.get("kind", "Client" if "pattern" in spec else "any" if "name" in spec else "Server")
    found = [] if kind == "any" else [one_of("lower(kind)", _lower(kind))]
    if "route" in spec:
        routes = one_of("route", spec["route"])
        served = f"trace_id IN (SELECT trace_id FROM {schema}.spans WHERE kind = 'Server' AND {routes})"
        found.append(routes if str(kind).lower() == "server" else served)
    if "pattern" in spec:
        found.append(f"regexp_matches(query, {literal(spec['pattern'])})")
    if "name" in spec:
        found.append(f"regexp_matches(operation, {literal(spec['name'])})")
    if "system" in spec:
        found.append(one_of("system", spec["system"]))
    if "status" in spec:
        found.append(_status("traces", spec["status"]))
    return found


def _of_logs(spec: Json, schema: str) -> list[str]:
    found = []
    if "route" in spec:
        routes = one_of("route", spec["route"])
        served = f"SELECT trace_id FROM {schema}.spans WHERE kind = 'Server' AND {routes}"
        found.append(f"({routes} OR trace_id IN ({served}))")
    if "pattern" in spec:
        found.append(f"regexp_matches(message, {literal(spec['pattern'])})")
    if "name" in spec:
        found.append(one_of("event", spec["name"]))
    if "status" in spec:
        found.append(_status("logs", spec["status"]))
    return found


def _of_points(spec: Json, _: str) -> list[str]:
    return [f"regexp_matches(name, {literal(spec['metric'])})"]


def _status(signal: str, status: Any) -> str:
    """Whether a record has a status: a code or several, `5xx`, `error` (also without one), `Failure`."""
    if isinstance(status, list):
        return "(" + " OR ".join(_status(signal, one) for one in status) + ")"
    if status is None or str(status).lower() == "error":
        return f"coalesce({FAILED if signal == 'traces' else 'severity >= 4'}, false)"
    text = str(status)
    if len(text) == 3 and text[0].isdigit():
        low = int(text.lower().replace("x", "0"))
        high = int(text.lower().replace("x", "9"))
        return f"coalesce(code BETWEEN {low} AND {high}, false)"
    column = "span_status" if signal == "traces" else "status"
    return f"coalesce(lower({column}) = {literal(text.lower())}, false)"


def _attributes(spec: Json, path: Path) -> list[str]:
    """Attributes stand in the files alone: they are looked up there, by row."""
    if not spec.get("attributes"):
        return []
    tests = (
        one_of(
            f"json_extract_string(attributes, {literal(_path(key))})",
            [_text(one) for one in (value if isinstance(value, list) else [value])],
        )
        for key, value in spec["attributes"].items()
    )
    source = f"read_parquet({literal(path)}, file_row_number = true)"
    return [f"row IN (SELECT file_row_number FROM {source} WHERE {' AND '.join(tests)})"]


def _path(key: str) -> str:
    return '$."' + key.replace('"', '""') + '"'


def _text(value: Any) -> str:
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _lower(kind: Any) -> list[str]:
    return [str(one).lower() for one in (kind if isinstance(kind, list) else [kind])]


def _spans_per_trace(store: Store, spec: Json, schema: str) -> str:
    """One row a trace: `service` and `route` choose traces by their SERVER span, the other filters what is counted."""
    roots = [one_of("service", spec.get("service", ENTRANCE)), "kind = 'Server'", "is_span"]
    if "route" in spec:
        roots.append(one_of("route", spec["route"]))
    kept = {key: value for key, value in spec.items() if key not in ("service", "route")}
    counted = " AND ".join(_tests(store, {"kind": "any", **kept}, schema)) or "true"
    return f"""SELECT t, calm, coalesce(held, 0) AS v
        FROM (SELECT trace_id, min(t) AS t, bool_and(calm) AS calm FROM {schema}.spans WHERE {" AND ".join(roots)}
              GROUP BY trace_id)
        LEFT JOIN (SELECT trace_id, count(*) AS held FROM {schema}.spans WHERE is_span AND {counted} GROUP BY trace_id)
        USING (trace_id)"""
