"""What every event gets from the schema: captions, observables, profiles, order, and the vocabulary of a mode."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from ocsfconv.schema import Schema

from .values import json_text, lower

Json = dict[str, Any]
ORDER: Json = json.loads((Path(__file__).parents[2] / "rust_converter/schema/attributes.json").read_text())
EXTENSION = {"name": "ocsfconv", "uid": "999", "version": "0.1.0"}
METRIC_OBSERVATION, SPAN_ACTIVITY = 99905001, 99906001
BASE, UNKNOWN, OTHER = 0, 0, 99
# Numbers that name nobody: ports, process ids.
NO_OBSERVABLES = {11, 15}


@cache
def schema() -> Schema:
    """Return the merged schema. Vanilla events use a part of it."""
    return Schema("ext")


@cache
def ocsf_class(class_uid: int) -> Json:
    return schema().data["classes"][schema().class_keys[class_uid]]


def ordered(node: Any, attributes: Json, names: list[Any]) -> Any:
    """Bring the members of an object into the order in which they are written."""
    result = {}
    for entry in names:
        (name, view), *_ = entry.items() if isinstance(entry, dict) else [(entry, None)]
        if name not in node:
            continue
        value, attribute = node[name], attributes[name]
        if attribute["type"] == "object_t" and name != "unmapped":
            kind = attribute["object_type"]
            inner = schema().data["objects"][kind]["attributes"]
            below = ORDER["views"][view]["attributes"] if view else ORDER["objects"].get(kind)
            if below is not None:
                if isinstance(value, list):
                    value = [ordered(item, inner, below) for item in value]
                else:
                    value = ordered(value, inner, below)
        result[name] = value
    assert len(result) == len(node), set(node) - set(result)
    return result


def add_captions(node: Any, attributes: Json) -> None:
    """Set the text beside each number that has a caption; beside 99 stands the source's own text."""
    for name, value in list(node.items()):
        attribute = attributes[name]
        if attribute["type"] == "object_t" and name != "unmapped":
            inner = schema().data["objects"][attribute["object_type"]]["attributes"]
            for item in value if isinstance(value, list) else [value]:
                add_captions(item, inner) if isinstance(item, dict) else None
        elif value == OTHER and lower(str(node.get(attribute.get("sibling")))) == "other":
            # A source that says no more than that says nothing.
            node |= {name: 0, attribute["sibling"]: "Unknown"}
        elif type(value) is int and "sibling" in attribute and str(value) in attribute.get("enum", {}):
            node.setdefault(attribute["sibling"], attribute["enum"][str(value)]["caption"])


def forget_others(node: Json, attributes: Json) -> None:
    """Where a source says "other" beside 99 it says nothing: that is 0, Unknown."""
    for name, value in list(node.items()):
        attribute = attributes[name]
        if attribute["type"] == "object_t" and name != "unmapped":
            inner = schema().data["objects"][attribute["object_type"]]["attributes"]
            for item in value if isinstance(value, list) else [value]:
                forget_others(item, inner) if isinstance(item, dict) else None
        elif value == OTHER and "enum" in attribute and lower(node.get(attribute.get("sibling"), "")) == "other":
            node[name] = UNKNOWN
            del node[attribute["sibling"]]


def find_observables(node: Json, attributes: Json, path: str, found: list[Json]) -> None:
    """Collect the scalars that the schema calls observable."""
    for name, value in node.items():
        attribute = attributes[name]
        items = enumerate(value) if isinstance(value, list) else [(None, value)]
        for index, item in items:
            here = f"{path}{name}" if index is None else f"{path}{name}.{index}"
            if attribute["type"] == "object_t":
                inner = schema().data["objects"][attribute["object_type"]]["attributes"]
                if isinstance(item, dict) and inner:
                    find_observables(item, inner, here + ".", found)
                continue
            number = schema().observable_number(attribute)
            if number is not None and number not in NO_OBSERVABLES:
                text = item if isinstance(item, str) else json_text(item)
                found.append({"name": here, "type_id": number, "value": text})


def finish(event: Json, mode: str) -> Json:
    """Complete an event: `event` holds what the record says, in any order and without captions."""
    class_uid = event["class_uid"]
    if event["activity_id"] == OTHER and lower(event["activity_name"]) == "other":
        event |= {"activity_id": 0, "activity_name": "Unknown"}
    if mode == "core":
        add_captions(event, ocsf_class(class_uid)["attributes"])
        event = to_core(event)
        class_uid = event["class_uid"]
    found = ocsf_class(class_uid)
    attributes = found["attributes"]
    event["category_uid"] = found.get("category_uid", 0)
    event["type_uid"] = class_uid * 100 + event["activity_id"]
    event["class_name"] = found["caption"]
    event["timezone_offset"] = 0
    if event["type_uid"] == OTHER:
        event["type_name"] = f"{found['caption']}: {event['activity_name']}"
    profiles = {profile for name in event for profile in attributes[name].get("profiles") or []}
    if "container" in event.get("device", {}):
        profiles.add("container")
    if profiles:
        event["metadata"]["profiles"] = sorted(profiles)
    if mode == "ext":
        event["metadata"]["extensions"] = [EXTENSION]
    add_captions(event, attributes)
    event.setdefault("category_name", found.get("category_name") or "Uncategorized")
    event = ordered(event, attributes, ORDER["event"])
    observables: list[Json] = []
    find_observables({name: value for name, value in event.items() if name != "unmapped"}, attributes, "", observables)
    if observables:
        event["observables"] = observables
        add_captions({"observables": observables}, attributes)
        event = ordered(event, attributes, ORDER["event"])
    return event


def to_core(event: Json) -> Json:
    """Say it in vanilla OCSF: what only the extension knows goes to `unmapped`."""
    own = {METRIC_OBSERVATION: "Metric", SPAN_ACTIVITY: f"Span: {event.get('activity_name')}"}
    attributes = ocsf_class(event["class_uid"])["attributes"]
    away = ["otel", "metric_point"]
    if event["class_uid"] in own:
        away.append("service")
    if event["class_uid"] not in (4002, 6003):
        away.append("trace")
    names = [name for name in ("otel", "metric_point", "trace", "service") if name in away and name in event]
    held = {name: event[name] for name in ORDER["event"] if name in names}
    unmapped = ordered(held, attributes, [name for name in ORDER["event"] if name in held])
    unmapped = {name: unmapped[name] for name in names}
    core = {name: value for name, value in event.items() if name not in names}
    if event["class_uid"] in own:
        core |= {"class_uid": BASE, "activity_id": OTHER, "activity_name": own[event["class_uid"]]}
    if unmapped:
        core["unmapped"] = unmapped
    return core
