"""Small labelled data sets without a leak, made at random, as `label` leaves them; tests plant leaks into them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars

SECOND = 1_000_000_000
BEGIN = 1_795_600_000 * SECOND
ROUTES = ("/", "/c/<slug>", "/p/<sku>", "/cart", "/api/v1/orders", "/api/v1/checkout", "/api/v1/search", "/account")
STATEMENTS = (
    "SELECT banners",
    "SELECT slugs",
    "SELECT products",
    "GET cart",
    "SELECT orders",
    "UPDATE stock",
    "SELECT words",
)
SCENARIOS = {"missing-index": 4, "lock-contention": 5, "cache-storm": 2, "cpu-hog": None}
"""The route that each exposes; None for the whole host."""
EVENTS = ("http.access", "order.placed", "search.slow", "cart.item.added")
STEPS, THINK = 8, 5.0
FAULT, RECOVERY = (9.0, 15.0), 3.0

Frame = polars.DataFrame


@dataclass
class Planned:
    """An episode: when it was in effect, in ns."""

    scenario: str
    decoy: bool
    start: int
    end: int


@dataclass
class Data:
    """A run: its three tables in the order of their files, with the columns `label` and `episode` beside their own."""

    logs: Frame
    traces: Frame
    metrics: Frame
    episodes: list[Planned]
    harness: list[dict[str, object]]
    group_rows: dict[str, list[int]] = field(default_factory=dict)
    """Rows of each row group of a file, where it is not one."""

    def map(self, change: Callable[[Frame], Frame]) -> Data:
        """Change logs and spans."""
        self.logs, self.traces = change(self.logs), change(self.traces)
        return self

    def write(self, folder: Path) -> Path:
        """Write what a labelled DATA folder holds."""
        folder.mkdir(parents=True, exist_ok=True)
        labels = []
        for name in ("logs", "traces", "metrics"):
            table: Frame = getattr(self, name)
            labels.append(
                table.select(
                    polars.lit(name).alias("signal"),
                    polars.int_range(polars.len(), dtype=polars.Int64).alias("row"),
                    "label",
                    polars.when(polars.col("episode") >= 0).then(polars.format("e{}", "episode")).alias("episode"),
                )
            )
            _write(table.drop("label", "episode"), folder / f"ocsf_{name}.parquet", self.group_rows.get(name))
        polars.concat(labels).write_parquet(folder / "ocsf_labels.parquet")
        polars.DataFrame(
            [_told(number, one) for number, one in enumerate(self.episodes)], schema=EPISODES
        ).write_parquet(folder / "episodes.parquet")
        (folder / "truth").mkdir(exist_ok=True)
        lines = "".join(json.dumps(line) + "\n" for line in self.harness)
        (folder / "truth" / "harness.jsonl").write_text(lines)
        return folder


EPISODES = {
    "episode": polars.String,
    "scenario": polars.String,
    "class": polars.String,
    "decoy": polars.Boolean,
    "status": polars.String,
    "root_service": polars.String,
    "root_resource": polars.String,
    "actual_start_ns": polars.Int64,
    "actual_end_ns": polars.Int64,
}


def _told(number: int, one: Planned) -> dict[str, object]:
    values = (f"e{number}", one.scenario, "reliability", one.decoy, "verified", "web-api", "stock", one.start, one.end)
    return dict(zip(EPISODES, values, strict=True))


def _write(table: Frame, path: Path, groups: list[int] | None) -> None:
    if groups is None:
        table.write_parquet(path)
        return
    import pyarrow.parquet as parquet

    arrow = table.to_arrow()
    arrow = arrow.cast(parquet.read_schema(_first(table, path)))
    with parquet.ParquetWriter(path, arrow.schema) as writer:
        at = 0
        for rows in groups:
            writer.write_table(arrow.slice(at, rows), row_group_size=max(1, rows))
            at += rows


def _first(table: Frame, path: Path) -> Path:
    table.head(1).write_parquet(path)
    return path


def make(
    seed: int,
    *,
    duration: float = 400.0,
    scenarios: tuple[str, ...] = tuple(SCENARIOS),
    decoys: int | None = None,
    starts: list[float] | None = None,
    sessions: float = 1.2,
    case: bool = False,
) -> Data:
    """A run with a fault of each scenario and as many decoys, at random times, told by nothing but their effects."""
    random = np.random.default_rng(seed)
    names = [(name, False) for name in scenarios]
    names += [
        (scenarios[number % len(scenarios)], True) for number in range(len(scenarios) if decoys is None else decoys)
    ]
    episodes = [
        Planned(name, decoy, begin, begin + length)
        for (name, decoy), (begin, length) in zip(
            names, _times(random, len(names), duration, starts, case), strict=True
        )
    ]
    requests = _requests(random, duration, sessions)
    owner, label = _exposed(random, requests, episodes)
    requests = requests.with_columns(owner, label)
    slow = np.where(requests["label"] == "anomalous", random.exponential(300, len(requests)), 0.0)
    milliseconds = random.lognormal(3, 0.8, len(requests)) + slow
    requests = requests.with_columns(polars.Series("ms", milliseconds))
    data = Data(_logs(random, requests), _spans(random, requests), _points(random, duration, episodes), episodes, [])
    for second in range(int(duration)):
        at = BEGIN + (second + 1) * SECOND
        data.harness.append({"utc_ns": at, "behind_ms": 0.5, "lag_ms": float(random.exponential(5)), "late": False})
    return data


def _times(
    random: np.random.Generator, count: int, duration: float, starts: list[float] | None, case: bool
) -> list[tuple[int, int]]:
    lengths = random.uniform(*FAULT, count)
    if starts is None and case:
        starts = list(random.uniform(0.25, 1.0, count) * (duration - lengths - RECOVERY))
    if starts is None:
        edge = gap = 6.0
        spare = duration - 2 * edge - sum(lengths) - (RECOVERY + gap) * count
        moved, at, starts = np.sort(random.uniform(0, spare, count)), edge, [0.0] * count
        for place, shift in zip(random.permutation(count), moved, strict=True):
            starts[place] = at + shift
            at += lengths[place] + RECOVERY + gap
    return [(BEGIN + int(start * SECOND), int(length * SECOND)) for start, length in zip(starts, lengths, strict=True)]


def _requests(random: np.random.Generator, duration: float, a_second: float) -> Frame:
    """Visits of people who come again, each some pages with time to think."""
    sessions = int((duration + 60) * a_second)
    person = random.zipf(1.3, sessions) % 400
    steps = random.geometric(1 / STEPS, sessions)
    session = np.repeat(np.arange(sessions), steps)
    begins = random.uniform(-60, duration, sessions)
    think = random.lognormal(np.log(THINK), 0.8, len(session))
    firsts = np.repeat(np.cumsum(steps) - steps, steps)
    waited = np.cumsum(think)
    at = begins[session] + waited - waited[firsts]
    inside = (at >= 0) & (at < duration)
    order = np.flatnonzero(inside)[np.argsort(at[inside])]
    session, at = session[order], at[order]
    user = person[session]
    count = len(at)
    return polars.DataFrame(
        {
            "at": (BEGIN + at * SECOND).astype(np.int64),
            "session": session,
            "user": user,
            "agent": user % 13,
            "route": random.choice(len(ROUTES), count, p=np.array([8, 6, 9, 4, 4, 3, 5, 3]) / 42),
            "cached": random.random(count) < 0.3,
            "failed": random.random(count) < 0.02,
            "trace": [random.bytes(16).hex() for _ in range(count)],
        }
    )


def _exposed(
    random: np.random.Generator, requests: Frame, episodes: list[Planned]
) -> tuple[polars.Series, polars.Series]:
    at, route = requests["at"].to_numpy(), requests["route"].to_numpy()
    used = ~requests["cached"].to_numpy()
    owner, label = np.full(len(requests), -1), np.full(len(requests), "normal", dtype="<U9")
    for number, episode in enumerate(episodes):
        wanted = SCENARIOS[episode.scenario]
        hit = np.ones(len(requests), bool) if wanted is None else (route == wanted) & used
        during = hit & (at >= episode.start) & (at < episode.end)
        after = hit & (at >= episode.end) & (at < episode.end + RECOVERY * SECOND)
        owner[during] = number
        if not episode.decoy:
            label[during], label[after] = "anomalous", "gray"
            owner[after] = number
    return polars.Series("episode", owner), polars.Series("label", label)


def _logs(random: np.random.Generator, requests: Frame) -> Frame:
    times = requests.height
    repeat = 1 + (random.random(times) < 0.15).astype(int)
    rows = np.repeat(np.arange(times), repeat)
    second = np.append(False, rows[1:] == rows[:-1])
    held = requests[rows]
    kind = np.where(second, random.integers(1, len(EVENTS), len(rows)), 0)
    status = np.where(held["failed"], 503, 200)
    route = [ROUTES[number] for number in held["route"]]
    message = [
        f"GET {path.replace('<sku>', f'P{random.integers(1e5):05}').replace('<slug>', 'toys')} {code}"
        if which == 0
        else f"{EVENTS[which]} of {random.integers(1e4)}"
        for path, code, which in zip(route, status, kind, strict=True)
    ]
    attributes = [
        json.dumps(
            {
                "client.address": f"51.{user % 7}.{user % 100}.{user % 250}",
                "tenant.id": str(user % 9),
                "request.id": trace[:16],
            }
        )
        for user, trace in zip(held["user"], held["trace"], strict=True)
    ]
    time = held["at"] + (held["ms"] * 1e6).cast(polars.Int64) + polars.Series(second * 1000)
    table = polars.DataFrame(
        {
            "class_uid": np.where(kind == 0, 4002, 0),
            "activity_id": np.where(kind == 0, 3, 99),
            "time_unix_nano": time,
            "service": ["web-api"] * len(rows),
            "message": message,
            "status_id": np.where(held["failed"], 2, 1),
            "severity_id": np.where(held["failed"], 4, 1),
            "http_route": route,
            "http_response_code": status.astype(float),
            "error_type": [("busy" if failed else None) for failed in held["failed"]],
            "service_version": ["1.4.2"] * len(rows),
            "host_name": ["web-01"] * len(rows),
            "actor_user_uid": [f"u{user}" if user % 3 else None for user in held["user"]],
            "actor_session_uid": [f"{session * 2654435761 % 2**32:08x}" for session in held["session"]],
            "src_endpoint_ip": [f"51.{user % 7}.{user % 100}.{user % 250}" for user in held["user"]],
            "http_request_user_agent": [f"Browser/{agent}.0 (device {agent % 4})" for agent in held["agent"]],
            "actor_app_name": polars.Series([None] * len(rows), dtype=polars.String),
            "event_name": [EVENTS[which] for which in kind],
            "scope_name": ["web_api"] * len(rows),
            "trace_id": held["trace"],
            "attributes": attributes,
            "label": held["label"],
            "episode": held["episode"],
        }
    )
    return table.sort("time_unix_nano", maintain_order=True)


def _spans(random: np.random.Generator, requests: Frame) -> Frame:
    parts = []
    for kind in ("Server", "Client"):
        held = requests if kind == "Server" else requests.filter(~polars.col("cached"))
        begin = held["at"] + (1_000_000 if kind == "Client" else 0)
        length = (held["ms"] * (1e6 if kind == "Server" else 8e5)).cast(polars.Int64)
        statement = [STATEMENTS[route % len(STATEMENTS)] for route in held["route"]]
        parts.append(
            polars.DataFrame(
                {
                    "time_unix_nano": begin,
                    "end_time_unix_nano": begin + length,
                    "status_id": np.where(held["failed"], 2, 1),
                    "service": ["web-api"] * held.height,
                    "operation": [ROUTES[route] for route in held["route"]] if kind == "Server" else statement,
                    "span_kind": [kind] * held.height,
                    "duration": length / 1e6,
                    "http_request_method": ["GET"] * held.height,
                    "http_route": polars.Series(
                        [ROUTES[route] if kind == "Server" else None for route in held["route"]], dtype=polars.String
                    ),
                    "http_response_code": np.where(held["failed"], 503.0, 200.0),
                    "db_query_text": polars.Series(
                        [None] * held.height if kind == "Server" else statement, dtype=polars.String
                    ),
                    "src_endpoint_ip": polars.Series(
                        [f"51.{user % 7}.{user % 100}.{user % 250}" for user in held["user"]]
                        if kind == "Server"
                        else [None] * held.height,
                        dtype=polars.String,
                    ),
                    "dst_endpoint_port": [26924.0] * held.height,
                    "scope_name": ["flask" if kind == "Server" else "psycopg"] * held.height,
                    "trace_id": held["trace"],
                    "span_id": [random.bytes(8).hex() for _ in range(held.height)],
                    "attributes": [
                        json.dumps({"network.peer.port": int(port)}) for port in random.integers(3e4, 6e4, held.height)
                    ],
                    "label": held["label"],
                    "episode": held["episode"],
                }
            )
        )
    return polars.concat(parts).sort("end_time_unix_nano", maintain_order=True)


def _points(random: np.random.Generator, duration: float, episodes: list[Planned]) -> Frame:
    series = 20
    scrapes = np.arange(5.0, duration, 5.0)
    at = BEGIN + (np.repeat(scrapes, series) * SECOND).astype(np.int64)
    owner, label = np.full(len(at), -1), np.full(len(at), "normal", dtype="<U9")
    for number, episode in enumerate(episodes):
        if SCENARIOS[episode.scenario] is None:
            during = (at >= episode.start) & (at < episode.end)
            owner[during] = number
            label[during & (not episode.decoy)] = "anomalous"
    return polars.DataFrame(
        {
            "time_unix_nano": at,
            "service": ["web-api"] * len(at),
            "metric_name": [f"m.{number % series}" for number in range(len(at))],
            "metric_value": random.random(len(at)),
            "instance": ["web-01"] * len(at),
            "attributes": ["{}"] * len(at),
            "resource": [json.dumps({"service.name": "web-api"})] * len(at),
            "label": label,
            "episode": owner,
        }
    )
