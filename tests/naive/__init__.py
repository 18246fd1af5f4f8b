"""A slow mapper from OTLP/JSON to OCSF events, written from the documentation alone: the oracle of the fast one.

It knows one way to do each thing, keeps everything in dictionaries and looks captions up in the packaged schema.
"""

from __future__ import annotations

from typing import Any

from .logs import log_events
from .metrics import point_events
from .traces import span_events


def events(request: dict[str, Any], mode: str) -> list[dict[str, Any]]:
    """Return the events of a valid OTLP/JSON request, in order, in the vocabulary `ext` or `core`."""
    return [*log_events(request, mode), *span_events(request, mode), *point_events(request, mode)]
