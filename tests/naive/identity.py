"""Event ids: the canonical binary form of records (docs/mapping.md, "Event ids") and the UUIDs made of them."""

from __future__ import annotations

import struct
from hashlib import sha1
from typing import Any
from uuid import UUID

import xxhash

from .values import Attributes, Value, read_attributes, read_double, read_id, read_value

NAMESPACE = UUID("0c5fc04e-8d1b-5a3e-9f62-7a41d390e827")
UNSIGNED, SIGNED, DOUBLE, BOOL, TEXT, BYTES, LIST, END, EMPTY = range(1, 10)
METRIC_FIELDS = {"gauge": 5, "sum": 7, "histogram": 9, "exponentialHistogram": 10, "summary": 11}


def uid(*parts: bytes) -> str:
    """Return the UUIDv5 of the parts, one after the other."""
    digest = sha1(NAMESPACE.bytes + b"".join(parts)).digest()
    return str(UUID(bytes=digest[:16], version=5))


def long(number: int) -> bytes:
    """Write 8 bytes little-endian; negative numbers in two's complement."""
    return struct.pack("<Q", number & (2**64 - 1))


def hashed(form: bytes) -> bytes:
    """Return the hash of a canonical form."""
    return xxhash.xxh3_128_digest(form)


def field(number: int, tag: int, payload: int) -> bytes:
    return bytes([number, tag]) + long(payload)


def unsigned(number: int, value: Any) -> bytes:
    return field(number, UNSIGNED, int(value)) if value and int(value) else b""


def signed(number: int, value: int) -> bytes:
    return field(number, SIGNED, value) if value else b""


def double(number: int, value: float) -> bytes:
    bits = b"\x00\x00\x00\x00\x00\x00\xf8\x7f" if value != value else struct.pack("<d", value)
    return bytes([number, DOUBLE]) + bits


def text(number: int, value: str | None) -> bytes:
    held = (value or "").encode()
    return field(number, TEXT, len(held)) + held if held else b""


def raw(number: int, value: str | None) -> bytes:
    held = bytes.fromhex(read_id(value))
    return field(number, BYTES, len(held)) + held if held else b""


def sequence(number: int, entries: list[bytes]) -> bytes:
    return field(number, LIST, len(entries)) + b"".join(entries) if entries else b""


def attributes(number: int, nodes: list[Any] | None) -> bytes:
    return pairs(number, read_attributes(nodes))


def pairs(number: int, entries: Attributes) -> bytes:
    return sequence(number, [long(len(key.encode())) + key.encode() + value(2, held) for key, held in entries])


def value(number: int, held: Value) -> bytes:
    """Write an attribute's value or a body: no value is left out here."""
    match held:
        case "empty", _:
            return bytes([number, EMPTY])
        case "str", string:
            return field(number, TEXT, len(string.encode())) + string.encode()
        case "bool", flag:
            return field(number, BOOL, int(flag))
        case "int", integer:
            return field(number, SIGNED, integer)
        case "double", float_:
            return double(number, float_)
        case "bytes", data:
            return field(number, BYTES, len(data)) + data
        case "list", items:
            return field(5, LIST, len(items)) + b"".join(value(1, item) for item in items)
        case "map", entries:
            return field(6, LIST, len(entries)) + pairs(1, entries)
    raise AssertionError(held)


def number(field_number: int, node: dict[str, Any]) -> bytes:
    """Write the number of a point or an exemplar."""
    if node.get("asInt") is not None:
        return field(field_number, SIGNED, int(node["asInt"]))
    if node.get("asDouble") is not None:
        return double(field_number, read_double(node["asDouble"]))
    return b""


def of_resource(resource: dict[str, Any], schema_url: str) -> bytes:
    """Return the hash of a resource."""
    form = attributes(1, resource.get("attributes"))
    form += unsigned(2, resource.get("droppedAttributesCount"))
    return hashed(form + text(3, schema_url))


def of_log(log: dict[str, Any], severity: int) -> bytes:
    """Return the hash of a log record."""
    body = read_value(log.get("body"))
    form = unsigned(1, log.get("timeUnixNano")) + signed(2, severity) + text(3, log.get("severityText"))
    form += b"" if body[0] == "empty" else value(5, body)
    form += attributes(6, log.get("attributes")) + unsigned(7, log.get("droppedAttributesCount"))
    form += unsigned(8, log.get("flags")) + raw(9, log.get("traceId")) + raw(10, log.get("spanId"))
    return hashed(form + unsigned(11, log.get("observedTimeUnixNano")) + text(12, log.get("eventName")))


def of_span(span: dict[str, Any], kind: int, status: int) -> bytes:
    """Return the hash of a span."""
    form = raw(1, span.get("traceId")) + raw(2, span.get("spanId")) + text(3, span.get("traceState"))
    form += raw(4, span.get("parentSpanId")) + text(5, span.get("name")) + signed(6, kind)
    form += unsigned(7, span.get("startTimeUnixNano")) + unsigned(8, span.get("endTimeUnixNano"))
    form += attributes(9, span.get("attributes")) + unsigned(10, span.get("droppedAttributesCount"))
    form += sequence(11, [event_form(event) for event in span.get("events") or []])
    form += unsigned(12, span.get("droppedEventsCount"))
    form += sequence(13, [link_form(link) for link in span.get("links") or []])
    form += unsigned(14, span.get("droppedLinksCount"))
    form += text(15, (span.get("status") or {}).get("message")) + signed(15, status)
    return hashed(form + unsigned(16, span.get("flags")))


def event_form(event: dict[str, Any]) -> bytes:
    form = unsigned(1, event.get("timeUnixNano")) + text(2, event.get("name"))
    form += attributes(3, event.get("attributes")) + unsigned(4, event.get("droppedAttributesCount"))
    return form + bytes([END])


def link_form(link: dict[str, Any]) -> bytes:
    form = raw(1, link.get("traceId")) + raw(2, link.get("spanId")) + text(3, link.get("traceState"))
    form += attributes(4, link.get("attributes")) + unsigned(5, link.get("droppedAttributesCount"))
    return form + unsigned(6, link.get("flags")) + bytes([END])


def of_point(
    scope: dict[str, Any], schema_url: str, metric: dict[str, Any], kind: str, temporality: int, point: dict[str, Any]
) -> bytes:
    """Return the hash of a metric's data point."""
    form = text(1, scope.get("name")) + text(2, scope.get("version")) + attributes(3, scope.get("attributes"))
    form += unsigned(4, scope.get("droppedAttributesCount")) + bytes([END]) + text(3, schema_url)
    form += text(1, metric.get("name")) + text(2, metric.get("description")) + text(3, metric.get("unit"))
    form += unsigned(METRIC_FIELDS[kind], METRIC_FIELDS[kind]) + signed(2, temporality)
    form += field(3, BOOL, 1) if kind == "sum" and metric[kind].get("isMonotonic") else b""
    form += attributes(12, metric.get("metadata")) + bytes([END])
    form += unsigned(2, point.get("startTimeUnixNano")) + unsigned(3, point.get("timeUnixNano"))
    form += number(4, point) + unsigned(5, point.get("count"))
    for field_number, name in ((6, "sum"), (7, "min"), (8, "max")):
        held = None if point.get(name) is None else read_double(point[name])
        # Protobuf keeps no presence of a summary's sum.
        if held is not None and not (kind == "summary" and str(held) == "0.0"):
            form += double(field_number, held)
    form += counts(9, point.get("bucketCounts"))
    form += sequence(10, [double(1, read_double(bound)) for bound in point.get("explicitBounds") or []])
    form += signed(11, int(point.get("scale") or 0)) + unsigned(12, point.get("zeroCount"))
    threshold = read_double(point.get("zeroThreshold"))
    form += double(13, threshold) if threshold != 0 else b""
    form += buckets(14, point.get("positive")) + buckets(15, point.get("negative"))
    quantiles = point.get("quantileValues") or []
    form += sequence(
        16,
        [double(1, read_double(q.get("quantile"))) + double(2, read_double(q.get("value"))) for q in quantiles],
    )
    form += sequence(17, [exemplar_form(exemplar) for exemplar in point.get("exemplars") or []])
    return hashed(form + attributes(18, point.get("attributes")) + unsigned(19, point.get("flags")))


def counts(number: int, held: list[Any] | None) -> bytes:
    return sequence(number, [long(int(count)) for count in held or []])


def buckets(number: int, held: dict[str, Any] | None) -> bytes:
    offset, bucket_counts = int((held or {}).get("offset") or 0), (held or {}).get("bucketCounts") or []
    return field(number, SIGNED, offset) + counts(number, bucket_counts) if offset or bucket_counts else b""


def exemplar_form(exemplar: dict[str, Any]) -> bytes:
    form = unsigned(2, exemplar.get("timeUnixNano")) + number(3, exemplar)
    form += raw(4, exemplar.get("spanId")) + raw(5, exemplar.get("traceId"))
    return form + attributes(7, exemplar.get("filteredAttributes")) + bytes([END])
