"""OTLP values: reading them from JSON, and writing them as the JSON and the text that events hold.

A value is a pair of its kind and its content: `("int", 5)`, `("map", [("key", ("str", "x"))])`.
"""

from __future__ import annotations

import base64
import json
import math
import re
from decimal import Decimal
from typing import Any

Value = tuple[str, Any]
Attributes = list[tuple[str, Value]]

LONG_MIN, LONG_MAX = -(2**63), 2**63 - 1
LONGEST_INTEGER = len(str(LONG_MIN))
EMPTY: Value = ("empty", None)
# What Unicode calls White_Space. Python's own has the separators U+001C to U+001F, too.
WHITE_SPACE = r"[^\S\x1c-\x1f]"


def trimmed(text: str) -> str:
    """Return the text without white space at its ends."""
    return re.sub(rf"^{WHITE_SPACE}+|{WHITE_SPACE}+\Z", "", text)


def lower(text: str) -> str:
    """Return the text with its ASCII letters in lower case: `K`, the Kelvin sign, is no `k`."""
    return text.encode().lower().decode()


def upper(text: str) -> str:
    """Return the text with its ASCII letters in upper case: `ſ` is no `S`."""
    return text.encode().upper().decode()


def first_word(text: str, ends: str = WHITE_SPACE) -> str | None:
    """Return the first of the words between what the pattern finds."""
    return next((word for word in re.split(ends, text) if word), None)


def read_double(node: Any) -> float:
    """Read a double of OTLP/JSON: a number, or text that may be NaN or infinite; an absent one is 0."""
    return 0.0 if node is None else float(node)


def read_value(node: dict[str, Any] | None) -> Value:
    """Read an `AnyValue`."""
    for key, held in (node or {}).items():
        if held is None:
            continue
        match key:
            case "stringValue":
                return "str", held
            case "boolValue":
                return "bool", held
            case "intValue":
                return "int", int(held)
            case "doubleValue":
                return "double", read_double(held)
            case "bytesValue":
                return "bytes", base64.b64decode(held)
            case "arrayValue":
                return "list", [read_value(item) for item in held.get("values") or []]
            case "kvlistValue":
                return "map", read_attributes(held.get("values"))
    return EMPTY


def read_attributes(nodes: list[dict[str, Any]] | None) -> Attributes:
    """Read a list of `KeyValue`."""
    return [(node.get("key") or "", read_value(node.get("value"))) for node in nodes or []]


def read_id(text: str | None) -> str:
    """Read a trace or span id as lower-case hexadecimal; one of zeros is none."""
    return (text or "").lower() if (text or "").strip("0") else ""


def double_name(number: float) -> str | None:
    """Return how a number that JSON lacks is written; None for the finite ones."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return None


def double_text(number: float) -> str:
    """Write a finite double in the shortest form that reads back, always with a point or an exponent."""
    if number == 0 or 1e-5 <= abs(number) < 1e16:
        text = format(Decimal(repr(number)), "f")
        return text if "." in text else text + ".0"
    mantissa, exponent = f"{Decimal(repr(number)):e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{int(exponent):+d}"


def as_json(value: Value) -> Any:
    """Turn a value into what stands in maps and bodies."""
    kind, held = value
    if kind == "double":
        name = double_name(held)
        return held if name is None else {"$double": name}
    if kind == "bytes":
        return {"$bytes": base64.b64encode(held).decode()}
    if kind == "list":
        return [as_json(item) for item in held]
    if kind == "map":
        return map_json(held)
    return held


def map_json(entries: Attributes) -> dict[str, Any]:
    """Turn a key-value list into an object, or into the form that keeps what an object cannot."""
    keys = [key for key, _ in entries]
    if len(set(keys)) < len(keys) or any(key.startswith("$") for key in keys):
        return {"$kvlist": [[key, as_json(value)] for key, value in entries]}
    return {key: as_json(value) for key, value in entries}


def json_text(node: Any) -> str:
    """Write JSON as the converter does: compact, nothing escaped that need not be."""
    if isinstance(node, dict):
        return "{" + ",".join(f"{json_text(key)}:{json_text(value)}" for key, value in node.items()) + "}"
    if isinstance(node, list):
        return "[" + ",".join(json_text(item) for item in node) + "]"
    if isinstance(node, float):
        return double_text(node)
    return json.dumps(node, ensure_ascii=False)


def plain_text(value: Value) -> str:
    """Write a value as text: a string as it is, anything else as JSON."""
    return value[1] if value[0] == "str" else json_text(as_json(value))


def text(value: Value | None) -> str | None:
    """Return the string that a value is; other types and the empty string say nothing."""
    return value[1] if value is not None and value[0] == "str" and value[1] else None


def integer(value: Value | None) -> int | None:
    """Return the integer that a value is, as integer, whole double or decimal text."""
    if value is None:
        return None
    kind, held = value
    number = held if kind == "int" else None
    if kind == "double" and math.isfinite(held) and held == int(held):
        number = int(held)
    if kind == "str" and re.fullmatch(r"-?[0-9]+", held) and len(held) <= LONGEST_INTEGER:
        number = int(held)
    return number if number is not None and LONG_MIN <= number <= LONG_MAX else None


def number(value: Value | None) -> float | None:
    """Return the finite number that a value is."""
    if value is None:
        return None
    kind, held = value
    if kind == "int" or (kind == "double" and math.isfinite(held)):
        return float(held)
    if kind == "str" and re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", held):
        return float(held) if math.isfinite(float(held)) else None
    return None


def put(node: dict[str, Any], **members: Any) -> dict[str, Any]:
    """Add the members that are there; an object without members is not."""
    node.update({key: value for key, value in members.items() if value is not None and value != {} and value != []})
    return node
