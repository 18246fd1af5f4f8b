"""The real sender against a counter that writes down what came."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from load.itinerary import build
from load.plan import compile_plan, dump
from load.steps import Session

COUNTER = Path(__file__).with_name("counter.py")
SECONDS = 8


@dataclass
class Counter:
    url: str
    seen_file: Path

    def seen(self) -> list[dict[str, Any]]:
        return lines(self.seen_file)


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    seen = tmp_path / "seen.jsonl"
    process = subprocess.Popen([sys.executable, str(COUNTER), str(seen)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield Counter(f"http://127.0.0.1:{process.stdout.readline().strip()}", seen)
    finally:
        process.terminate()
        process.wait()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def start(counter: Counter, folder: Path, name: str, plan: dict[str, Any]) -> "subprocess.Popen[str]":
    (folder / "plan.json").write_text(dump(plan))
    env = {**os.environ, "PLAN": str(folder / "plan.json"), "TARGET": counter.url,
           "REQUESTS": str(folder / f"{name}.jsonl"), "LAG": str(folder / f"{name}.lag.jsonl")}  # fmt: skip
    return subprocess.Popen([sys.executable, "-m", "load"], env=env, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)  # fmt: skip


def summary(process: "subprocess.Popen[str]") -> dict[str, Any]:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


@pytest.fixture
def plan() -> dict[str, Any]:
    return compile_plan(7, SECONDS, 40)


def test_two_runs_send_the_same_ids(counter: Counter, tmp_path: Path, plan: dict[str, Any]) -> None:
    by_step = []
    for name in ("one", "two"):
        told = summary(start(counter, tmp_path, name, plan))
        sent = lines(tmp_path / f"{name}.jsonl")
        assert told["sent"] == len(sent) > 100 and told["overflow"] == 0
        assert told["answered"] == sum("status" in entry for entry in sent) == told["status"]["2xx"]
        by_step.append({(entry["session"], entry["step"]): entry["trace_id"] for entry in sent})
    common = by_step[0].keys() & by_step[1].keys()
    assert len(common) > 0.8 * len(by_step[0])
    assert all(by_step[0][key] == by_step[1][key] for key in common)
    for n, step in common:
        entry = next(e for e in plan["sessions"] if e["n"] == n)
        planned = {s.number: s.trace_id for s in build(7, Session.of(entry)).steps()}
        assert planned[step] == by_step[0][n, step]
        break


def test_what_arrives_is_what_was_written_down(counter: Counter, tmp_path: Path, plan: dict[str, Any]) -> None:
    summary(start(counter, tmp_path, "sent", plan))
    sent, seen = lines(tmp_path / "sent.jsonl"), counter.seen()
    arrived = {entry["headers"]["traceparent"].split("-")[1]: entry for entry in seen}
    assert len(arrived) == len(seen)
    assert {entry["trace_id"] for entry in sent if "status" in entry} <= arrived.keys()
    sessions = {entry["n"]: entry for entry in plan["sessions"]}
    cookies: dict[int, set[str]] = defaultdict(set)
    for entry in sent:
        got, session = arrived[entry["trace_id"]]["headers"], sessions[entry["session"]]
        assert got["Host"] == "www.northwind-market.com"
        assert got["User-Agent"] == session["agent"] and got["X-Forwarded-For"] == session["address"]
        assert got["traceparent"].startswith("00-") and got["traceparent"].endswith("-01")
        assert ("X-Api-Key" in got) == (session["kind"] == "partner")
        if "Cookie" in got:
            cookies[entry["session"]].add(got["Cookie"])
        if entry["route"] == "/api/v1/recently-viewed":
            assert got["Authorization"].startswith("Bearer a")
    assert not [entry for entry in seen if "{" in entry["path"] or '"{' in entry["body"]]
    assert cookies
    lags = lines(tmp_path / "sent.lag.jsonl")
    assert len(lags) >= SECONDS - 3 and set(lags[0]) == {"utc_ns", "lag_ms", "live"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_a_summary(
    counter: Counter, tmp_path: Path, number: signal.Signals, plan: dict[str, Any]
) -> None:
    process = start(counter, tmp_path, "cut", {**plan, "duration_s": 120})
    requests = tmp_path / "cut.jsonl"
    deadline = time.monotonic() + 20
    while not (requests.exists() and requests.stat().st_size):
        assert time.monotonic() < deadline, "nothing was sent"
        time.sleep(0.1)
    process.send_signal(number)
    begun = time.monotonic()
    told = summary(process)
    assert time.monotonic() - begun < 10
    assert told["sent"] == len(lines(requests)) > 0


def test_an_absent_shop_is_counted(counter: Counter, tmp_path: Path, plan: dict[str, Any]) -> None:
    nowhere = Counter("http://127.0.0.1:9", counter.seen_file)
    told = summary(start(nowhere, tmp_path, "none", {**plan, "duration_s": 3}))
    assert told["answered"] == 0 and told["errors"] == {"ConnectionRefusedError": told["sent"]}


def test_whoever_hangs_up_closes_the_connection(tmp_path: Path) -> None:
    """In a process of its own, because the sender patches sockets."""
    code = """
import time, gevent
from gevent.event import Event
from gevent.server import StreamServer
from locust.event import EventHook
from load.client import Remembered, RequestLog, Visitor
from load.steps import Page, Session, Step, Wave

closed = []
def silent(sock, address):
    sock.recv(4096)
    begun = time.monotonic()
    sock.recv(1)
    closed.append(time.monotonic() - begun)

server = StreamServer(("127.0.0.1", 0), silent)
server.start()
log = RequestLog(None)
session = Session(1, 0.0, "shopper", None, "81.96.1.1", "agent")
visitor = Visitor(session, f"http://127.0.0.1:{server.server_port}", EventHook(), log, Remembered(), Event())
step = Step("GET", "/", "/", hang_up=0.2, trace_id="1" * 32, span_id="1" * 16)
visitor._send(step)
gevent.sleep(0.2)
assert closed and closed[0] < 0.35, closed
assert log.errors == {"hung up": 1}, log.errors
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
