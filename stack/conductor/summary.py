"""What a run gave, for people and for programs: the Collector's account against the files, and the tables."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conductor.counters import Counters
from conductor.realism import Row

SIGNALS = ("logs", "traces", "metrics")


def accounts(counters: Counters, conversion: dict[str, Any]) -> list[str]:
    """Compare what the Collector says with what the converter read; each sentence is a fault."""
    faults = []
    for signal in SIGNALS:
        held = conversion["signals"][signal]
        for name, count in counters.lost[signal].items():
            faults.append(f"{signal}: the Collector lost {count} records ({name})")
        if counters.received[signal] != counters.written[signal]:
            faults.append(
                f"{signal}: the Collector received {counters.received[signal]} records, and wrote"
                f" {counters.written[signal]}"
            )
        if counters.written[signal] != held["records_read"]:
            faults.append(
                f"{signal}: the Collector wrote {counters.written[signal]} records,"
                f" {held['records_read']} are in its files"
            )
        if held["records_read"] != held["records_written"] + held["records_rejected"]:
            faults.append(f"{signal}: {held['records_read']} records read are not those written and rejected")
        if held["records_rejected"]:
            faults.append(f"{signal}: {held['records_rejected']} records were rejected, see rejects.jsonl")
    return faults


@dataclass(frozen=True, slots=True)
class Visits:
    """The requests of ordinary visitors, as they saw them; latencies in ms of those that were answered.

    `unanswered` tells why, and how many: people who hang up do so by the plan.
    """

    sent: int
    answered: int
    unanswered: dict[str, int]
    per_second: float
    p50_ms: float | None
    p99_ms: float | None

    def __str__(self) -> str:
        told = [f"{self.sent:,} requests, {self.per_second:.1f} a second"]
        told.append(", ".join(f"{count:,} {why}" for why, count in self.unanswered.items()) or "all answered")
        if self.p50_ms is not None:
            told.append(f"p50 {self.p50_ms:.0f} ms, p99 {self.p99_ms:.0f} ms")
        return "; ".join(told)


def visits(requests: Path) -> Visits:
    """Sum up `requests.jsonl`."""
    times: list[int] = []
    latencies: list[float] = []
    unanswered: Counter[str] = Counter()
    with requests.open(encoding="utf-8") as file:
        for line in file:
            request = json.loads(line)
            times.append(request["sent_ns"])
            if "status" in request:
                latencies.append(request["ms"])
            else:
                unanswered[request["error"]] += 1
    seconds = (max(times) - min(times)) / 1e9 if times else 0.0
    latencies.sort()
    p50, p99 = (latencies[int(len(latencies) * share)] if latencies else None for share in (0.5, 0.99))
    per_second = round(len(times) / seconds, 1) if seconds else 0.0
    return Visits(len(times), len(latencies), dict(unanswered.most_common()), per_second, p50, p99)


def write(path: Path, summary: dict[str, Any]) -> None:
    """Write the summary in one step."""
    beside = path.with_name(f".{path.name}")
    beside.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    os.replace(beside, path)


def realism_table(rows: Iterable[Row]) -> str:
    """The rows as a table: name, value, band, verdict."""
    lines = [("property", "value", "band", "")]
    for row in rows:
        low, high = (("" if end is None else _number(end)) for end in (row.low, row.high))
        band = (
            ""
            if row.verdict is None
            else f"{low} – {high}".strip()
            if low and high
            else f"≥ {low}"
            if low
            else f"≤ {high}"
        )
        lines.append((row.name, "-" if row.value is None else _number(row.value), band, row.verdict or ""))
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join(
        f"{name:<{widths[0]}}  {value:>{widths[1]}}  {band:<{widths[2]}}  {verdict}".rstrip()
        for name, value, band, verdict in lines
    )


def account_table(counters: Counters, conversion: dict[str, Any]) -> str:
    """Records by signal on their way: into the Collector, into its files, into the data set."""
    lines: list[tuple[str, ...]] = [("signal", "received", "in files", "events", "rejected")]
    for signal in SIGNALS:
        held = conversion["signals"][signal]
        numbers = (counters.received[signal], held["records_read"], held["events"], held["records_rejected"])
        lines.append((signal, *(f"{number:,}" for number in numbers)))
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def _number(value: float) -> str:
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:.4f}" if abs(value) < 0.1 else f"{value:.2f}"
