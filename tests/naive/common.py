"""What all records share: resource and scope, times, and the OTLP content that has no other place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import identity
from .parties import Source
from .semconv import Known
from .values import LONG_MAX, Attributes, double_name, map_json, put, read_attributes

Json = dict[str, Any]
VERSION = "1.8.0"
SAMPLED = 1


def integer_of(node: Json, name: str) -> int:
    """Return an integer field of a message; an absent one is 0."""
    return int(node.get(name) or 0)


def enum_of(node: Json, name: str, names: list[str]) -> int:
    """Return an enum, which may come as its number or its name."""
    held = node.get(name) or 0
    if isinstance(held, str):
        return names.index(held) if held in names else int(held)
    return int(held)


def milliseconds(nanoseconds: int) -> int | None:
    """Return the milliseconds of a time that is there and that a long can hold."""
    return nanoseconds // 1_000_000 if 0 < nanoseconds <= LONG_MAX else None


def rounded(nanoseconds: int) -> int:
    """Return a duration in milliseconds."""
    return (nanoseconds + 500_000) // 1_000_000


class Group:
    """A scope of a resource."""

    def __init__(self, resource_group: Json, scope_group: Json) -> None:
        resource = resource_group.get("resource") or {}
        self.resource = resource
        self.resource_entries = read_attributes(resource.get("attributes"))
        self.resource_url = resource_group.get("schemaUrl") or ""
        self.scope = scope_group.get("scope") or {}
        self.scope_url = scope_group.get("schemaUrl") or ""
        self.known = Known(self.resource_entries)
        self.source = Source(self.known)
        self.hash = identity.of_resource(resource, self.resource_url)

    def scope_object(self) -> Json:
        entries = read_attributes(self.scope.get("attributes"))
        return put(
            {},
            name=self.scope.get("name") or None,
            version=self.scope.get("version") or None,
            attribute_map=map_json(entries),
            dropped_attributes_count=integer_of(self.scope, "droppedAttributesCount") or None,
        )


def groups(request: Json, resources: str, scopes: str, records: str) -> Iterator[tuple[Group, Json]]:
    """Yield each record of a request with its resource and scope."""
    for resource_group in request.get(resources) or []:
        for scope_group in resource_group.get(scopes) or []:
            group = Group(resource_group, scope_group)
            for record in scope_group.get(records) or []:
                yield group, record


class Draft:
    """An event in the making."""

    def __init__(self, group: Group, log_name: str) -> None:
        self.group = group
        self.event: Json = {}
        self.otel: Json = {}
        self.non_finite: Json = {}
        known, url = group.known, group.scope_url or group.resource_url
        version = url.rsplit("/", 1)[-1]
        self.metadata = put(
            {"version": VERSION, "product": group.source.product()},
            log_name=log_name,
            log_provider=known.text("telemetry.sdk.name") or "opentelemetry",
            log_source=known.text("log.file.path") or group.source.instance,
            log_format="OTLP",
            log_version=version or None,
            tags=group.source.tags(),
        )

    def unsigned(self, node: Json, name: str, value: int, path: str) -> None:
        """Write a 64-bit number where its attribute can hold it, else as text beside."""
        if value > LONG_MAX:
            self.non_finite[path] = str(value)
        elif value:
            node[name] = value

    def count(self, node: Json, name: str, value: int, path: str) -> None:
        """Write a count: 0 is one too."""
        self.unsigned(node, name, value, path)
        if value == 0:
            node[name] = 0

    def double(self, node: Json, name: str, value: float, path: str) -> None:
        """Write a number where JSON has it, else as text beside."""
        if text := double_name(value):
            self.non_finite[path] = text
        else:
            node[name] = value

    def time(self, nanoseconds: int) -> None:
        """Set the event's time."""
        self.event["time"] = milliseconds(nanoseconds) or 0
        if nanoseconds:
            self.metadata["original_time"] = str(nanoseconds)

    def trace(self, trace_id: str, flags: int) -> None:
        """Set the trace that the record belongs to."""
        if trace_id:
            self.metadata["correlation_uid"] = trace_id
            self.event["trace"] = put({"uid": trace_id}, service=self.group.source.service())
            if flags & SAMPLED:
                self.event["trace"]["flags"] = ["sampled"]

    def parties(self) -> None:
        """Set the device and the cloud."""
        put(self.event, device=self.group.source.device(), cloud=self.group.source.cloud())

    def close(self, entries: Attributes, moved: set[str]) -> Json:
        """Put together what was collected; `moved` are the attributes that have their only place elsewhere."""
        group = self.group
        kept = [(key, value) for key, value in entries if key not in moved]
        put(
            self.otel,
            scope=group.scope_object(),
            schema_url=group.scope_url or None,
            resource_schema_url=group.resource_url or None,
            attribute_map=map_json(kept),
            resource_map=map_json(group.resource_entries),
            dropped_resource_attributes_count=integer_of(group.resource, "droppedAttributesCount") or None,
            non_finite=self.non_finite,
        )
        self.parties()
        self.event["metadata"] = self.metadata
        return put(self.event, otel=self.otel)


def moved(known: Known, event: Json) -> set[str]:
    """Return the attributes that leave the map, for their path gives them back."""
    request, response = event.get("http_request", {}), event.get("http_response", {})
    rules = [
        ("http.request.method", "str", request.get("http_method"), ["http.method"]),
        ("http.response.status_code", "int", response.get("code"), ["http.status_code"]),
        ("url.path", "str", request.get("url", {}).get("path"), ["http.target", "http.url", "url.full"]),
        ("db.query.text", "str", event.get("query_info", {}).get("query_string"), ["db.statement"]),
    ]
    return {
        key
        for key, kind, value, others in rules
        if known.count(key) == 1
        and value is not None
        and known.get(key) == (kind, value)
        and not any(known.occurs(name) for name in others)
    }
