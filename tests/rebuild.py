"""OTLP records out of nested events, and out of the official protobuf messages, in one form that can be compared.

In that form a field at its default is absent, attributes are sorted by key (repeated keys keep their order), times and
counts are integers, ids hexadecimal text, and a value is a list that begins with its type, so that 1, 1.0, "1" and true
stay apart. `records` reads messages, `rebuilt` reads events of `--schema ext`; neither knows the other's code.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

Json = dict[str, Any]
Value = list[Any]


def present(**fields: Any) -> Json:
    """The fields that are not at their default; values are never empty lists, so they stay."""
    return {name: value for name, value in fields.items() if value}


def double(number: float) -> Value:
    return ["double", "nan" if number != number else number.hex()]


def by_key(entries: Iterable[tuple[str, Value]]) -> list[list[Any]]:
    return sorted(([key, value] for key, value in entries), key=lambda entry: entry[0])


def identity(raw: bytes) -> str:
    """An id; OTLP says that one of zeros alone is none."""
    return raw.hex() if any(raw) else ""


def nonzero(number: float) -> Value | None:
    """A double without presence: zero is absent."""
    value = double(number)
    return None if value == double(0.0) else value


# --- From protobuf messages ------------------------------------------------------------------------------------------


def value_of(value: AnyValue) -> Value:
    kind = value.WhichOneof("value")
    held = getattr(value, kind) if kind else None
    match kind:
        case None:
            return ["empty"]
        case "double_value":
            return double(held)
        case "bytes_value":
            return ["bytes", held.hex()]
        case "array_value":
            return ["array", [value_of(item) for item in held.values]]
        case "kvlist_value":
            return ["kvlist", [[entry.key, value_of(entry.value)] for entry in held.values]]
    return [kind.removesuffix("_value"), held]


def attributes_of(entries: Iterable[KeyValue]) -> list[list[Any]]:
    return by_key((entry.key, value_of(entry.value)) for entry in entries)


def records(request: Any) -> list[Json]:
    """Every log record, span and metric point of a request, with the resource and scope it stands in."""
    ((_, groups),) = request.ListFields() or [(None, [])]
    return [record for group in groups for record in _group_records(group)]


def _group_records(group: Any) -> Iterator[Json]:
    resource = present(
        attributes=attributes_of(group.resource.attributes),
        dropped_attributes_count=group.resource.dropped_attributes_count,
        schema_url=group.schema_url,
    )
    name, inner, of = {
        "ResourceLogs": ("scope_logs", "log_records", _logs),
        "ResourceSpans": ("scope_spans", "spans", _spans),
        "ResourceMetrics": ("scope_metrics", "metrics", _points),
    }[type(group).__name__]
    for scoped in getattr(group, name):
        scope = present(
            name=scoped.scope.name,
            version=scoped.scope.version,
            attributes=attributes_of(scoped.scope.attributes),
            dropped_attributes_count=scoped.scope.dropped_attributes_count,
            schema_url=scoped.schema_url,
        )
        for record in getattr(scoped, inner):
            for held in of(record):
                yield {**held, "resource": resource, "scope": scope}


def _logs(log: Any) -> Iterator[Json]:
    body = value_of(log.body)
    yield present(
        signal="logs",
        time=log.time_unix_nano,
        observed_time=log.observed_time_unix_nano,
        severity_number=log.severity_number,
        severity_text=log.severity_text,
        body=None if body == ["empty"] else body,
        attributes=attributes_of(log.attributes),
        dropped_attributes_count=log.dropped_attributes_count,
        flags=log.flags,
        trace_id=identity(log.trace_id),
        span_id=identity(log.span_id),
        event_name=log.event_name,
    )


def _spans(span: Any) -> Iterator[Json]:
    yield present(
        signal="traces",
        trace_id=identity(span.trace_id),
        span_id=identity(span.span_id),
        trace_state=span.trace_state,
        parent_span_id=identity(span.parent_span_id),
        name=span.name,
        kind=span.kind,
        start_time=span.start_time_unix_nano,
        end_time=span.end_time_unix_nano,
        attributes=attributes_of(span.attributes),
        dropped_attributes_count=span.dropped_attributes_count,
        events=[
            present(
                time=event.time_unix_nano,
                name=event.name,
                attributes=attributes_of(event.attributes),
                dropped_attributes_count=event.dropped_attributes_count,
            )
            for event in span.events
        ],
        dropped_events_count=span.dropped_events_count,
        links=[
            present(
                trace_id=identity(link.trace_id),
                span_id=identity(link.span_id),
                trace_state=link.trace_state,
                attributes=attributes_of(link.attributes),
                dropped_attributes_count=link.dropped_attributes_count,
                flags=link.flags,
            )
            for link in span.links
        ],
        dropped_links_count=span.dropped_links_count,
        status_code=span.status.code,
        status_message=span.status.message,
        flags=span.flags,
    )


def _number(holder: Any) -> Value | None:
    match holder.WhichOneof("value"):
        case "as_int":
            return ["int", holder.as_int]
        case "as_double":
            return double(holder.as_double)
    return None


def _points(metric: Any) -> Iterator[Json]:
    kind = metric.WhichOneof("data")
    if kind is None:
        return
    data = getattr(metric, kind)
    for point in data.data_points:
        fields = present(
            signal="metrics",
            name=metric.name,
            description=metric.description,
            unit=metric.unit,
            metadata=attributes_of(metric.metadata),
            kind=kind,
            temporality=getattr(data, "aggregation_temporality", 0),
            is_monotonic=getattr(data, "is_monotonic", False),
            attributes=attributes_of(point.attributes),
            start_time=point.start_time_unix_nano,
            time=point.time_unix_nano,
            flags=point.flags,
            exemplars=[
                present(
                    attributes=attributes_of(exemplar.filtered_attributes),
                    time=exemplar.time_unix_nano,
                    span_id=identity(exemplar.span_id),
                    trace_id=identity(exemplar.trace_id),
                    value=_number(exemplar),
                )
                for exemplar in getattr(point, "exemplars", ())
            ],
        )
        yield fields | _kind_fields(kind, point)


def _kind_fields(kind: str, point: Any) -> Json:
    if kind in ("gauge", "sum"):
        return present(value=_number(point))
    if kind == "summary":
        quantiles = [[double(held.quantile), double(held.value)] for held in point.quantile_values]
        return present(count=point.count, sum=nonzero(point.sum), quantiles=quantiles)
    fields = present(
        count=point.count,
        **{name: double(getattr(point, name)) for name in ("sum", "min", "max") if point.HasField(name)},
    )
    if kind == "histogram":
        bounds = [double(bound) for bound in point.explicit_bounds]
        return fields | present(bucket_counts=list(point.bucket_counts), explicit_bounds=bounds)
    parts = {
        name: present(offset=getattr(point, name).offset, counts=list(getattr(point, name).bucket_counts))
        for name in ("positive", "negative")
    }
    zero_threshold = nonzero(point.zero_threshold)
    return fields | present(scale=point.scale, zero_count=point.zero_count, zero_threshold=zero_threshold, **parts)


# --- From events -----------------------------------------------------------------------------------------------------

KINDS = {1: "gauge", 2: "sum", 3: "histogram", 4: "exponential_histogram", 5: "summary"}
STATUS = {"UNSET": 0, "OK": 1, "ERROR": 2}
# The attributes that leave the map, the path that gives each back, and the names beside which it would have stayed.
MOVES: list[tuple[str, str, tuple[str, ...]]] = [
    ("http.request.method", "http_request.http_method", ("http.method",)),
    ("http.response.status_code", "http_response.code", ("http.status_code",)),
    ("url.path", "http_request.url.path", ("http.target", "http.url", "url.full")),
    ("db.query.text", "query_info.query_string", ("db.statement",)),
]


def parse(text: str | bytes) -> Any:
    """JSON, in which no object may name a key twice: one of the two would be lost."""

    def unique(entries: list[tuple[str, Any]]) -> Json:
        found = dict(entries)
        assert len(found) == len(entries), f"a key stands twice in {entries}"
        return found

    return json.loads(text, object_pairs_hook=unique)


def is_derived(event: Json) -> bool:
    """Whether the event repeats an exception that stands inside its span."""
    metadata = event["metadata"]
    return metadata["log_name"] == "otel.traces" and metadata.get("event_code") == "exception"


def value_from(value: Any) -> Value:
    match value:
        case None:
            return ["empty"]
        case bool():
            return ["bool", value]
        case int():
            return ["int", value]
        case float():
            return double(value)
        case str():
            return ["string", value]
        case list():
            return ["array", [value_from(item) for item in value]]
        case {"$bytes": text}:
            return ["bytes", base64.b64decode(text, validate=True).hex()]
        case {"$double": text}:
            return double(float(text))
    return ["kvlist", [[key, value_from(held)] for key, held in pairs_from(value)]]


def pairs_from(held: Json | None) -> list[tuple[str, Any]]:
    if held is None:
        return []
    if "$kvlist" in held:
        return [(key, value) for key, value in held["$kvlist"]]
    assert not any(key.startswith("$") for key in held), held
    return list(held.items())


def attributes_from(held: Json | None) -> list[list[Any]]:
    return by_key((key, value_from(value)) for key, value in pairs_from(held))


class Reader:
    """An event by its paths; what an attribute cannot hold is looked up in `otel.non_finite`."""

    def __init__(self, event: Json) -> None:
        self.event = event
        self.noted: Json = event["otel"].get("non_finite", {}) if "otel" in event else {}

    def get(self, path: str) -> Any:
        node: Any = self.event
        for part in path.split("."):
            if node is None:
                return None
            node = node[int(part)] if isinstance(node, list) else node.get(part)
        return node

    def count(self, path: str) -> int:
        return int(self.noted[path]) if path in self.noted else self.get(path) or 0

    def double(self, path: str) -> Value | None:
        number = float(self.noted[path]) if path in self.noted else self.get(path)
        return None if number is None else double(number)

    def items(self, path: str, of: Any) -> list[Any]:
        indexes = range(len(self.get(path) or ()))
        if f"{path}.0" in self.noted:
            indexes = range(sum(key.startswith(f"{path}.") for key in self.noted))
        return [of(f"{path}.{index}") for index in indexes]

    def number(self, path: str) -> Value | None:
        whole = self.get(f"{path}.value_long")
        return self.double(f"{path}.value_double") if whole is None else ["int", whole]


def rebuilt(event: Json) -> Json:
    """The record that an event of `--schema ext` stands for."""
    of = Reader(event)
    signal = event["metadata"]["log_name"].removeprefix("otel.")
    fields = {"logs": _log_from, "traces": _span_from, "metrics": _point_from}[signal](of)
    resource = present(
        attributes=attributes_from(of.get("otel.resource_map")),
        dropped_attributes_count=of.get("otel.dropped_resource_attributes_count"),
        schema_url=of.get("otel.resource_schema_url"),
    )
    scope = present(
        name=of.get("otel.scope.name"),
        version=of.get("otel.scope.version"),
        attributes=attributes_from(of.get("otel.scope.attribute_map")),
        dropped_attributes_count=of.get("otel.scope.dropped_attributes_count"),
        schema_url=of.get("otel.schema_url"),
    )
    return {**fields, "signal": signal, "resource": resource, "scope": scope}


def _record_attributes(of: Reader) -> list[list[Any]]:
    entries = [(key, value_from(value)) for key, value in pairs_from(of.get("otel.attribute_map"))]
    kept = {key for key, _ in entries}
    for name, path, beside in MOVES:
        moved = of.get(path)
        if moved is not None and kept.isdisjoint((name, *beside)):
            entries.append((name, value_from(moved)))
    return by_key(entries)


def _event_name(of: Reader) -> str | None:
    """`metadata.event_code`, unless the attribute `event.name` gave it."""
    given = [
        value for key, value in pairs_from(of.get("otel.attribute_map")) if key == "event.name" and value is not None
    ]
    code = of.get("metadata.event_code")
    return of.noted.get("metadata.event_code") if given[:1] == [code] else code


def _log_from(of: Reader) -> Json:
    body, message = of.get("otel.body"), of.get("message")
    text = None if message is None else ["string", message]
    return present(
        time=of.count("otel.time_nano"),
        observed_time=of.count("otel.observed_time_nano"),
        severity_number=of.get("otel.severity_number"),
        severity_text=of.get("metadata.log_level"),
        body=text if body is None else value_from(body),
        attributes=_record_attributes(of),
        dropped_attributes_count=of.get("otel.dropped_attributes_count"),
        flags=of.get("otel.flag_bits"),
        trace_id=of.get("metadata.correlation_uid"),
        span_id=of.get("otel.span_uid"),
        event_name=_event_name(of),
    )


def _span_from(of: Reader) -> Json:
    noted = of.noted
    status = of.get("trace.span.status_code") or noted.get("trace.span.status_code", "UNSET")
    return present(
        trace_id=of.get("trace.uid"),
        span_id=of.get("trace.span.uid") or of.get("otel.span_uid"),
        trace_state=of.get("otel.trace_state"),
        parent_span_id=of.get("trace.span.parent_uid") or noted.get("trace.span.parent_uid"),
        name=of.get("message"),
        kind=of.get("otel.span_kind_id"),
        start_time=of.count("otel.time_nano"),
        end_time=of.count("otel.end_time_nano"),
        attributes=_record_attributes(of),
        dropped_attributes_count=of.get("otel.dropped_attributes_count"),
        events=of.items("otel.span_events", lambda path: _event_from(of, path)),
        dropped_events_count=of.get("otel.dropped_events_count"),
        links=[
            present(
                trace_id=link.get("trace_uid"),
                span_id=link.get("span_uid"),
                trace_state=link.get("trace_state"),
                attributes=attributes_from(link.get("attribute_map")),
                dropped_attributes_count=link.get("dropped_attributes_count"),
                flags=link.get("flag_bits"),
            )
            for link in of.get("otel.span_links") or ()
        ],
        dropped_links_count=of.get("otel.dropped_links_count"),
        status_code=STATUS[status],
        status_message=of.get("otel.status_message"),
        flags=of.get("otel.flag_bits"),
    )


def _event_from(of: Reader, path: str) -> Json:
    return present(
        time=of.count(f"{path}.time_nano"),
        name=of.get(f"{path}.name"),
        attributes=attributes_from(of.get(f"{path}.attribute_map")),
        dropped_attributes_count=of.get(f"{path}.dropped_attributes_count"),
    )


def _exemplar_from(of: Reader, path: str) -> Json:
    return present(
        attributes=attributes_from(of.get(f"{path}.attribute_map")),
        time=of.count(f"{path}.time_nano"),
        span_id=of.get(f"{path}.span_uid"),
        trace_id=of.get(f"{path}.trace_uid"),
        value=of.number(path),
    )


def _buckets_from(of: Reader, path: str) -> Json:
    return present(offset=of.get(f"{path}.bucket_offset"), counts=of.items(f"{path}.bucket_counts", of.count))


def _point_from(of: Reader) -> Json:
    kind = KINDS[of.get("metric_point.type_id")]
    tags = [(tag["name"], ["string", tag["value"]]) for tag in of.get("metric_point.tags") or ()]
    typed = of.get("otel.attribute_map")
    total = of.double("metric_point.point_sum")
    threshold = of.double("metric_point.zero_threshold")
    return present(
        name=of.get("metric_point.name"),
        description=of.get("metric_point.desc"),
        unit=of.get("metric_point.unit"),
        metadata=attributes_from(of.get("metric_point.metadata_map")),
        kind=kind,
        temporality=of.get("metric_point.temporality_id"),
        is_monotonic=of.get("metric_point.is_monotonic"),
        attributes=by_key(tags) if typed is None else attributes_from(typed),
        start_time=of.count("otel.start_time_nano"),
        time=of.count("otel.time_nano"),
        flags=of.get("otel.flag_bits"),
        exemplars=of.items("metric_point.exemplars", lambda path: _exemplar_from(of, path)),
        value=of.number("metric_point"),
        count=of.count("metric_point.point_count"),
        sum=None if kind == "summary" and total == double(0.0) else total,
        min=of.double("metric_point.point_min"),
        max=of.double("metric_point.point_max"),
        bucket_counts=of.items("metric_point.bucket_counts", of.count),
        explicit_bounds=of.items("metric_point.explicit_bounds", of.double),
        scale=of.get("metric_point.scale"),
        zero_count=of.count("metric_point.zero_count"),
        zero_threshold=None if threshold == double(0.0) else threshold,
        positive=_buckets_from(of, "metric_point.positive"),
        negative=_buckets_from(of, "metric_point.negative"),
        quantiles=of.items(
            "metric_point.quantile_values",
            lambda path: [of.double(f"{path}.quantile"), of.double(f"{path}.value_double")],
        ),
    )
