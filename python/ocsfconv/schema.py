"""The OCSF schema, and what it says of one event.

`Schema` is the schema that the package `ocsf-json-schema` carries, with our extension merged in or not. From it come,
per class and set of profiles, a compiled JSON Schema (checked by `jsonschema-rs`) and a plan for what JSON Schema
cannot say: captions, observables, deprecated attributes, integers written with a point. Whatever the schema knows is
asked of it here, once per class, and nothing of it is copied into the code.

This module knows no files and counts nothing; `validate` does that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

OCSF_VERSION = "1.8.0"
EXTENSION_PATCH = Path(__file__).with_name("extension") / "extension.patch.json"

# Class numbers of an extension: (extension uid * 100 + category uid) * 1000 + the class's own uid.
EXTENSION_FACTOR = 100_000
UNKNOWN_ID, OTHER_ID = 0, 99
OTHER_CAPTION = "Other"
INTEGER_TYPES = frozenset({"integer_t", "long_t"})
LONG_MIN, LONG_MAX = -(2**63), 2**63 - 1
# Milliseconds; nanoseconds taken for milliseconds are the fault this catches.
TIME_MIN = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp() * 1000)
TIME_MAX = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp() * 1000)

# JSON Schema keyword -> the name that OCSF's own validator gives the fault.
KEYWORD_RULES = {
    "required": "attribute_required_missing",
    "additionalProperties": "attribute_unknown",
    "enum": "attribute_enum_value_unknown",
    "const": "attribute_enum_value_unknown",
    "type": "attribute_wrong_type",
    "pattern": "attribute_value_regex_not_matched",
    "minimum": "attribute_value_exceeds_range",
    "maximum": "attribute_value_exceeds_range",
    "maxLength": "attribute_value_exceeds_max_len",
    "anyOf": "constraint_failed",
    "oneOf": "constraint_failed",
}
REQUIREMENTS = ("required", "recommended", "optional")
EXAMPLE_LENGTH = 120
# Caches whose keys come from the events are emptied at this size, so that odd input cannot fill the memory.
CACHE_LIMIT = 10_000

Json = dict[str, Any]
Path_ = tuple[str | int, ...]


class CannotValidate(Exception):
    """There is nothing that could be validated; the message says why and names the way."""


class ValidationUnavailable(CannotValidate):
    """A package that validation needs is not installed."""


class Finding(NamedTuple):
    """One fault in one event: the attribute's path (`a.b[0].c`), the rule it breaks, and what stands there."""

    path: str
    rule: str
    example: str


def need(module: str) -> Any:
    """Import a package that only validation needs; `ValidationUnavailable` when it is missing."""
    try:
        return import_module(module)
    except ImportError as error:
        message = 'validation needs two more packages: pip install "ocsfconv[validate]"'
        raise ValidationUnavailable(message) from error


def merge_patch(target: Any, patch: Any) -> Any:
    """Apply a JSON merge patch (RFC 7396) and return the result; neither argument is changed."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def without_nulls(value: Any) -> Any:
    """Return a copy without the members that are null: the packaged schema writes some attributes' absence so."""
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


def shown(value: Any) -> str:
    """Return a value as JSON text, cut to a readable length."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= EXAMPLE_LENGTH else text[: EXAMPLE_LENGTH - 1] + "…"


class Step:
    """What to check at one attribute beyond JSON Schema; attributes with nothing to check have no step."""

    __slots__ = ("captions", "child", "deprecated", "integer", "sibling")

    def __init__(self, attribute: Json, child: Plan | None, integer: bool) -> None:
        self.child = child
        self.integer = integer
        self.sibling: str | None = attribute.get("sibling") if integer and "enum" in attribute else None
        entries = attribute["enum"] if self.sibling else {}
        self.captions: dict[int, str] = {int(number): entry["caption"] for number, entry in entries.items()}
        self.deprecated: str | None = None
        if "@deprecated" in attribute:
            self.deprecated = re.sub(r"<[^>]*>", "", attribute["@deprecated"].get("message", ""))

    def __bool__(self) -> bool:
        return self.integer or self.child is not None or self.deprecated is not None


class Plan:
    """The attributes of one class or object, and the steps of a walk through it."""

    __slots__ = ("attributes", "constraints", "steps")

    def __init__(self, source: Json) -> None:
        self.attributes: Json = source["attributes"]
        self.constraints: Json = source.get("constraints", {})
        self.steps: dict[str, Step] = {}


class Schema:
    """The schema of one mode: `core` is the packaged one, `ext` has our extension merged in."""

    def __init__(self, mode: str) -> None:
        packages = need("ocsf_json_schema")
        self._validator_for = need("jsonschema_rs").validator_for
        patch = json.loads(EXTENSION_PATCH.read_text(encoding="utf-8"))
        self.data: Json = without_nulls(packages.get_ocsf_schema(OCSF_VERSION))
        if mode == "ext":
            self.data = merge_patch(self.data, patch)
        self.version: str = self.data["version"]
        self.extensions: dict[str, int] = {name: entry["uid"] for name, entry in patch["extensions"].items()}
        self.profiles: frozenset[str] = frozenset(self.data["profiles"])
        self.types: Json = self.data["dictionary"]["types"]["attributes"]
        self.class_keys: dict[int, str] = {entry["uid"]: key for key, entry in self.data["classes"].items()}
        self._embedded = packages.OcsfJsonSchemaEmbedded(self.data)
        self._objects: dict[str, Plan] = {}
        self._classes: dict[int, Plan] = {}
        self._checkers: dict[tuple[int, frozenset[str]], EventClass] = {}

    def is_integer(self, kind: str) -> bool:
        """Say whether a type (`port_t`) is an integer, by itself or by the type it refines."""
        return kind in INTEGER_TYPES or self.types.get(kind, {}).get("type") in INTEGER_TYPES

    def object_plan(self, name: str) -> Plan:
        """Return the plan of an object; objects refer to each other in circles, so it is known before it is filled."""
        plan = self._objects.get(name)
        if plan is None:
            plan = self._objects[name] = Plan(self.data["objects"][name])
            self._fill(plan)
        return plan

    def class_plan(self, class_uid: int) -> Plan:
        """Return the plan of a class."""
        plan = self._classes.get(class_uid)
        if plan is None:
            plan = self._classes[class_uid] = Plan(self.data["classes"][self.class_keys[class_uid]])
            self._fill(plan)
            # `type_name` of type_uid 99 (Base Event) is made from the activity's name: `EventClass` looks at it.
            plan.steps["type_uid"].captions.pop(OTHER_ID, None)
        return plan

    def _fill(self, plan: Plan) -> None:
        for name, attribute in plan.attributes.items():
            kind = attribute["type"]
            child = self.object_plan(attribute["object_type"]) if kind == "object_t" else None
            # An object without attributes (`unmapped`) may hold anything, as `json_t` may.
            if child is not None and not child.attributes:
                child = None
            if step := Step(attribute, child, self.is_integer(kind)):
                plan.steps[name] = step

    def observable_number(self, attribute: Json) -> int | None:
        """Return the observable `type_id` of an attribute: its own number, else its type's or its object's."""
        kind = attribute["type"]
        source = self.data["objects"][attribute["object_type"]] if kind == "object_t" else self.types[kind]
        number = attribute.get("observable", source.get("observable"))
        return None if number is None else int(number)

    def event_class(self, class_uid: int, profiles: frozenset[str]) -> EventClass | None:
        """Return the checks of a class with these profiles, built once; None for an unknown class."""
        checker = self._checkers.get((class_uid, profiles))
        if checker is None and class_uid in self.class_keys:
            key = self.class_keys[class_uid]
            document = self._embedded.get_class_schema(key, sorted(profiles))
            checker = EventClass(self, class_uid, profiles, self._validator_for(document))
            self._checkers[class_uid, profiles] = checker
        return checker


class EventClass:
    """The checks of one class with one set of profiles."""

    def __init__(self, schema: Schema, class_uid: int, profiles: frozenset[str], validator: Any) -> None:
        self.caption: str = schema.data["classes"][schema.class_keys[class_uid]]["caption"]
        self.class_uid = class_uid
        self._schema = schema
        self._plan = schema.class_plan(class_uid)
        self._validator = validator
        self._is_valid = validator.is_valid
        self._observable_types = schema.object_plan("observable").steps["type_id"].captions
        self._observables: dict[str, tuple[Path_, int | None]] = {}
        self._fills: dict[tuple[str, ...], tuple[int, ...]] = {}
        # What an event with these profiles can be asked to fill: what is deprecated it must not.
        self._requirements: dict[str, str] = {
            name: attribute["requirement"]
            for name, attribute in self._plan.attributes.items()
            if "@deprecated" not in attribute
            and (not attribute.get("profiles") or not profiles.isdisjoint(attribute["profiles"]))
        }
        asked = list(self._requirements.values())
        self.fillable: tuple[int, ...] = tuple(asked.count(requirement) for requirement in REQUIREMENTS)

    def filled(self, event: Json) -> tuple[int, ...]:
        """Count the required, recommended and optional attributes of the class that the event fills."""
        shape = tuple(event)
        counts = self._fills.get(shape)
        if counts is None:
            if len(self._fills) >= CACHE_LIMIT:
                self._fills.clear()
            asked = [self._requirements.get(name) for name in shape]
            counts = self._fills[shape] = tuple(asked.count(requirement) for requirement in REQUIREMENTS)
        return counts

    def check(self, event: Json) -> list[Finding]:
        """Return all faults of an event of this class."""
        found: list[Finding] = []
        try:
            if not self._is_valid(event):
                found.extend(self._schema_findings(event))
            _walk(event, self._plan.steps, "", found)
        except (ValueError, RecursionError) as error:  # text that is not Unicode, or nesting beyond any schema
            return [Finding("", "event_unreadable", str(error))]
        self._check_type(event, found)
        self._check_metadata(event, found)
        time = event.get("time")
        if type(time) is int and time != UNKNOWN_ID and not TIME_MIN <= time < TIME_MAX:
            found.append(Finding("time", "time_implausible", f"{time} is not in milliseconds from 2000 to 2100"))
        observables = event.get("observables")
        if type(observables) is list:
            for index, observable in enumerate(observables):
                if type(observable) is dict:
                    self._check_observable(event, observable, f"observables[{index}]", found)
        # A wrong integer is seen by JSON Schema and by the walk; it is one fault.
        return list({finding[:2]: finding for finding in reversed(found)}.values())[::-1] if found else found

    def _check_type(self, event: Json, found: list[Finding]) -> None:
        activity, type_uid, name = event.get("activity_id"), event.get("type_uid"), event.get("activity_name")
        if type(activity) is int and type(type_uid) is int and type_uid != self.class_uid * 100 + activity:
            expected = self.class_uid * 100 + activity
            found.append(Finding("type_uid", "type_uid_incorrect", f"{type_uid}, expected {expected}"))
        if activity == OTHER_ID and not name:
            found.append(Finding("activity_name", "activity_name_missing", f"activity_id is {OTHER_ID}"))
        type_name = event.get("type_name")
        if type_uid == OTHER_ID and name and type_name is not None and type_name != f"{self.caption}: {name}":
            example = f"{shown(type_name)}, expected {shown(f'{self.caption}: {name}')}"
            found.append(Finding("type_name", "attribute_enum_sibling_incorrect", example))

    def _check_metadata(self, event: Json, found: list[Finding]) -> None:
        metadata = event.get("metadata")
        if type(metadata) is not dict:
            return
        version = metadata.get("version")
        if version != self._schema.version and type(version) is str:
            rule = version_rule(version, self._schema.version)
            found.append(Finding("metadata.version", rule, f"{shown(version)}, expected {self._schema.version}"))
        profiles = metadata.get("profiles")
        if type(profiles) is list:
            for index, profile in enumerate(profiles):
                if type(profile) is str and profile not in self._schema.profiles:
                    found.append(Finding(f"metadata.profiles[{index}]", "profile_unknown", shown(profile)))

    def _check_observable(self, event: Json, observable: Json, path: str, found: list[Finding]) -> None:
        name, type_id, value = observable.get("name"), observable.get("type_id"), observable.get("value")
        if type(name) is not str:
            return
        parts, number = self._observable(name)
        values = values_at(event, parts)
        if not values:
            found.append(Finding(f"{path}.name", "observable_name_invalid_reference", shown(name)))
            return
        if value is not None and not any(_same(inner, value) for inner in values):
            example = f"{shown(value)} is not at {name}"
            found.append(Finding(f"{path}.value", "observable_value_not_found", example))
        # A number that is no type at all has been found by JSON Schema already.
        if type_id in (number, UNKNOWN_ID, OTHER_ID) or type(type_id) is not int:
            return
        if type_id in self._observable_types:
            example = f"{type_id} for {name}, expected {OTHER_ID if number is None else number}"
            found.append(Finding(f"{path}.type_id", "observable_type_id_incorrect", example))

    def _observable(self, name: str) -> tuple[Path_, int | None]:
        known = self._observables.get(name)
        if known is None:
            if len(self._observables) >= CACHE_LIMIT:
                self._observables.clear()
            parts = path_parts(name)
            attribute = self._attribute(parts)
            number = None if attribute is None else self._schema.observable_number(attribute)
            known = self._observables[name] = (parts, number)
        return known

    def _plan_at(self, parts: Path_) -> Plan | None:
        """Return the plan of the object at a path of the event."""
        plan: Plan | None = self._plan
        for part in parts:
            if plan is not None and not isinstance(part, int):
                step = plan.steps.get(part)
                plan = step.child if step else None
        return plan

    def _attribute(self, parts: Path_) -> Json | None:
        """Return what the schema says of the attribute at a path; None when it knows no such attribute."""
        names = [part for part in parts if not isinstance(part, int)]
        plan = self._plan_at(tuple(names[:-1]))
        return plan.attributes.get(names[-1]) if plan is not None and names else None

    def _schema_findings(self, event: Json) -> Iterator[Finding]:
        for error in self._validator.iter_errors(event):
            parts: Path_ = tuple(error.instance_path)
            keyword, path = error.kind.name, path_text(parts)
            rule = KEYWORD_RULES.get(keyword, f"schema_{keyword}")
            value = _value_at(event, parts)
            if keyword == "required":
                yield Finding(path_text((*parts, error.kind.property)), rule, "absent")
            elif keyword == "additionalProperties":
                for name in error.kind.unexpected:
                    yield Finding(path_text((*parts, name)), rule, self._unknown(value[name], (*parts, name)))
            elif rule == "constraint_failed":
                plan = self._plan_at(parts)
                constraints = plan.constraints if plan else {}
                text = "; ".join(f"{kind.replace('_', ' ')} of {', '.join(of)}" for kind, of in constraints.items())
                yield Finding(path, rule, f"needs {text}")
            elif value is None:
                yield Finding(path, "attribute_null", "null")
            else:
                yield Finding(path, rule, shown(value))

    def _unknown(self, value: Any, parts: Path_) -> str:
        attribute = self._attribute(parts)
        profiles = ", ".join(attribute.get("profiles", ())) if attribute else ""
        return f"{shown(value)}, needs profile {profiles}" if profiles else shown(value)


class Schemas:
    """Both modes, each loaded when the first event needs it."""

    def __init__(self) -> None:
        self._core: Schema | None = None
        self._ext: Schema | None = None
        # Which mode an event is in can be told without loading either.
        patch = json.loads(EXTENSION_PATCH.read_text(encoding="utf-8"))
        self._names = frozenset(patch["extensions"])
        self._uids = frozenset(entry["uid"] for entry in patch["extensions"].values())
        self._profiles = frozenset(patch["profiles"])

    def mode_of(self, event: Json) -> str:
        """Return `ext` for an event that says it uses our extension, by class, profile or name; else `core`."""
        class_uid, metadata = event.get("class_uid"), event.get("metadata")
        if type(class_uid) is int and class_uid // EXTENSION_FACTOR in self._uids:
            return "ext"
        if type(metadata) is dict:
            if not self._profiles.isdisjoint(texts(metadata.get("profiles"))):
                return "ext"
            extensions = metadata.get("extensions")
            if type(extensions) is list:
                names = [entry.get("name") for entry in extensions if type(entry) is dict]
                if not self._names.isdisjoint(texts(names)):
                    return "ext"
        return "core"

    def of(self, mode: str) -> Schema:
        """Return the schema of a mode."""
        if mode == "ext":
            self._ext = self._ext or Schema("ext")
            return self._ext
        self._core = self._core or Schema("core")
        return self._core


def _walk(node: Json, steps: dict[str, Step], path: str, found: list[Finding]) -> None:
    """Check captions, integers and deprecated attributes, in nested objects too."""
    for key, value in node.items():
        step = steps.get(key)
        if step is None:
            continue
        if step.deprecated is not None:
            found.append(Finding(path + key, "attribute_deprecated", step.deprecated or shown(value)))
        child = step.child
        if child is not None:
            if type(value) is dict:
                _walk(value, child.steps, f"{path}{key}.", found)
            elif type(value) is list:
                for index, item in enumerate(value):
                    if type(item) is dict:
                        _walk(item, child.steps, f"{path}{key}[{index}].", found)
        elif step.integer:
            if type(value) is not int or not LONG_MIN <= value <= LONG_MAX:
                _check_integers(value, path + key, found)
            if step.sibling is not None:
                text = node.get(step.sibling)
                # Most texts are the caption: told here, without a call.
                is_caption = type(value) is int and step.captions.get(value) == text and text != OTHER_CAPTION
                if text is not None and not is_caption:
                    _check_sibling(step, value, text, path, found)


def _check_integers(value: Any, path: str, found: list[Finding]) -> None:
    """Find numbers with a point (12.0 is an integer to JSON Schema) and numbers that no long can hold."""
    if type(value) is list:
        for index, item in enumerate(value):
            if type(item) is not int or not LONG_MIN <= item <= LONG_MAX:
                _check_integers(item, f"{path}[{index}]", found)
    elif type(value) is float:
        found.append(Finding(path, "attribute_wrong_type", f"{shown(value)} has a point"))
    elif type(value) is int:
        found.append(Finding(path, "attribute_value_exceeds_range", f"{shown(value)} is no 64-bit integer"))


def _check_sibling(step: Step, value: Any, text: Any, path: str, found: list[Finding]) -> None:
    """Compare the text beside a number with the number's caption; lists element by element."""
    sibling_path = f"{path}{step.sibling}"
    if type(value) is list and type(text) is list:
        if len(value) != len(text):
            example = f"{len(text)} texts for {len(value)} numbers"
            found.append(Finding(sibling_path, "attribute_enum_sibling_incorrect", example))
        for number, words in zip(value, text, strict=False):
            _check_sibling(step, number, words, path, found)
        return
    if type(value) is not int or type(text) is not str:
        return
    caption = step.captions.get(value)
    if caption == OTHER_CAPTION:
        # 99 says that the text is the source's own; "Other" would say it twice.
        if text.casefold() == OTHER_CAPTION.casefold():
            found.append(Finding(sibling_path, "attribute_enum_sibling_suspicious_other", shown(text)))
    elif caption is not None and text != caption:
        example = f"{shown(text)}, expected {shown(caption)}"
        found.append(Finding(sibling_path, "attribute_enum_sibling_incorrect", example))


def texts(value: Any) -> list[str]:
    """Return the strings of a list; nothing when it is no list."""
    return [item for item in value if type(item) is str] if type(value) is list else []


def version_rule(version: str, pinned: str) -> str:
    """Name the fault of a `metadata.version` that is not the pinned one, as OCSF's own validator does."""

    def numbers(text: str) -> tuple[int, ...]:
        match = re.match(r"(\d+)\.(\d+)\.(\d+)", text)
        return tuple(int(part) for part in match.groups()) if match else (0,)

    return "version_incompatible_later" if numbers(version) > numbers(pinned) else "version_earlier"


def path_parts(name: str) -> Path_:
    """Split a path; `a[0].b` and `a.0.b` are one, and `a[].b` is `a.b`: any element of the list."""
    parts = re.sub(r"\[(\d*)\]", r".\1", name).split(".")
    return tuple(int(part) if part.isascii() and part.isdigit() else part for part in parts if part)


def path_text(parts: Path_) -> str:
    """Write a path as `a.b[0].c`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).removeprefix(".")


def values_at(event: Json, parts: Path_) -> list[Any]:
    """Return all values at a path; where it names no index, it goes through every element of a list."""
    nodes: list[Any] = [event] if parts else []
    for part in parts:
        below: list[Any] = []
        for node in nodes:
            if type(node) is dict:
                if part in node:
                    below.append(node[part])
            elif type(node) is list:
                if isinstance(part, int):
                    below.extend(node[part : part + 1])
                else:
                    below.extend(item[part] for item in node if type(item) is dict and part in item)
        nodes = below
    return nodes


def _value_at(event: Json, parts: Path_) -> Any:
    node: Any = event
    for part in parts:
        node = node[part]
    return node


def _same(value: Any, text: Any) -> bool:
    """Say whether an observable's text is the value of its attribute, or of an element of it."""
    if type(value) is str:
        return bool(value == text)
    if type(value) is list:
        return any(_same(item, text) for item in value)
    if type(value) is float and type(text) is str:
        try:
            return float(text) == value
        except ValueError:
            return False
    return type(value) in (int, bool) and json.dumps(value) == text
