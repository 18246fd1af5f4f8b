"""A recording as the tests read it: the Collector's files record by record, the truth, and what ran meanwhile."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import orjson

SEED = int(os.environ.get("SEED", "7"))
DURATION = int(os.environ.get("DURATION", "75s").removesuffix("s"))
RATE = 60
SIGNALS = ("logs", "traces", "metrics")
KINDS = {1: "INTERNAL", 2: "SERVER", 3: "CLIENT", 4: "PRODUCER", 5: "CONSUMER"}


@dataclass(frozen=True, slots=True)
class Span:
    service: str
    version: str
    name: str
    kind: str
    trace: str
    id: str
    parent: str
    start_ns: int
    attributes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Log:
    service: str
    event: str | None
    body: Any
    trace: str
    attributes: dict[str, Any]


class Watch:
    """Remembers which processes and ports the state folder tells of while the command runs."""

    def __init__(self, state: Path) -> None:
        self._path = state / "services.json"
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.pids: dict[int, tuple[str, str]] = {}
        self.ports: dict[str, int] = {}

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(0.3):
            with suppress(OSError, ValueError, KeyError):
                told = json.loads(self._path.read_text())
                self.ports |= told["ports"]
                for name, raw in told["processes"].items():
                    if raw["pid"] not in self.pids:
                        self.pids[raw["pid"]] = name, started(raw["pid"])

    def alive(self) -> list[str]:
        return [f"{name} ({pid})" for pid, (name, at) in self.pids.items() if at and started(pid) == at]

    def listening(self) -> list[str]:
        return [name for name, port in self.ports.items() if answers(port)]


def started(pid: int) -> str:
    """When a process began, in the kernel's ticks; empty when there is none, or when it is only waited for."""
    try:
        rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if rest[0] == "Z" else rest[19]


def answers(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Recording:
    state: Path
    data: Path
    runtime: str
    status: int = 0
    output: str = ""
    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        self.watch = Watch(self.state)

    @property
    def otel(self) -> Path:
        return self.state / "logs" / "otel"

    @property
    def truth(self) -> Path:
        return self.state / "logs" / "truth"

    def json(self, path: Path) -> Any:
        return json.loads(path.read_text(encoding="utf-8"))

    def lines(self, name: str) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in (self.truth / name).read_bytes().splitlines()]

    @cached_property
    def plan(self) -> dict[str, Any]:
        return self.json(self.truth / "plan.json")

    @cached_property
    def conversion(self) -> dict[str, Any]:
        return self.json(self.data / "conversion.json")

    @cached_property
    def summary(self) -> dict[str, Any]:
        return self.json(self.data / "summary.json")

    @cached_property
    def requests(self) -> list[dict[str, Any]]:
        return self.lines("requests.jsonl")

    @cached_property
    def ledger(self) -> list[dict[str, Any]]:
        return self.lines("ledger.jsonl")

    @cached_property
    def telemetry(self) -> dict[str, bytes]:
        """The Collector's files by their names."""
        return {path.name: path.read_bytes() for path in sorted(self.otel.iterdir())}

    def _requests(self, signal: str, key: str) -> Iterator[dict[str, Any]]:
        for name, content in self.telemetry.items():
            if name.startswith(signal):
                for line in content.splitlines():
                    yield from orjson.loads(line)[key]

    @cached_property
    def spans(self) -> list[Span]:
        found = []
        for group in self._requests("traces", "resourceSpans"):
            resource = attributes(group.get("resource", {}))
            who = str(resource.get("service.name")), str(resource.get("service.version"))
            for scope in group["scopeSpans"]:
                found += [
                    Span(
                        *who,
                        span["name"],
                        KINDS[span["kind"]],
                        span["traceId"],
                        span["spanId"],
                        span.get("parentSpanId", ""),
                        int(span["startTimeUnixNano"]),
                        attributes(span),
                    )
                    for span in scope["spans"]
                ]
        return found

    @cached_property
    def logs(self) -> list[Log]:
        found = []
        for group in self._requests("logs", "resourceLogs"):
            service = str(attributes(group.get("resource", {})).get("service.name"))
            for scope in group["scopeLogs"]:
                for record in scope["logRecords"]:
                    held = attributes(record)
                    event = record.get("eventName") or held.get("event.name")
                    body = value(record.get("body", {}))
                    found.append(Log(service, event, body, record.get("traceId", ""), held))
        return found

    @cached_property
    def metrics(self) -> dict[str, set[str]]:
        """Names of metrics by service."""
        found: dict[str, set[str]] = {}
        for group in self._requests("metrics", "resourceMetrics"):
            service = str(attributes(group.get("resource", {})).get("service.name"))
            for scope in group["scopeMetrics"]:
                found.setdefault(service, set()).update(metric["name"] for metric in scope["metrics"])
        return found

    @cached_property
    def tables(self) -> duckdb.DuckDBPyConnection:
        """The data set: `logs`, `traces`, `metrics` as users get them."""
        database = duckdb.connect()
        for signal in SIGNALS:
            path = str(self.data / f"ocsf_{signal}.parquet").replace("'", "''")
            database.execute(f"CREATE VIEW {signal} AS SELECT * FROM read_parquet('{path}')")
        return database

    def own_output(self) -> dict[str, str]:
        """What each process printed, by the process."""
        return {path.stem: path.read_text(errors="replace") for path in sorted((self.state / "log").glob("*.log"))}


def attributes(holder: dict[str, Any]) -> dict[str, Any]:
    return {pair["key"]: value(pair["value"]) for pair in holder.get("attributes", ())}


def value(held: dict[str, Any]) -> Any:
    if "arrayValue" in held:
        return [value(item) for item in held["arrayValue"].get("values", ())]
    if "kvlistValue" in held:
        return {pair["key"]: value(pair["value"]) for pair in held["kvlistValue"].get("values", ())}
    if "intValue" in held:
        return int(held["intValue"])
    return next(iter(held.values()), None)
