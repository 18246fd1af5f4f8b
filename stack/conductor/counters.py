"""The Collector's own account of a run, printed after its pipelines have closed: what it took, refused and wrote."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field

from conductor.errors import ConductorError

ITEMS = {"logs": "log_records", "traces": "spans", "metrics": "metric_points"}
"""The Collector's word for a signal's records."""
LOST = (
    "otelcol_receiver_refused_{}",
    "otelcol_receiver_failed_{}",
    "otelcol_exporter_send_failed_{}",
    "otelcol_exporter_enqueue_failed_{}",
    "otelcol_processor_refused_{}",
)


@dataclass
class Counters:
    """Records by signal: taken in, written to the files, and lost, with the name of the counter that tells."""

    received: dict[str, int] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
    lost: dict[str, dict[str, int]] = field(default_factory=dict)


class NoCounters(ConductorError):
    """The Collector did not print its counters: it did not end by itself."""


def final_counters(log: str) -> Counters:
    """Read the last metrics that the console exporter printed into the Collector's log.

    Raises:
        NoCounters: nothing of that kind is there.
    """
    document = None
    for start in re.finditer(r'^\{\s*"Resource"', log, re.MULTILINE):
        try:
            document, _ = json.JSONDecoder().raw_decode(log, start.start())
        except ValueError:
            document = None  # cut off: the Collector was killed while it printed
    if document is None:
        raise NoCounters("the Collector printed no final counters: it was killed, so nobody knows what was lost", 1)
    sums: dict[str, int] = defaultdict(int)
    for scope in document["ScopeMetrics"] or ():
        for metric in scope["Metrics"] or ():
            points = metric["Data"].get("DataPoints") or ()
            name = metric["Name"].removesuffix("_total").removeprefix("otelcol_")
            sums["otelcol_" + name] += sum(int(point["Value"]) for point in points if "Value" in point)
    counters = Counters()
    for signal, items in ITEMS.items():
        counters.received[signal] = sums[f"otelcol_receiver_accepted_{items}"]
        counters.written[signal] = sums[f"otelcol_exporter_sent_{items}"]
        lost = {name.format(items): sums[name.format(items)] for name in LOST}
        counters.lost[signal] = {name: count for name, count in lost.items() if count}
    return counters
