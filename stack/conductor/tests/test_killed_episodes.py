"""A conductor that is killed in any phase of an episode leaves no fault: real PostgreSQL and Redis, the real verbs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from conductor.ledger import lines, open_actions
from conductor.local import LocalRuntime
from conductor.places import STACK

SERVICES = ("--services", "postgres,redis,seed")
INDEX = "order_items_sku"
SLOWLY = "SELECT pg_sleep(1)"
DRIVER = """
import json, sys, time
from pathlib import Path
from conductor import open_runtime, recovery
from conductor.episodes import Episodes
from conductor.ledger import Ledger

runtime = open_runtime("local", Path(sys.argv[1]))
ledger = runtime.logs_folder / "truth" / "ledger.jsonl"
with runtime:
    runtime.up(["postgres", "redis", "seed"], fresh=True)
    recovery.keep(runtime.state, ledger)
    with Episodes(json.loads(sys.argv[2]), runtime, Ledger(ledger)) as episodes:
        episodes.begin(time.time_ns(), time.monotonic())
        time.sleep(300)
"""
"""What a recording does about episodes, without the shop around it."""


def plan(hold: float) -> dict[str, object]:
    """An index goes, Redis forgets earlier, and a session holds rows; the database takes its time."""
    index = {
        "mechanism": "sql",
        "read": {"definition": f"SELECT pg_get_indexdef('{INDEX}'::regclass)"},
        "statements": [f"DROP INDEX {INDEX}", SLOWLY],
        "undo": [SLOWLY, ":definition"],
        "probe": [{"query": f"SELECT to_regclass('{INDEX}')", "expect": "^None$"}],
        "undone": [{"query": f"SELECT to_regclass('{INDEX}')", "expect": INDEX}],
    }
    policy = {
        "mechanism": "redis",
        "read": {"before": "CONFIG GET maxmemory-samples"},
        "commands": ["CONFIG SET maxmemory-samples 9"],
        "undo": ["CONFIG SET maxmemory-samples :before"],
        "probe": [{"command": "CONFIG GET maxmemory-samples", "expect": "9"}],
        "undone": [{"command": "CONFIG GET maxmemory-samples", "expect": "5"}],
    }
    rows = {"mechanism": "session", "scripts": [["SELECT * FROM stock WHERE sku < 'P00009' FOR UPDATE", 0.3]]}
    one = {
        "id": "e1",
        "scenario": "s",
        "decoy": False,
        "severity": "medium",
        "start": 0.0,
        "hold": hold,
        "exposure": None,
    }
    return {"seed": 7, "episodes": [{**one, "actions": [policy, rows, index]}]}


def ledger(conductor) -> Path:
    return conductor.state / "logs" / "truth" / "ledger.jsonl"


def begun(conductor, kind: str) -> bool:
    return any(line["kind"] == kind for line in lines(ledger(conductor)))


def start(conductor, hold: float) -> tuple[subprocess.Popen[bytes], Path]:
    told = conductor.state.parent / "told.txt"
    with told.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, str(conductor.state), json.dumps(plan(hold))],
            cwd=STACK,
            env={**os.environ, "PYTHONPATH": str(STACK)},
            stderr=errors,
        )
    conductor.started.append(process)
    return process, told


def wait_for_phase(conductor, phase: str, told: Path) -> None:
    if phase == "begin":
        conductor.wait_for(lambda: begun(conductor, "sql"), "the injection")
    else:
        conductor.wait_for(lambda: "in effect" in told.read_text(), "the effect")
        if phase == "undo":
            time.sleep(0.4)  # the hold is over: the undo has begun, and waits for the database
            assert "undone" not in told.read_text()


def kill(conductor, process: subprocess.Popen[bytes], *, with_guard: bool) -> None:
    conductor.services()
    (guard,) = (one for one in psutil.Process(process.pid).children() if "conductor.guard" in " ".join(one.cmdline()))
    if with_guard:
        guard.kill()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    if not with_guard:
        log = conductor.state / "log" / "guard.log"
        conductor.wait_for(lambda: log.read_text().endswith("\nstopped\n"), "the guard's stop")
        assert conductor.left() == []


def check_as_before(conductor) -> None:
    assert open_actions(ledger(conductor)) == []
    ended = [line for line in lines(ledger(conductor)) if line["event"] == "finished"]
    assert ended and all(line["reset_confirmed"] is True for line in ended)
    addresses = LocalRuntime(conductor.state).environment()
    with psycopg.connect(addresses["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT to_regclass(%s)", [INDEX]).fetchone() != (None,)
        connection.execute("SELECT * FROM stock WHERE sku < 'P00009' FOR UPDATE NOWAIT")
    with redis.Redis.from_url(addresses["REDIS_URL"]) as client:
        assert client.config_get("maxmemory-samples")["maxmemory-samples"] == "5"


@pytest.mark.parametrize("phase", ["hold", "undo"])
def test_the_guard_undoes_what_a_killed_conductor_did(conductor, phase):
    process, told = start(conductor, hold=0.1 if phase == "undo" else 60)
    wait_for_phase(conductor, phase, told)
    kill(conductor, process, with_guard=False)
    assert open_actions(ledger(conductor)) == []
    status, _, errors = conductor.run("up", *SERVICES)
    assert status == 0, errors
    check_as_before(conductor)


@pytest.mark.parametrize("phase", ["begin", "undo"])
def test_without_the_guard_the_next_up_does(conductor, phase):
    process, told = start(conductor, hold=0.1 if phase == "undo" else 60)
    wait_for_phase(conductor, phase, told)
    kill(conductor, process, with_guard=True)
    assert open_actions(ledger(conductor))
    status, _, errors = conductor.run("up", *SERVICES)
    assert status == 0, errors
    assert "undid what an earlier conductor has left: `DROP INDEX" in errors
    check_as_before(conductor)


def test_without_the_guard_the_next_down_does_though_nothing_runs(conductor):
    process, told = start(conductor, hold=60)
    wait_for_phase(conductor, "hold", told)
    kill(conductor, process, with_guard=True)
    for name in ("postgres", "redis"):
        psutil.Process(conductor.services()[name]).terminate()
    conductor.wait_for(lambda: not [one for one in conductor.left() if "postgres" in one], "the database's end")
    status, _, errors = conductor.run("down")
    assert status == 0, errors
    assert "undid what an earlier conductor has left: `DROP INDEX" in errors
    assert conductor.left() == [] and open_actions(ledger(conductor)) == []
    assert conductor.run("up", *SERVICES)[0] == 0
    check_as_before(conductor)


def test_an_interrupted_conductor_undoes_before_it_stops_the_services(conductor):
    process, told = start(conductor, hold=60)
    wait_for_phase(conductor, "hold", told)
    conductor.services()
    process.send_signal(signal.SIGINT)
    process.wait(60)
    assert "e1 s, medium: undone" in told.read_text()
    assert open_actions(ledger(conductor)) == [] and conductor.left() == []
