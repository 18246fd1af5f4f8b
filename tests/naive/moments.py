"""Moments that an attribute tells."""

from __future__ import annotations

import re
from datetime import datetime

from .values import Value, integer


def milliseconds_of(text: str) -> int | None:
    """Read an RFC 3339 time."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)", text, re.ASCII)
    if match is None:
        return None
    try:
        moment = datetime.fromisoformat(f"{match[1]}T{match[2]}{match[4].upper().replace('Z', '+00:00')}")
    except ValueError:
        return None
    fraction = int(((match[3] or ".")[1:] + "000")[:3])
    return int(moment.timestamp()) * 1000 + fraction


def moment_of(value: Value | None) -> int | None:
    """Return milliseconds: of an RFC 3339 text, or the integer that the value is."""
    if value is not None and value[0] == "str":
        return milliseconds_of(value[1])
    return integer(value)
