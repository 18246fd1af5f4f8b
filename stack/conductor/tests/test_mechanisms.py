"""Each mechanism with a real PostgreSQL, a real Redis, real processes: in effect, undone, undone by another process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from conductor.episodes import asked
from conductor.errors import ConductorError
from conductor.evidence import LockWaits, outside
from conductor.guard import Guard
from conductor.mechanisms import Context, mechanism
from conductor.mechanisms.base import Evidence
from conductor.mechanisms.process import copies, working_in
from conductor.mechanisms.sql import fill
from conductor.places import STACK

THERE = "SELECT count(*) FROM pg_indexes WHERE indexname = 'goods_name'"
DROPPED = {
    "statements": ["DROP INDEX goods_name"],
    "read": {"definition": "SELECT indexdef FROM pg_indexes WHERE indexname = 'goods_name'"},
    "undo": [":definition"],
    "probe": [{"query": THERE, "expect": "^0$"}],
    "undone": [{"query": THERE, "expect": "^1$"}],
}
HELD = {
    "application_name": "stock-count",
    "scripts": [["SELECT FROM goods WHERE number <= 5 FOR UPDATE", 0.3]],
    "pause": 0.05,
}
PURGE = {"database": 9, "unlink": ["product:*"], "every": 0.1}
SMALLER = {
    "database": 9,
    "commands": ["CONFIG SET slowlog-max-len 64"],
    "read": {"before": "CONFIG GET slowlog-max-len"},
    "undo": ["CONFIG SET slowlog-max-len :before"],
    "probe": [{"command": "CONFIG GET slowlog-max-len", "expect": "64"}],
    "undone": [{"command": "CONFIG GET slowlog-max-len", "expect": "128"}],
}
BACKUP = {"module": "conductor.backup", "copies": 0.5, "nice": 19}


class Shop:
    """As much of a runtime as the mechanisms ask for."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.kind = "local"

    @cached_property
    def guard(self) -> Guard:
        return Guard(self.state)

    def environment(self) -> dict[str, str]:
        return {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}


@pytest.fixture
def context(tmp_path):
    shop = Shop(tmp_path)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as owner:
        owner.execute("CREATE TABLE goods (number integer PRIMARY KEY, name text NOT NULL)")
        owner.execute("INSERT INTO goods SELECT n, 'goods ' || n FROM generate_series(1, 100) n")
        owner.execute("CREATE INDEX goods_name ON goods (name DESC) WHERE number > 3")
        yield Context(shop, "e1", evidence=Evidence(tmp_path / "evidence.jsonl"))
        owner.execute("DROP TABLE goods")
    if "guard" in vars(shop):
        shop.guard.release()


@pytest.fixture
def store():
    with redis.Redis.from_url(os.environ["REDIS_URL"], db=9, decode_responses=True) as client:
        client.flushdb()
        yield client
        client.flushdb()


def begun(context: Context, kind: str, arguments: dict) -> tuple:
    found = mechanism(kind)
    undo = json.loads(json.dumps(found.prepare(arguments, context)))  # as the ledger has it
    found.begin(arguments, context)
    assert asked(lambda: found.in_effect(arguments, context), 10)
    assert not found.undone(undo, context)
    return found, undo


def taken_back(found, undo: dict, context: Context) -> None:
    found.undo(undo, context)
    assert asked(lambda: found.undone(undo, context), 5)


def test_an_index_comes_back_as_it_was(context):
    with psycopg.connect(os.environ["DATABASE_URL"]) as owner:
        before = owner.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'goods' ORDER BY 1").fetchall()
    found, undo = begun(context, "sql", DROPPED)
    assert "WHERE (number > 3)" in undo["statements"][0]
    for _ in range(2):  # the second time it is there already
        taken_back(found, undo, Context(context.runtime, "e1"))
    with psycopg.connect(os.environ["DATABASE_URL"]) as owner:
        assert (
            owner.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'goods' ORDER BY 1").fetchall() == before
        )


def test_what_is_not_there_is_said_before_anything_is_changed(context):
    lost = {**DROPPED, "read": {"definition": "SELECT indexdef FROM pg_indexes WHERE indexname = 'none'"}}
    with pytest.raises(ConductorError, match="definition has 0 values in the database"):
        mechanism("sql").prepare(lost, context)
    with pytest.raises(ConductorError, match=r"PostgreSQL refused 'DROP INDEX none': index \"none\" does not exist"):
        mechanism("sql").begin({**DROPPED, "statements": ["DROP INDEX none"]}, context)


def test_only_what_was_read_is_filled_in():
    assert fill("SELECT :a, 'x:b', 1::int, '12:30'", {"a": "7", "b": "8"}) == "SELECT 7, 'x:b', 1::int, '12:30'"


def test_a_session_holds_its_rows_until_it_is_ended(context):
    found, undo = begun(context, "session", HELD)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as other:
        other.execute("SET lock_timeout = '20ms'")

        def held() -> bool:
            try:
                other.execute("UPDATE goods SET name = name WHERE number = 5")
            except psycopg.errors.LockNotAvailable:
                return True
            return False

        assert asked(held, 5)
        taken_back(found, undo, context)
        assert not held()


def test_other_sessions_of_the_same_name_live_on(context):
    with psycopg.connect(os.environ["DATABASE_URL"], application_name="stock-count") as other:
        found, undo = begun(context, "session", HELD)
        taken_back(found, undo, context)
        assert other.execute("SELECT 1").fetchone() == (1,)


def test_a_session_that_another_process_has_left_is_ended_by_the_server(context):
    found, undo = begun(context, "session", HELD)
    taken_back(found, undo, Context(context.runtime, "e1"))


def test_a_wrong_statement_is_told_and_not_tried_for_ever(context):
    wrong = {**HELD, "scripts": [["SELECT nothing FROM goods"]]}
    found = mechanism("session")
    undo = found.prepare(wrong, context)
    found.begin(wrong, context)
    with pytest.raises(ConductorError, match="nothing"):
        asked(lambda: found.in_effect(wrong, context), 5)
    taken_back(found, undo, context)


def test_crossing_sessions_deadlock_and_go_on(context):
    one, other = (f"SELECT FROM goods WHERE number = {n} FOR UPDATE" for n in (1, 2))
    crossing = {"scripts": [[one, 0.2, other], [other, 0.2, one]], "pause": 0.01}
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as owner:
        deadlocks = (
            "SELECT pg_stat_clear_snapshot(), deadlocks FROM pg_stat_database WHERE datname = current_database()"
        )
        before = owner.execute(deadlocks).fetchone()[1]
        found, undo = begun(context, "session", crossing)
        assert asked(lambda: owner.execute(deadlocks).fetchone()[1] > before, 10)
        taken_back(found, undo, context)


def test_a_wait_for_held_rows_is_seen_with_its_statement(context):
    with psycopg.connect(os.environ["WEB_API_DATABASE_URL"], autocommit=True, application_name="web-api") as shop:
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as owner:
            owner.execute("GRANT SELECT, UPDATE ON goods TO web_api")
        found, undo = begun(context, "session", HELD)
        asked: list[tuple[int, int]] = []
        with LockWaits(context):
            deadline = time.monotonic() + 30
            while not (seen := blocked(context)) and time.monotonic() < deadline:
                sent = time.time_ns()
                shop.execute("SELECT name FROM goods WHERE number = ANY(%s) FOR UPDATE", ([3, 4],))
                asked.append((sent, time.time_ns()))
                time.sleep(0.03)
        taken_back(found, undo, context)
    assert seen, f"none of {len(asked)} statements was seen to wait"
    wait = seen[0]
    assert wait["statement"] == "SELECT name FROM goods WHERE number = ANY($1) FOR UPDATE"
    assert (wait["episode"], wait["relation"], wait["application_name"]) == ("e1", "goods", "web-api")
    (answered,) = [answered for sent, answered in asked if sent <= wait["since_ns"] < answered]
    assert abs(wait["until_ns"] - answered) < 1_000_000_000  # its end is that of the sample that misses it


def blocked(context: Context) -> list[dict[str, Any]]:
    path = context.runtime.state / "evidence.jsonl"
    lines = path.read_text().splitlines() if path.exists() else ()
    return [line for line in map(json.loads, lines) if line["kind"] == "blocked"]


def test_only_waits_that_begin_outside_the_shop_count():
    at = [None] * 2
    rows = [
        (1, "held", at, None, "psql", True, None, []),
        (2, "waits", at[:], None, "web-api", False, 5, [1]),
        (3, "waits behind", at[:], None, "web-api", False, 5, [2]),
        (4, "waits for the shop", at[:], None, "web-api", False, 5, [6]),
        (7, "the owner waits", at[:], None, "psql", True, 5, [2]),
    ]
    told = [(pid, query, str(pid), *rest) for pid, query, _, *rest in rows]
    assert {pid for pid, _ in outside(told)} == {2, 3}


def test_keys_of_a_pattern_are_dropped_again_and_again(context, store):
    store.set("cart:1", "kept")
    found, undo = begun(context, "redis", PURGE)
    for _ in range(2):
        store.set("product:1", "dropped")
        assert asked(lambda: not store.exists("product:1"), 2)
    taken_back(found, undo, context)
    store.set("product:1", "kept")
    time.sleep(0.3)
    assert sorted(store.keys()) == ["cart:1", "product:1"]


def test_a_purge_that_another_process_has_left_is_ended_by_redis(context, store):
    found, undo = begun(context, "redis", PURGE)
    found.undo(undo, Context(context.runtime, "e1"))
    assert asked(lambda: found.undone(undo, context), 5)
    context.kept.popitem()[1].close()


def test_a_setting_of_redis_is_put_back(context, store):
    found, undo = begun(context, "redis", SMALLER)
    for _ in range(2):
        taken_back(found, undo, Context(context.runtime, "e1"))


def test_a_command_that_redis_refuses_is_told(context, store):
    wrong = {"database": 9, "commands": ["CONFIG SET maxmemory-policy none"]}
    found = mechanism("redis")
    found.prepare(wrong, context)
    with pytest.raises(ConductorError, match="Redis refused 'CONFIG SET maxmemory-policy none'"):
        found.begin(wrong, context)


def test_a_program_works_until_it_is_ended(context):
    found, undo = begun(context, "process", BACKUP)
    folder = Path(undo["folder"])
    assert len(working_in(folder)) == copies(0.5)
    assert all(process.nice() == 19 for process in working_in(folder))
    taken_back(found, undo, context)
    assert not folder.exists()
    line = json.loads((context.runtime.state / "evidence.jsonl").read_text().splitlines()[0])
    assert line["kind"] == "process" and line["cpu_seconds"] > 0 and line["from_ns"] < line["to_ns"]


def test_a_program_that_another_process_has_left_is_ended(context):
    found, undo = begun(context, "process", BACKUP)
    children = context.kept.popitem()[1]["children"]
    reaper = threading.Thread(target=lambda: [child.wait() for child in children])
    reaper.start()  # as init does for whom nobody waits any more
    taken_back(found, undo, Context(context.runtime, "e1"))
    reaper.join(5)


def test_a_program_ends_with_its_conductor(tmp_path):
    (tmp_path / "begin.py").write_text(
        "import sys, time\n"
        "from pathlib import Path\n"
        "from types import SimpleNamespace\n"
        "from conductor.guard import Guard\n"
        "from conductor.mechanisms import Context, mechanism\n"
        f"arguments = {BACKUP!r}\n"
        "state = Path(sys.argv[1])\n"
        "context = Context(SimpleNamespace(state=state, guard=Guard(state)), 'e1')\n"
        "found = mechanism('process')\n"
        "found.prepare(arguments, context)\n"
        "found.begin(arguments, context)\n"
        "print('begun', flush=True)\n"
        "time.sleep(60)\n"
    )
    words = [sys.executable, str(tmp_path / "begin.py"), str(tmp_path)]
    with subprocess.Popen(words, env={**os.environ, "PYTHONPATH": str(STACK)}, stdout=subprocess.PIPE) as conductor:
        assert conductor.stdout is not None and conductor.stdout.readline() == b"begun\n"
        assert working_in(tmp_path / "jobs")
        conductor.kill()
    assert asked(lambda: not working_in(tmp_path / "jobs"), 10)


def test_a_stopped_service_answers_nobody_until_it_goes_on(conductor):
    status, output, errors = conductor.run(
        "run", "--services", "payment-provider", "--", sys.executable, "-c", STOP_AND_GO, str(conductor.state)
    )
    assert status == 0, output + errors
    assert output.split() == ["stopped", "answers"]


STOP_AND_GO = """
import sys
from pathlib import Path
from typing import Any
from conductor.episodes import asked
from conductor.local import LocalRuntime
from conductor.mechanisms import Context, mechanism

context = Context(LocalRuntime(Path(sys.argv[1])), "e1")
arguments = {"service": "payment-provider"}
found = mechanism("signal")
undo = found.prepare(arguments, context)
found.begin(arguments, context)
print("stopped" if asked(lambda: found.in_effect(arguments, context), 5) else "goes on")
found.undo(undo, context)
print("answers" if asked(lambda: found.undone(undo, context), 5) else "is silent")
"""
