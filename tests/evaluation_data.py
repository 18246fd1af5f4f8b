"""A small labelled recording whose difficulty is known, as `label` leaves one: ten minutes of a shop with three routes.

`/search` becomes slow twice (scenario slow-search), `/cart` fails for a part of its visitors once (bad-cart); each has
a decoy. Records for ten seconds after a fault are gray. Only columns that evaluation reads are there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random

import polars

SECOND = 1_000_000_000
BEGIN = 1_795_600_020 * SECOND
LENGTH, RATE, RECOVERY = 600, 3, 10
ROUTES = ("/search", "/cart", "/account")
TIME = polars.Int64


@dataclass(frozen=True)
class Planted:
    """An episode of the recording; `begin` and `end` in seconds since its start."""

    name: str
    scenario: str
    route: str
    begin: float
    end: float
    decoy: bool = False
    severity: str = "medium"
    status: str = "verified"

    def holds(self, at: float, route: str) -> bool:
        return self.begin <= at < self.end and route == self.route


EPISODES = (
    Planted("e1", "slow-search", "/search", 60, 110),
    Planted("e2", "slow-search", "/search", 170, 210, decoy=True),
    Planted("e3", "bad-cart", "/cart", 270, 320, severity="blatant"),
    Planted("e4", "bad-cart", "/cart", 380, 420, decoy=True),
    Planted("e5", "slow-search", "/search", 500, 550),
)


def write(
    folder: Path, *, episodes: tuple[Planted, ...] = EPISODES, slower: float = 30, failing: float = 0.6, seed: int = 1
) -> Path:
    """Write a recording: faults make `/search` so many times slower, `/cart` fail so often."""
    random = Random(seed)
    logs, spans, points, labels = [], [], [], []
    at = 0.0
    while (at := at + random.expovariate(RATE)) < LENGTH:
        route = random.choice(ROUTES)
        now = BEGIN + int(at * SECOND)
        episode = next((one for one in episodes if one.holds(at, route)), None)
        gray = next((one for one in episodes if one.end <= at < one.end + RECOVERY and not one.decoy), None)
        fault = episode is not None and not episode.decoy and episode.status == "verified"
        milliseconds = 10 * random.lognormvariate(0, 0.6)
        if fault and route == "/search":
            milliseconds *= slower
        code = 500 if fault and route == "/cart" and random.random() < failing else 200
        person = random.randrange(40)
        trace = f"{random.getrandbits(128):032x}"
        label = "anomalous" if fault else "gray" if gray or (episode and episode.status != "verified") else "normal"
        name = episode.name if episode else gray.name if gray else None
        add_spans(spans, random, trace, route, now, milliseconds, code, f"10.0.0.{person}")
        logs.append(access(trace, route, now + int(milliseconds * 1e6), milliseconds, code, person))
        labels += [("logs", label, name), *(("traces", label, name),) * 3]
    for tick in range(0, LENGTH, 10):
        for service in ("web-api", "postgres"):
            slow = any(e.begin <= tick < e.end and e.scenario == "slow-search" and not e.decoy for e in episodes)
            hurt = slow and service == "postgres"
            for name in ("active", "waiting", "reads"):
                value = random.gauss(10, 1) * (3 if hurt else 1)
                points.append(point(service, name, BEGIN + tick * SECOND, value))
                owner = next((e.name for e in episodes if e.begin <= tick < e.end and not e.decoy), None)
                labels.append(("metrics", "anomalous" if hurt else "normal", owner if hurt else None))
    folder.mkdir(parents=True, exist_ok=True)
    frames = {"logs": logs, "traces": spans, "metrics": points}
    for signal, rows in frames.items():
        polars.DataFrame(rows, infer_schema_length=None).write_parquet(folder / f"ocsf_{signal}.parquet")
    write_labels(folder, labels, logs, spans)
    write_episodes(folder, episodes)
    write_windows(folder, points, [row for row in labels if row[0] == "metrics"], episodes)
    return folder


def add_spans(
    spans: list[dict[str, object]],
    random: Random,
    trace: str,
    route: str,
    now: int,
    milliseconds: float,
    code: int,
    address: str,
) -> None:
    """A request, a function inside, and the statement that takes most of it."""
    parent, begun, took = None, now, milliseconds
    for depth, (kind, name) in enumerate(
        (("Server", f"GET {route}"), ("Internal", f"read{route}"), ("Client", "SELECT"))
    ):
        identity = f"{random.getrandbits(64):016x}"
        length = int(took * 1e6)
        spans.append(
            {
                "time_unix_nano": begun,
                "end_time_unix_nano": begun + length,
                "duration_ns": length,
                "service": "web-api",
                "trace_id": trace,
                "span_id": identity,
                "parent_span_id": parent,
                "span_kind": kind,
                "span_status": "ERROR" if code >= 500 and depth == 0 else "UNSET",
                "operation": name,
                "message": name,
                "record_kind": "span",
                "events_count": 0,
                "http_response_code": float(code) if depth == 0 else None,
                "src_endpoint_ip": address if depth == 0 else None,
                "db_system": "postgresql" if depth == 2 else None,
                "db_query_text": f"SELECT * FROM {route[1:]}" if depth == 2 else None,
                "messaging_destination": None,
            }
        )
        parent, begun, took = identity, begun + 100_000, took * 0.9


def access(trace: str, route: str, now: int, milliseconds: float, code: int, person: int) -> dict[str, object]:
    return {
        "time_unix_nano": now,
        "service": "web-api",
        "message": f"GET {route} {code} in {milliseconds:.0f} ms",
        "severity_id": 4 if code >= 500 else 1,
        "trace_id": trace,
        "actor_user_uid": f"u{person}",
        "src_endpoint_ip": f"10.0.0.{person}",
        "http_request_method": "GET",
        "http_route": route,
        "http_response_code": float(code),
        "duration": milliseconds,
        "traffic_bytes_out": 1000 + person,
        "error_type": "500" if code >= 500 else None,
        "exception_type": None,
    }


def point(service: str, name: str, now: int, value: float) -> dict[str, object]:
    return {
        "time_unix_nano": now,
        "service": service,
        "metric_name": name,
        "metric_type": "gauge",
        "metric_value": value,
        "count": None,
        "sum": None,
        "temporality": None,
        "is_monotonic": None,
        "attributes": None,
        "resource": f'{{"service.name":"{service}"}}',
    }


def write_labels(
    folder: Path,
    labels: list[tuple[str, str, str | None]],
    logs: list[dict[str, object]],
    spans: list[dict[str, object]],
) -> None:
    rows = []
    for signal, held in (("logs", logs), ("traces", spans), ("metrics", None)):
        mine = [row for row in labels if row[0] == signal]
        assert held is None or len(held) == len(mine)
        for row, (_, label, episode) in enumerate(mine):
            uid = None if held is None else f"{signal}-{row}"
            rows.append({"event_uid": uid, "signal": signal, "row": row, "label": label, "episode": episode})
    polars.DataFrame(rows, infer_schema_length=None).write_parquet(folder / "ocsf_labels.parquet")


def write_episodes(folder: Path, episodes: tuple[Planted, ...]) -> None:
    rows = []
    for one in episodes:
        begin, end = BEGIN + int(one.begin * SECOND), BEGIN + int(one.end * SECOND)
        planned = {"planned_start_ns": begin, "planned_end_ns": end + RECOVERY * SECOND}
        real = {
            f"{which}_{edge}_ns": at for which in ("actual", "effect") for edge, at in (("start", begin), ("end", end))
        }
        rows.append(
            {
                "episode": one.name,
                "scenario": one.scenario,
                "severity": one.severity,
                "decoy": one.decoy,
                "status": one.status,
                **planned,
                **real,
            }
        )
    schema = {"episode": polars.String, "scenario": polars.String, "severity": polars.String, "decoy": polars.Boolean}
    schema |= {"status": polars.String}
    schema |= {f"{which}_{edge}_ns": TIME for which in ("planned", "actual", "effect") for edge in ("start", "end")}
    polars.DataFrame(rows, schema=schema).write_parquet(folder / "episodes.parquet")


def write_windows(
    folder: Path,
    points: list[dict[str, object]],
    labels: list[tuple[str, str, str | None]],
    episodes: tuple[Planted, ...],
) -> None:
    minute = 60 * SECOND
    found: dict[tuple[int, str], list[tuple[str, str | None]]] = {}
    for row, (_, label, episode) in zip(points, labels, strict=True):
        key = (int(str(row["time_unix_nano"])) // minute * minute, str(row["service"]))
        found.setdefault(key, []).append((label, episode))
    rows = []
    for (start, service), held in sorted(found.items()):
        hurt = [episode for label, episode in held if label == "anomalous"]
        rows.append(
            {
                "window_start_ns": start,
                "service": service,
                "signal": "metrics",
                "records": len(held),
                "label": "anomalous" if hurt else "normal",
                "episode": hurt[0] if hurt else None,
                "scenario": next((one.scenario for one in episodes if hurt and one.name == hurt[0]), None),
                "share": len(hurt) / len(held),
            }
        )
    polars.DataFrame(rows, infer_schema_length=None).write_parquet(folder / "windows.parquet")
