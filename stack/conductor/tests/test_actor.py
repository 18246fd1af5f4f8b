"""An actor as the conductor has it: started, answered, ended, and what it sent kept, whatever happens."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import pytest

from conductor.compose import ComposeRuntime
from conductor.environments import make_python
from conductor.episodes import asked
from conductor.errors import ConductorError
from conductor.guard import Guard
from conductor.launch import Launch
from conductor.local import LocalRuntime
from conductor.mechanisms import Context, mechanism
from conductor.mechanisms.actor import join
from conductor.mechanisms.process import working_in
from conductor.places import STACK

STUFFING = {"actor": "credential_stuffing", "role": "attacker", "rate": 40, "addresses": 30, "known": 0.5,
            "success": 0.02, "manner": "app"}  # fmt: skip


class Shop:
    """As much of a runtime as an actor asks for."""

    kind = "local"

    def __init__(self, state: Path, url: str) -> None:
        self.state, self.logs_folder, self.url = state, state / "logs", url
        (self.logs_folder / "truth").mkdir(parents=True, exist_ok=True)

    @cached_property
    def guard(self) -> Guard:
        return Guard(self.state)

    def beside(self, service: str, command: list[str]) -> Launch:
        assert service == "load-generator"
        places = {"http://web-api:8000": self.url, "/var/log/truth/": f"{self.logs_folder}/truth/"}
        for written, found in places.items():
            command = [word.replace(written, found) for word in command]
        bindir = make_python(STACK / "load" / "requirements.txt") / "bin"
        return Launch([str(bindir / command[0]), *command[1:]], {"PYTHONPATH": str(STACK)}, self.state)


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[str]:
    """Something that answers like the shop's API in form."""
    command = [sys.executable, str(STACK / "load" / "tests" / "counter.py"), str(tmp_path / "seen.jsonl")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    process.terminate()
    process.communicate()


@pytest.fixture
def context(tmp_path: Path, counter: str) -> Iterator[Context]:
    shop = Shop(tmp_path, counter)
    yield Context(shop, "e3", seed=7)
    if "guard" in vars(shop):
        shop.guard.release()


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def seen(context: Context) -> set[str]:
    return {line["headers"]["traceparent"].split("-")[1] for line in lines(context.runtime.state / "seen.jsonl")}


def joined(context: Context) -> list[dict]:
    return lines(context.runtime.logs_folder / "truth" / "actors.jsonl")


def test_it_is_answered_ended_and_written_down(context):
    found = mechanism("actor")
    undo = found.prepare(STUFFING, context)
    assert json.loads(json.dumps(undo)) == undo
    found.begin(STUFFING, context)
    assert asked(lambda: found.in_effect(STUFFING, context), 20)
    assert asked(lambda: len(seen(context)) > 20, 20)
    assert not found.undone(undo, context)
    found.undo(undo, context)
    assert found.undone(undo, context) and not working_in(context.runtime.state)
    sent = joined(context)
    assert seen(context) == {line["trace_id"] for line in sent} and len(sent) > 20
    assert {(line["actor"], line["episode"], line["role"]) for line in sent} == {
        ("credential_stuffing", "e3", "attacker")
    }
    assert all(set(line) >= {"sent_ns", "method", "route", "ms"} for line in sent)
    assert sum("status" in line for line in sent) > 20
    found.undo(undo, context)
    assert joined(context) == sent, "twice is as good as once"


def test_another_process_ends_it_and_keeps_what_it_sent(context):
    found = mechanism("actor")
    undo = found.prepare(STUFFING, context)
    found.begin(STUFFING, context)
    assert asked(lambda: found.in_effect(STUFFING, context), 20)
    stranger = Context(context.runtime, "e3")
    mechanism("actor").undo(undo, stranger)
    assert mechanism("actor").undone(undo, stranger) and seen(context) == {line["trace_id"] for line in joined(context)}


def test_taking_its_order_away_ends_it(context):
    """As it must be in a container, where no signal of the conductor reaches it."""
    found = mechanism("actor")
    undo = found.prepare(STUFFING, context)
    found.begin(STUFFING, context)
    assert asked(lambda: found.in_effect(STUFFING, context), 20)
    Path(undo["order"]).unlink()
    assert context.kept[undo["folder"]].wait(10) == 0
    found.undo(undo, context)
    assert found.undone(undo, context)


def test_a_killed_actor_loses_nothing(context):
    found = mechanism("actor")
    undo = found.prepare(STUFFING, context)
    found.begin(STUFFING, context)
    assert asked(lambda: len(seen(context)) > 20, 20)
    for process in working_in(Path(undo["folder"])):
        os.kill(process.pid, signal.SIGKILL)
    found.undo(undo, context)
    assert seen(context) <= {line["trace_id"] for line in joined(context)}


DRIVER = """
import json, sys, time
from pathlib import Path
sys.path.insert(0, str(Path(sys.argv[1])))
from test_actor import STUFFING, Shop
from conductor.episodes import asked
from conductor.mechanisms import Context, mechanism

context, found = Context(Shop(Path(sys.argv[2]), sys.argv[3]), "e3", seed=7), mechanism("actor")
undo = found.prepare(STUFFING, context)
found.begin(STUFFING, context)
assert asked(lambda: found.in_effect(STUFFING, context), 20)
print(json.dumps(undo), flush=True)
time.sleep(60)
"""


def test_a_killed_conductor_takes_its_actor_along(context):
    shop = context.runtime
    state = shop.state / "run"
    command = [sys.executable, "-c", DRIVER, str(Path(__file__).parent), str(state), shop.url]
    driver = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    undo = json.loads(driver.stdout.readline())
    assert working_in(Path(undo["folder"]))
    driver.kill()
    driver.communicate()
    assert asked(lambda: not working_in(Path(undo["folder"])), 20), "its guard ends it"
    later = Context(Shop(state, ""), "e3")
    mechanism("actor").undo(undo, later)
    assert mechanism("actor").undone(undo, later)
    assert seen(context) <= {line["trace_id"] for line in joined(later)}


def test_what_was_cut_or_not_answered_is_said(tmp_path):
    own, all_of_them = tmp_path / "own.jsonl", tmp_path / "actors.jsonl"
    begun = [{"trace_id": f"{n}", "actor": "a", "episode": "e1", "role": "decoy", "sent_ns": n} for n in (1, 2, 3)]
    ends = [{"trace_id": "1", "status": 401, "ms": 3.5}, {"trace_id": "2", "error": "hung up", "ms": 9.0}]
    own.write_text("\n".join(map(json.dumps, [*begun, *ends])) + '\n{"trace_id": "3", "sta')
    all_of_them.write_text('{"trace_id": "9"}\n')
    assert join(own, all_of_them) == 3
    assert lines(all_of_them) == [
        {"trace_id": "9"},
        {**begun[0], "status": 401, "ms": 3.5},
        {**begun[1], "error": "hung up", "ms": 9.0},
        {**begun[2], "error": "stopped", "ms": None},
    ]
    assert not own.exists() and join(own, all_of_them) == 0


def test_an_actor_that_cannot_act_is_a_failure_that_says_why(context):
    found, wrong = mechanism("actor"), {**STUFFING, "manner": "loud"}
    undo = found.prepare(wrong, context)
    found.begin(wrong, context)
    with pytest.raises(ConductorError, match=re.escape("needs manner, one of page, app, mixed, not 'loud'")):
        asked(lambda: found.in_effect(wrong, context), 20)
    found.undo(undo, context)
    assert found.undone(undo, context) and joined(context) == []


def test_a_program_runs_where_the_load_runs(tmp_path):
    words = ["python", "-m", "load.actors", "--order", "/var/log/truth/a.order", "--target", "http://web-api:8000"]
    here = LocalRuntime(tmp_path / "run").beside("load-generator", words)
    assert Path(here.command[0]).is_file() and here.command[1:4] == ["-m", "load.actors", "--order"]
    assert here.command[4] == str(tmp_path / "run" / "logs" / "truth" / "a.order")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", here.command[6])
    help_text = subprocess.run([*here.command[:3], "--help"], env=here.environment, capture_output=True, check=True)
    assert b"--order" in help_text.stdout
    inside = ComposeRuntime(tmp_path / "run").beside("load-generator", words)
    assert inside.command[:2] == ["docker", "compose"]
    assert inside.command[-len(words) - 3 :] == ["exec", "-T", "load-generator", *words]
