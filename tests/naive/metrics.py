"""Data points of metrics."""

from __future__ import annotations

from typing import Any

from . import identity
from .common import Draft, Group, enum_of, groups, integer_of, milliseconds
from .finish import finish
from .values import LONG_MAX, double_name, double_text, map_json, plain_text, put, read_attributes, read_double, read_id

Json = dict[str, Any]
KINDS = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"]
TEMPORALITIES = [f"AGGREGATION_TEMPORALITY_{name}" for name in ("UNSPECIFIED", "DELTA", "CUMULATIVE")]
NO_RECORDED_VALUE = 1
LOG, COLLECT = 1, 2


def point_events(request: Json, mode: str) -> list[Json]:
    """Return the events of a request's data points."""
    found = []
    for group, metric in groups(request, "resourceMetrics", "scopeMetrics", "metrics"):
        for kind in KINDS:
            for point in (metric.get(kind) or {}).get("dataPoints") or []:
                found.append(finish(point_event(group, metric, kind, point), mode))
    return found


def is_zero(value: float) -> bool:
    """Say whether protobuf leaves a double out: -0.0 it writes."""
    return str(value) == "0.0"


def is_scraped(group: Group, metric: Json) -> bool:
    name = group.scope.get("name") or ""
    return name.endswith("/prometheusreceiver") or any(
        key == "prometheus.type" for key, _ in read_attributes(metric.get("metadata"))
    )


def point_event(group: Group, metric: Json, kind: str, point: Json) -> Json:
    entries = read_attributes(point.get("attributes"))
    draft = Draft(group, "otel.metrics")
    start, time = integer_of(point, "startTimeUnixNano"), integer_of(point, "timeUnixNano")
    temporality = enum_of(metric[kind], "aggregationTemporality", TEMPORALITIES)
    form = identity.of_point(group.scope, group.scope_url, metric, kind, temporality, point)
    draft.time(time)
    draft.unsigned(draft.otel, "time_nano", time, "otel.time_nano")
    draft.unsigned(draft.otel, "start_time_nano", start, "otel.start_time_nano")
    draft.metadata["uid"] = identity.uid(b"metrics", group.hash, identity.long(time), form)
    draft.event |= {
        "class_uid": 99905001,
        "activity_id": COLLECT if is_scraped(group, metric) else LOG,
        "severity_id": 1,
        "status_id": 0,
        "metric_point": metric_point(draft, metric, kind, temporality, point),
    }
    put(
        draft.event,
        start_time=milliseconds(start),
        end_time=milliseconds(time),
        message=metric.get("name") or None,
        service=group.source.service(),
    )
    put(draft.otel, flag_bits=integer_of(point, "flags") or None)
    # Text alone is in the tags already.
    typed = any(value[0] != "str" for _, value in entries)
    return draft.close(entries if typed else [], set())


def metric_point(draft: Draft, metric: Json, kind: str, temporality: int, point: Json) -> Json:
    held: Json = put(
        {"name": metric.get("name") or "", "type_id": KINDS.index(kind) + 1},
        desc=metric.get("description") or None,
        unit=metric.get("unit") or None,
        tags=[{"name": key, "value": plain_text(value)} for key, value in read_attributes(point.get("attributes"))],
        metadata_map=map_json(read_attributes(metric.get("metadata"))),
    )
    if kind not in ("gauge", "summary"):
        held["temporality_id"] = temporality
    if kind == "sum":
        held["is_monotonic"] = bool(metric[kind].get("isMonotonic"))
    held["value"] = ""
    missing = bool(integer_of(point, "flags") & NO_RECORDED_VALUE)
    if missing:
        held["is_value_missing"] = True
    if kind in ("gauge", "sum"):
        put_number(draft, held, point, "metric_point.", None if missing else held)
        return put(held, exemplars=exemplars(draft, point))
    draft.count(held, "point_count", integer_of(point, "count"), "metric_point.point_count")
    for name in ("sum", "min", "max"):
        value = None if point.get(name) is None else read_double(point[name])
        # Protobuf keeps no presence of a summary's sum.
        if value is not None and not (kind == "summary" and is_zero(value)):
            draft.double(held, f"point_{name}", value, f"metric_point.point_{name}")
            if name == "sum" and not missing:
                held["value"] = double_name(value) or double_text(value)
    put_list(draft, held, "explicit_bounds", [read_double(bound) for bound in point.get("explicitBounds") or []])
    put_list(draft, held, "bucket_counts", [int(count) for count in point.get("bucketCounts") or []])
    if kind == "exponentialHistogram":
        put_exponential(draft, held, point)
    if kind == "summary":
        held |= put({}, quantile_values=quantiles(draft, point))
    return put(held, exemplars=exemplars(draft, point))


def put_number(draft: Draft, node: Json, source: Json, path: str, valued: Json | None) -> None:
    """Set `value_long` or `value_double`, and `value` where there is one."""
    text = None
    if source.get("asInt") is not None:
        node["value_long"] = int(source["asInt"])
        text = str(node["value_long"])
    elif source.get("asDouble") is not None:
        number = read_double(source["asDouble"])
        draft.double(node, "value_double", number, path + "value_double")
        text = double_name(number) or double_text(number)
    if valued is not None and text is not None:
        valued["value"] = text


def put_list(draft: Draft, node: Json, name: str, items: list[Any], path: str = "metric_point.") -> None:
    """Set a list, or every element of it beside when there is one that it cannot hold."""
    if any(item > LONG_MAX if isinstance(item, int) else double_name(item) for item in items):
        for index, item in enumerate(items):
            text = str(item) if isinstance(item, int) else double_name(item) or double_text(item)
            draft.non_finite[f"{path}{name}.{index}"] = text
    elif items:
        node[name] = items


def put_exponential(draft: Draft, held: Json, point: Json) -> None:
    put(held, scale=integer_of(point, "scale"))
    draft.count(held, "zero_count", integer_of(point, "zeroCount"), "metric_point.zero_count")
    threshold = read_double(point.get("zeroThreshold"))
    draft.double(held, "zero_threshold", threshold, "metric_point.zero_threshold")
    for name in ("positive", "negative"):
        buckets = point.get(name) or {}
        offset, counts = integer_of(buckets, "offset"), [int(count) for count in buckets.get("bucketCounts") or []]
        if offset or counts:
            held[name] = {"bucket_offset": offset}
            held[name]["bucket_counts"] = []
            put_list(draft, held[name], "bucket_counts", counts, f"metric_point.{name}.")


def quantiles(draft: Draft, point: Json) -> list[Json]:
    found = []
    for index, held in enumerate(point.get("quantileValues") or []):
        # The quantile is required.
        node: Json = {"quantile": 0.0}
        path = f"metric_point.quantile_values.{index}."
        draft.double(node, "quantile", read_double(held.get("quantile")), path + "quantile")
        draft.double(node, "value_double", read_double(held.get("value")), path + "value_double")
        found.append(node)
    return found


def exemplars(draft: Draft, point: Json) -> list[Json]:
    return [exemplar(draft, held, index) for index, held in enumerate(point.get("exemplars") or [])]


def exemplar(draft: Draft, held: Json, index: int) -> Json:
    path = f"metric_point.exemplars.{index}."
    time = integer_of(held, "timeUnixNano")
    node: Json = {"time": milliseconds(time) or 0}
    draft.unsigned(node, "time_nano", time, path + "time_nano")
    put_number(draft, node, held, path, None)
    return put(
        node,
        trace_uid=read_id(held.get("traceId")) or None,
        span_uid=read_id(held.get("spanId")) or None,
        attribute_map=map_json(read_attributes(held.get("filteredAttributes"))),
    )
