"""Log records."""

from __future__ import annotations

import math
from typing import Any

from . import calls, datastore, http, identity, operations, status, words
from .common import Draft, Group, enum_of, groups, integer_of, milliseconds, moved
from .finish import finish
from .parties import person_of
from .semconv import Known
from .values import LONG_MAX, LONG_MIN, as_json, number, plain_text, put, read_attributes, read_id, read_value

Json = dict[str, Any]
LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
SEVERITIES = ["SEVERITY_NUMBER_UNSPECIFIED"] + [
    f"SEVERITY_NUMBER_{level}{index or ''}" for level in LEVELS for index in ("", 2, 3, 4)
]
# Attributes that say how long it took, and their unit in milliseconds.
DURATIONS = [("duration_ms", 1), ("event.duration", 1e-6), ("responseTime", 1), ("http.server.request.duration", 1e3)]


def log_events(request: Json, mode: str) -> list[Json]:
    """Return the events of a request's log records."""
    return [
        finish(log_event(group, log), mode) for group, log in groups(request, "resourceLogs", "scopeLogs", "logRecords")
    ]


def duration_of(known: Known) -> float | None:
    """Return the duration in milliseconds that a log tells."""
    for name, unit in DURATIONS:
        held = number(known.get(name))
        if held is not None:
            return held / 1e6 if name == "event.duration" else held * unit
    return None


def whole(duration: float | None) -> int | None:
    """Return a duration as an integer, rounded like those of spans."""
    if duration is None or not LONG_MIN <= duration <= LONG_MAX:
        return None
    return math.floor(duration + 0.5)


def log_event(group: Group, log: Json) -> Json:
    entries = read_attributes(log.get("attributes"))
    known = Known(entries)
    draft = Draft(group, "otel.logs")
    severity = enum_of(log, "severityNumber", SEVERITIES)
    time, observed = integer_of(log, "timeUnixNano"), integer_of(log, "observedTimeUnixNano")
    draft.time(time or observed)
    # A time that milliseconds cannot hold is as good as none.
    draft.event["time"] = milliseconds(time) if milliseconds(time) is not None else milliseconds(observed) or 0
    draft.metadata["uid"] = identity.uid(b"logs", group.hash, identity.long(time), identity.of_log(log, severity))
    name = log.get("eventName") or ""
    put(
        draft.metadata,
        logged_time=milliseconds(observed),
        log_level=log.get("severityText") or None,
        event_code=name or known.text("event.name"),
        original_event_uid=known.text("log.record.uid"),
        log_source=known.text("log.file.path"),
    )
    draft.unsigned(draft.otel, "time_nano", time, "otel.time_nano")
    draft.unsigned(draft.otel, "observed_time_nano", observed, "otel.observed_time_nano")
    if name and known.text("event.name") == name:
        # The attribute alone gives the same code: this says that the field is there, too.
        draft.non_finite["metadata.event_code"] = name
    flags, span_id = integer_of(log, "flags"), read_id(log.get("spanId"))
    draft.trace(read_id(log.get("traceId")), flags)
    put(
        draft.otel,
        span_uid=span_id or None,
        flag_bits=flags or None,
        severity_number=severity or None,
        dropped_attributes_count=integer_of(log, "droppedAttributesCount") or None,
    )
    body = read_value(log.get("body"))
    if body[0] != "empty":
        draft.event["message"] = plain_text(body)
        if body[0] != "str":
            draft.otel["body"] = as_json(body)
    effective = status.log_severity(severity, log.get("severityText") or "")
    draft.event["severity_id"] = status.severity_id(effective)
    took = duration_of(known)
    took = whole(took)
    draft.event |= classify(known, group, name, effective, took)
    put(draft.event, duration=took)
    if draft.event["class_uid"] != 3002 and "actor" not in draft.event:
        put(draft.event, actor=person_of(known))
    found = status.log_status(known, draft.event["class_uid"], effective)
    put(draft.event, **found)
    return draft.close(entries, moved(known, draft.event))


def classify(known: Known, group: Group, name: str, severity: int, latency: int | None) -> Json:
    """Return class, activity and the class's attributes; the first test that can be filled decides."""
    source = group.source
    error: Json = {"class_uid": 6008, "activity_id": 1}
    if known.get("exception.type") is not None or known.get("exception.message") is not None:
        return error
    names = [name, *(known.text(key) or "" for key in ("event.name", "event.action"))]
    if kind := words.authentication(names):
        succeeded = status.log_status(known, 3002, severity)["status_id"] == 1
        return operations.authentication(known, source, kind, succeeded)
    tests = []
    if words.changes_configuration(names) or known.get("config.key") is not None:
        tests.append(operations.configuration(known))
    tests.append(operations.flag_evaluation(known))
    if words.deploys(names) or any(known.get(f"deployment.{key}") for key in ("id", "name", "status")):
        tests.append(operations.deployment(known, source, words.deployment(names)))
    if (number := words.lifecycle(names)) is not None:
        tests.append(operations.lifecycle(known, source, number))
    tests += [
        calls.api_log(known, source, latency),
        http.http_activity(known, source, http.INBOUND, latency),
    ]
    tests.append(datastore.datastore_activity(known, source, ""))
    if known.any("messaging."):
        tests.append(calls.messaging(known, source, name, 0))
    tests.append(calls.rpc(known, source, 0))
    for found in tests:
        if found is not None:
            return found
    return error if severity >= 17 else {"class_uid": 0, "activity_id": 99, "activity_name": "Log"}
