"""Flat rows: what `rust_converter/schema/flat_*.json` says of each column, looked up in the event and its record."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from .common import Group, groups, integer_of
from .finish import finish
from .logs import duration_of, log_event
from .metrics import KINDS, NO_RECORDED_VALUE, is_scraped, point_event
from .semconv import Known
from .traces import SERVER, exception_event, kind_of, span_event
from .values import (
    LONG_MAX,
    Attributes,
    integer,
    json_text,
    map_json,
    number,
    plain_text,
    read_attributes,
    read_double,
)

Json = dict[str, Any]
CONTRACTS = Path(__file__).parents[2] / "rust_converter" / "schema"
TYPES = {
    "histogram": "histogram",
    "exponentialHistogram": "exponential_histogram",
    "gauge": "gauge",
    "summary": "summary",
}


@cache
def contract(signal: str) -> list[Json]:
    """Return the columns of a signal's flat file."""
    columns: list[Json] = json.loads((CONTRACTS / f"flat_{signal}.json").read_text())
    return columns


def finite(value: float) -> float | None:
    """Return the number where it is one: a flat column has no other."""
    return value if math.isfinite(value) else None


# An attribute in a column of this type.
AS_TYPE = {"string": plain_text, "int64": integer, "double": number}


class Source:
    """An event, and the record that it was made of."""

    def __init__(self, event: Json, group: Group, entries: Attributes, *, server: bool = True) -> None:
        self.event = finish(event, "ext")
        self.group = group
        self.entries = entries
        self.known = Known(entries, server=server)
        self.rules: Json = {}

    def row(self, signal: str) -> Json:
        return {column["column"]: self.cell(column) for column in contract(signal)}

    def cell(self, column: Json) -> Any:
        value = self.rules[column["rule"]] if column["rule"] else None
        for source in column["source"]:
            value = self.look_up(source, column["type"])
            if value is not None:
                break
        if column["type"] == "double":
            return None if value is None else finite(float(value))
        return json_text(value) if isinstance(value, dict) else value

    def look_up(self, source: str, type_: str) -> Any:
        kind, _, name = source.rpartition(":")
        if kind:
            value = (self.group.known if kind == "resource" else self.known).get(name)
            return None if value is None else AS_TYPE[type_](value)
        node: Any = self.event
        for part in source.split("."):
            held = dict(enumerate(node)) if isinstance(node, list) else node
            node = held.get(int(part) if isinstance(node, list) else part)
            if node is None:
                return None
        return node


def rows(request: Json) -> Iterator[tuple[str, Json]]:
    """Yield the flat rows of a request with their signals, in order."""
    for group, log in groups(request, "resourceLogs", "scopeLogs", "logRecords"):
        source = Source(log_event(group, log), group, read_attributes(log.get("attributes")))
        source.rules = {"log_duration": duration_of(source.known)}
        yield "logs", source.row("logs")
    for group, span in groups(request, "resourceSpans", "scopeSpans", "spans"):
        for source in of_span(group, span):
            yield "traces", source.row("traces")
    for group, metric in groups(request, "resourceMetrics", "scopeMetrics", "metrics"):
        for kind in KINDS:
            for point in (metric.get(kind) or {}).get("dataPoints") or []:
                yield "metrics", of_point(group, metric, kind, point).row("metrics")


def of_span(group: Group, span: Json) -> Iterator[Source]:
    inner = span.get("events") or []
    start, end = integer_of(span, "startTimeUnixNano"), integer_of(span, "endTimeUnixNano")
    entries = read_attributes(span.get("attributes"))
    source = Source(span_event(group, span), group, entries, server=kind_of(span) == SERVER)
    source.rules = {
        "span_duration": (end - start) / 1e6 if start and 0 <= end - start <= LONG_MAX else None,
        "events_count": len(inner),
        "links_count": len(span.get("links") or []),
        "record_kind": "span",
    }
    yield source
    for index, event in enumerate(inner):
        if event.get("name") == "exception":
            found = exception_event(group, span, event, index)
            source = Source(found, group, read_attributes(event.get("attributes")))
            source.rules = dict.fromkeys(("span_duration", "events_count", "links_count")) | {
                "record_kind": "span_event"
            }
            yield source


def of_point(group: Group, metric: Json, kind: str, point: Json) -> Source:
    entries = read_attributes(point.get("attributes"))
    source = Source(point_event(group, metric, kind, point), group, entries)
    quantiles = point.get("quantileValues") or []
    value = next((point[name] for name in ("asInt", "asDouble", "sum") if point.get(name) is not None), None)
    if integer_of(point, "flags") & NO_RECORDED_VALUE:
        value = None
    job = source.look_up("attribute:job", "string")
    if job is None and is_scraped(group, metric):
        job = source.look_up("resource:service.name", "string")
    source.rules = {
        "metric_type": TYPES.get(kind) or ("counter" if metric[kind].get("isMonotonic") else "up_down_counter"),
        "job": job,
        "metric_value": None if value is None else read_double(value),
        "quantiles": [finite(read_double(held.get("quantile"))) for held in quantiles] or None,
        "quantile_values": [finite(read_double(held.get("value"))) for held in quantiles] or None,
        "point_attributes": map_json(entries) or None,
    }
    return source
