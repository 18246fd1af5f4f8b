"""Spans, and the exceptions inside them."""

from __future__ import annotations

from typing import Any

from . import calls, datastore, http, identity, operations, status, words
from .common import Draft, Group, enum_of, groups, integer_of, milliseconds, moved, rounded
from .finish import finish
from .semconv import Known
from .values import LONG_MAX, lower, map_json, put, read_attributes, read_id, text

Json = dict[str, Any]
KINDS = [f"SPAN_KIND_{name}" for name in ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")]
KIND_NAMES = ["Unknown", "Internal", "Server", "Client", "Producer", "Consumer"]
STATES = ["UNSET", "OK", "ERROR"]
STATUS_CODES = [f"STATUS_CODE_{state}" for state in STATES]
SERVER, CLIENT = 2, 3
DIRECTIONS = {SERVER: http.INBOUND, CLIENT: http.OUTBOUND}


def span_events(request: Json, mode: str) -> list[Json]:
    """Return the events of a request's spans, each before those of its exceptions."""
    found = []
    for group, span in groups(request, "resourceSpans", "scopeSpans", "spans"):
        found.append(finish(span_event(group, span), mode))
        for index, event in enumerate(span.get("events") or []):
            if event.get("name") == "exception":
                found.append(finish(exception_event(group, span, event, index), mode))
    return found


def span_uid(group: Group, span: Json, *index: bytes) -> str:
    """Return the id of a span: by its own ids, or like a log's where it has none."""
    trace_id, span_id = read_id(span.get("traceId")), read_id(span.get("spanId"))
    if trace_id and span_id:
        return identity.uid(b"traces", bytes.fromhex(trace_id), bytes.fromhex(span_id), *index)
    form = identity.of_span(span, kind_of(span), status_of(span))
    time = identity.long(integer_of(span, "startTimeUnixNano"))
    return identity.uid(b"traces", group.hash, time, form, *index)


def kind_of(span: Json) -> int:
    return enum_of(span, "kind", KINDS)


def status_of(span: Json) -> int:
    return enum_of(span.get("status") or {}, "code", STATUS_CODES)


def span_event(group: Group, span: Json) -> Json:
    entries = read_attributes(span.get("attributes"))
    kind, state = kind_of(span), status_of(span)
    server = kind == SERVER
    known = Known(entries, server=server)
    draft = Draft(group, "otel.traces")
    start, end = integer_of(span, "startTimeUnixNano"), integer_of(span, "endTimeUnixNano")
    trace_id, span_id = read_id(span.get("traceId")), read_id(span.get("spanId"))
    flags, message = integer_of(span, "flags"), (span.get("status") or {}).get("message") or ""
    draft.time(start)
    draft.metadata["uid"] = span_uid(group, span)
    put(draft.metadata, original_event_uid=span_id or None)
    put(draft.event, start_time=milliseconds(start), end_time=milliseconds(end), message=span.get("name") or None)
    draft.unsigned(draft.otel, "time_nano", start, "otel.time_nano")
    draft.unsigned(draft.otel, "end_time_nano", end, "otel.end_time_nano")
    took = None
    if start and end and 0 <= end - start <= LONG_MAX:
        took = rounded(end - start)
        draft.otel["duration_nano"] = end - start
        draft.event["duration"] = took
    draft.trace(trace_id, flags)
    put_span(draft, span, took)
    put(
        draft.otel,
        span_kind_id=kind,
        span_uid=None if trace_id and span_id else span_id or None,
        trace_state=span.get("traceState") or None,
        flag_bits=flags or None,
        status_message=message or None,
        span_events=[inner_event(draft, event, index) for index, event in enumerate(span.get("events") or [])],
        span_links=[link_of(link) for link in span.get("links") or []],
    )
    for name in ("Attributes", "Events", "Links"):
        if count := integer_of(span, f"dropped{name}Count"):
            draft.otel[f"dropped_{name.lower()}_count"] = count
    draft.event |= classify(known, group, span.get("name") or "", kind, trace_id, took)
    draft.event["severity_id"] = status.span_severity(known, state, server)
    put(draft.event, **status.span_status(known, state, message, raised(span)))
    return draft.close(entries, moved(known, draft.event))


def put_span(draft: Draft, span: Json, took: int | None) -> None:
    """Set `trace.span`, or keep what only it would hold."""
    trace_id, span_id = read_id(span.get("traceId")), read_id(span.get("spanId"))
    parent, state = read_id(span.get("parentSpanId")), status_of(span)
    if not trace_id or not span_id:
        if parent:
            draft.non_finite["trace.span.parent_uid"] = parent
        if state:
            draft.non_finite["trace.span.status_code"] = STATES[state]
        return
    service = draft.group.source.service_name
    draft.event["trace"]["span"] = put(
        {"uid": span_id, "start_time": 0, "end_time": 0, "status_code": STATES[state]},
        parent_uid=parent or None,
        start_time=milliseconds(integer_of(span, "startTimeUnixNano")),
        end_time=milliseconds(integer_of(span, "endTimeUnixNano")),
        duration=took,
        operation=span.get("name") or None,
        service={"name": service} if service else None,
    )


def inner_event(draft: Draft, event: Json, index: int) -> Json:
    time = integer_of(event, "timeUnixNano")
    held = {"name": event.get("name") or "", "time": milliseconds(time) or 0}
    draft.unsigned(held, "time_nano", time, f"otel.span_events.{index}.time_nano")
    return put(
        held,
        attribute_map=map_json(read_attributes(event.get("attributes"))),
        dropped_attributes_count=integer_of(event, "droppedAttributesCount") or None,
    )


def link_of(link: Json) -> Json:
    return put(
        {"trace_uid": read_id(link.get("traceId")), "span_uid": read_id(link.get("spanId"))},
        trace_state=link.get("traceState") or None,
        attribute_map=map_json(read_attributes(link.get("attributes"))),
        flag_bits=integer_of(link, "flags") or None,
        dropped_attributes_count=integer_of(link, "droppedAttributesCount") or None,
    )


def classify(known: Known, group: Group, name: str, kind: int, trace_id: str, took: int | None) -> Json:
    """Return class, activity and the class's attributes; the first test that can be filled decides."""
    source = group.source
    tests = [
        datastore.datastore_activity(known, source, name),
        calls.messaging(known, source, name, kind),
        calls.rpc(known, source, kind),
        http.http_activity(known, source, DIRECTIONS.get(kind, http.UNKNOWN), took),
        calls.function(known, source, kind, name),
    ]
    for found in tests:
        if found is not None:
            return found
    names = [name, *(known.text(key) or "" for key in ("event.name", "event.action"))]
    if authentication := words.authentication(names):
        return operations.authentication(known, source, authentication, None)
    actor = put({}, process=source.process())
    if not trace_id:
        return put({"class_uid": 0, "activity_id": 99, "activity_name": f"Span: {KIND_NAMES[kind]}"}, actor=actor)
    return put({"class_uid": 99906001, "activity_id": kind}, service=source.service(), actor=actor)


def raised(span: Json) -> str | None:
    """Return the message of the last exception inside a span."""
    found = [event for event in span.get("events") or [] if event.get("name") == "exception"]
    return Known(read_attributes(found[-1].get("attributes"))).text("exception.message") if found else None


def exception_event(group: Group, span: Json, event: Json, index: int) -> Json:
    """An exception inside a span, as an event of its own."""
    entries = read_attributes(event.get("attributes"))
    known = Known(entries)
    draft = Draft(group, "otel.traces")
    time = integer_of(event, "timeUnixNano")
    draft.time(time)
    draft.metadata["uid"] = span_uid(group, span, identity.long(index))
    draft.metadata["event_code"] = "exception"
    draft.trace(read_id(span.get("traceId")), integer_of(span, "flags"))
    draft.unsigned(draft.otel, "time_nano", time, "otel.time_nano")
    put(
        draft.otel,
        span_uid=read_id(span.get("spanId")) or None,
        dropped_attributes_count=integer_of(event, "droppedAttributesCount") or None,
    )
    kind, detail = known.text("exception.type"), known.text("exception.message")
    escaped = known.held.get("exception.escaped")
    loud = escaped == ("bool", True) or lower(text(escaped) or "") == "true" or status_of(span) == status.ERROR
    draft.event |= {"class_uid": 6008, "activity_id": 1, "severity_id": 4 if loud else 3}
    message = ": ".join(part for part in (kind, detail) if part)
    put(draft.event, status_id=2, status_code=kind, status_detail=detail, message=message or None)
    return draft.close(entries, set())
