"""Hand-made runs for the tests of labelling: a few rows of each file, and the truth as a recording leaves it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

SCHEMA = Path(__file__).parents[1] / "rust_converter" / "schema"
SECOND = 1_000_000_000
START = 1_800_000_000 * SECOND
"""When every run begins; times in the cases are seconds from here."""
TYPES = {
    "int64": pa.int64(),
    "double": pa.float64(),
    "string": pa.string(),
    "boolean": pa.bool_(),
    "list<int64>": pa.list_(pa.int64()),
    "list<double>": pa.list_(pa.float64()),
}
BLANK = {"int64": 0, "string": ""}
Row = dict[str, Any]


def at(seconds: float) -> int:
    """Seconds of the run as Unix ns."""
    return START + round(seconds * SECOND)


def schema(signal: str) -> pa.Schema:
    """A flat file's columns, as the converter has them."""
    columns = json.loads((SCHEMA / f"flat_{signal}.json").read_text())
    return pa.schema([pa.field(one["column"], TYPES[one["type"]], one["nullable"]) for one in columns])


class Case:
    """One run of `seconds` seconds, to which rows and episodes are added; `write` makes its two folders."""

    def __init__(self, folder: Path, seconds: float = 600) -> None:
        self.logs, self.data = folder / "logs", folder / "data"
        self.seconds = seconds
        self.rows: dict[str, list[Row]] = {"logs": [], "traces": [], "metrics": []}
        self.episodes: list[Row] = []
        self.ledger: list[Row] = []
        self.actors: list[Row] = []
        self.evidence: list[Row] = []
        self.late: set[int] = set()
        self._ids = (f"{number:032x}" for number in itertools.count(1))

    def span(self, second: float, ms: float = 10, trace: str | None = None, **columns: Any) -> str:
        """Add a span, by default web-api's SERVER span of a new trace; gives the trace id."""
        trace = trace or next(self._ids)
        row = {
            "service": "web-api",
            "span_kind": "Server",
            "operation": "GET /",
            "http_route": "/" if columns.get("span_kind", "Server") == "Server" else None,
            "span_status": "UNSET",
            "record_kind": "span",
            "trace_id": trace,
            "span_id": next(self._ids)[16:],
            "time_unix_nano": at(second),
            "end_time_unix_nano": at(second) + round(ms * 1e6),
            "duration_ns": round(ms * 1e6),
            **columns,
        }
        self._add("traces", row)
        return trace

    def query(self, second: float, text: str, ms: float = 5, trace: str | None = None, **columns: Any) -> str:
        """Add a CLIENT span towards PostgreSQL, in a trace that a SERVER span of web-api begins."""
        trace = trace or self.span(second, ms + 1)
        known = {"span_kind": "Client", "operation": "SELECT", "db_system": "postgresql", "db_query_text": text}
        return self.span(second, ms, trace, **{**known, **columns})

    def log(
        self, second: float, message: str = "", service: str = "web-api", trace: str | None = None, **c: Any
    ) -> int:
        """Add a log record; gives its row."""
        row = {"service": service, "message": message, "trace_id": trace, "severity_id": 1}
        return self._add("logs", {**row, "time_unix_nano": at(second), **c})

    def point(
        self, second: float, name: str, value: float, kind: str = "gauge", service: str = "web-api", **c: Any
    ) -> int:
        """Add a point; gives its row."""
        row = {"service": service, "metric_name": name, "metric_type": kind, "metric_value": value}
        return self._add("metrics", {**row, "resource": "{}", "time_unix_nano": at(second), **c})

    def _add(self, signal: str, row: Row) -> int:
        self.rows[signal].append({"event_uid": f"{signal}-{len(self.rows[signal])}", **row})
        return len(self.rows[signal]) - 1

    def episode(
        self,
        start: float,
        hold: float = 30,
        exposure: Row | list[Row] | None = None,
        footprint: list[Row] | None = None,
        *,
        effect: float | None = 2.0,
        undone: bool = True,
        executed: bool = True,
        actions: int = 1,
        recover: float = 10,
        **facts: Any,
    ) -> str:
        """Add an episode that is in effect `effect` seconds after its start (None: never); gives its id."""
        identity = facts.pop("id", f"e{len(self.episodes) + 1}")
        ramp = 5.0
        plan = {
            "id": identity,
            "scenario": "some-scenario",
            "number": 1,
            "decoy": False,
            "severity": "medium",
            "class": "reliability",
            "technique": None,
            "root": {"service": "postgres", "resource": "an index"},
            "reach": ["web-api"],
            "hostwide": False,
            "start": start,
            "ramp": ramp,
            "hold": hold,
            "recover": recover,
            "params": {},
            "actions": [{"mechanism": "sql"} for _ in range(actions)],
            "exposure": exposure,
            "footprint": footprint or [],
            **facts,
        }
        self.episodes.append(plan)
        for number in range(actions if executed else 0):
            params: Row = {"episode": identity, "undo": {}, "in_effect_ns": None}
            line = {"id": f"{identity}-{number}", "role": "dba", "kind": "sql", "target": "postgres", "params": params}
            begun, undo = at(start + number * 0.5), at(start + (effect or ramp) + hold)
            self.ledger.append({**line, "event": "started", "utc_ns": begun})
            params = {**params, "undo_began_ns": undo, "in_effect_ns": None if effect is None else at(start + effect)}
            finished = {"event": "finished", "utc_ns": undo + SECOND, "exit": 0, "reset_confirmed": undone}
            self.ledger.append({**line, **finished, "params": params})
        return identity

    def actor(self, trace: str, episode: str, second: float, role: str = "attacker") -> None:
        """Say that an actor sent the request of a trace."""
        self.actors.append({"trace_id": trace, "episode": episode, "role": role, "sent_ns": at(second)})

    def blocked(self, episode: str, statement: str, since: float, until: float, **facts: Any) -> None:
        """Say that PostgreSQL was seen to hold a statement back."""
        line = {
            "kind": "blocked",
            "episode": episode,
            "statement": statement,
            "since_ns": at(since),
            "until_ns": at(until),
        }
        self.evidence.append({**line, "relation": "stock", "application_name": "web-api", **facts})

    def write(self) -> tuple[Path, Path]:
        """Write both folders; gives LOGS and DATA."""
        truth = self.logs / "truth"
        truth.mkdir(parents=True, exist_ok=True)
        self.data.mkdir(parents=True, exist_ok=True)
        write_json(truth / "plan.json", {"schema": 1, "seed": 7, "duration_s": self.seconds, "episodes": self.episodes})
        write_json(truth / "run.json", {"started_ns": START, "seconds": self.seconds})
        samples = ({"utc_ns": at(second), "late": second in self.late} for second in range(1, int(self.seconds) + 1))
        for name, lines in {
            "ledger": self.ledger,
            "actors": self.actors,
            "evidence": self.evidence,
            "harness": samples,
        }.items():
            (truth / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        for signal, rows in self.rows.items():
            pq.write_table(table(signal, rows), self.data / f"ocsf_{signal}.parquet")
        return self.logs, self.data


def table(signal: str, rows: list[Row]) -> pa.Table:
    """Rows with some columns as a table with all of them."""
    fields = schema(signal)
    blank = {field.name: BLANK[str(field.type)] for field in fields if not field.nullable}
    known = set(fields.names) | {"event_uid"}
    for row in rows:
        assert set(row) <= known, set(row) - known
    return pa.Table.from_pylist([{**blank, **row} for row in rows], schema=fields)


def write_json(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data))


def labels(data: Path, signal: str | None = None) -> list[Row]:
    """Rows of ocsf_labels.parquet, of one file when it is named."""
    rows = pq.read_table(data / "ocsf_labels.parquet").to_pylist()
    return [row for row in rows if signal in (None, row["signal"])]


def ordinary(case: Case, every: float = 1.0, ms: float = 10) -> Iterator[str]:
    """Requests all over the run, so that there is something that is normal; gives their trace ids."""
    second = 0.5
    while second < case.seconds:
        yield case.span(second, ms)
        second += every
