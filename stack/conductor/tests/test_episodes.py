"""Episodes are begun, held and undone as planned, whatever goes wrong, and the ledger tells all of it."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from conductor import episodes, mechanisms, recovery
from conductor.episodes import Episodes, outcomes
from conductor.errors import ConductorError
from conductor.ledger import Ledger, open_actions


class Shop:
    """What can be done to this shop is a set of marks; it may refuse, or forget to confirm."""

    def __init__(self) -> None:
        self.marks: set[str] = set()
        self.done: list[str] = []
        self.refuses: set[str] = set()
        self.on_begin = lambda: None


shop = Shop()


class Mark:
    kind, role = "mark", "operator"

    def target(self, arguments):
        return "redis"

    def command(self, arguments):
        return f"set {arguments['name']}", f"unset {arguments['name']}"

    def prepare(self, arguments, context):
        if "prepare" in shop.refuses:
            raise ConductorError("nobody there")
        return {"name": arguments["name"]}

    def begin(self, arguments, context):
        shop.done.append(f"begin {arguments['name']}")
        shop.on_begin()
        shop.marks.add(arguments["name"])
        if "begin" in shop.refuses:
            raise OSError("half done")

    def in_effect(self, arguments, context):
        return arguments["name"] in shop.marks and "effect" not in shop.refuses

    def undo(self, undo, context):
        shop.done.append(f"undo {undo['name']}")
        if "undo" in shop.refuses:
            raise ConductorError("the shop is shut")
        shop.marks.discard(undo["name"])

    def undone(self, undo, context):
        return undo["name"] not in shop.marks


class Runtime:
    kind, services = "local", {"redis": None}

    def __init__(self, folder: Path) -> None:
        self.state = self.logs_folder = folder
        self.runs = True
        self.guard = SimpleNamespace(
            undo=lambda key, command: self.told.append(key), undone=lambda key: self.untold(key)
        )
        self.told: list[str] = []

    def untold(self, key):
        self.told.remove(key)

    def status(self):
        return [SimpleNamespace(service="redis", pid=1 if self.runs else None)]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    shop.__init__()
    monkeypatch.setitem(mechanisms.KINDS, "mark", Mark)
    monkeypatch.setattr(episodes, "EFFECT_SECONDS", 0.2)
    monkeypatch.setattr(episodes, "UNDONE_SECONDS", 0.2)


def episode(number: int, start: float, *names: str, hold: float = 0.2):
    actions = [{"mechanism": "mark", "name": name} for name in names]
    told = {
        "scenario": "marks",
        "decoy": False,
        "severity": "medium",
        "hold": hold,
        "exposure": None,
        "actions": actions,
    }
    return {"id": f"e{number}", "start": start, **told}


def play(path: Path, *planned, seconds: float = 1.0):
    plan = {"seed": 1, "episodes": list(planned)}
    runtime = Runtime(path)
    ledger = path / "ledger.jsonl"
    with Episodes(plan, runtime, Ledger(ledger)) as running:
        running.begin(time.time_ns(), time.monotonic())
        running._thread.join(seconds)
    lines = [json.loads(line) for line in ledger.read_text().splitlines()] if ledger.exists() else []
    return SimpleNamespace(
        lines=lines, wrong=running.wrong, runtime=runtime, ledger=ledger, outcomes=list(outcomes(plan, ledger))
    )


def test_actions_are_begun_in_order_and_undone_in_reverse(tmp_path):
    found = play(tmp_path, episode(1, 0.1, "a", "b"), episode(2, 0.5, "c"))
    assert shop.done == ["begin a", "begin b", "undo b", "undo a", "begin c", "undo c"]
    assert found.wrong == [] and shop.marks == set() and open_actions(found.ledger) == []
    assert [(line["event"], line["params"]["name"]) for line in found.lines[:4]] == [
        ("started", "a"), ("started", "b"), ("finished", "b"), ("finished", "a"),
    ]  # fmt: skip
    started, finished = found.lines[0], found.lines[3]
    assert (started["role"], started["kind"], started["target"]) == ("operator", "mark", "redis")
    assert (started["command"], started["undo"]) == ("set a", "unset a")
    assert started["params"] == {"name": "a", "episode": "e1", "undo": {"name": "a"}, "in_effect_ns": None}
    assert (finished["exit"], finished["reset_confirmed"]) == (0, True)
    assert started["utc_ns"] < finished["params"]["in_effect_ns"] < finished["params"]["undo_began_ns"]
    held = finished["params"]["undo_began_ns"] - found.lines[1]["utc_ns"]
    assert 0.19e9 < held < 0.4e9
    assert [(one.executed, one.undone) for one in found.outcomes] == [(True, True)] * 2
    assert found.runtime.told == []


def test_what_undo_needs_is_on_the_disk_before_anything_changes(tmp_path):
    seen = []
    shop.on_begin = lambda: seen.extend(open_actions(tmp_path / "ledger.jsonl"))
    play(tmp_path, episode(1, 0.0, "a"))
    assert [line["params"]["undo"] for line in seen] == [{"name": "a"}]


@pytest.mark.parametrize("refuses", ["prepare", "begin", "effect"])
def test_an_injection_that_fails_is_undone_and_the_run_goes_on(tmp_path, capsys, refuses):
    shop.refuses = {refuses}
    found = play(tmp_path, episode(1, 0.0, "a", "b"))
    assert shop.marks == set() and "begin b" not in shop.done
    assert found.wrong == [] and [(one.executed, one.undone) for one in found.outcomes] == [(False, True)]
    assert "e1 marks, medium: not carried out" in capsys.readouterr().err
    if refuses != "prepare":
        finished = found.lines[-1]
        assert (finished["exit"], finished["reset_confirmed"], finished["params"]["in_effect_ns"]) == (1, True, None)


def test_an_undo_that_fails_is_loud_stays_open_and_ends_the_episodes(tmp_path):
    shop.refuses = {"undo"}
    found = play(tmp_path, episode(1, 0.0, "a"), episode(2, 0.3, "b"), seconds=3)
    assert shop.done == ["begin a"] + ["undo a"] * 3, "tried three times; the second episode has not begun"
    (told,) = found.wrong
    assert told.startswith("redis is still as `set a` has left it (the shop is shut): `unset a` takes it back")
    assert [line["params"]["episode"] for line in open_actions(found.ledger)] == ["e1"]
    assert found.runtime.told == ["e1"], "the guard goes on minding it"
    assert [(one.executed, one.undone) for one in found.outcomes] == [(True, False), (False, True)]

    shop.refuses = set()
    recovery.keep(tmp_path / "state", found.ledger)
    found.runtime.state = tmp_path / "state"
    assert recovery.undo(found.runtime) == [] and shop.marks == set()
    assert open_actions(found.ledger) == []


def test_the_end_of_the_run_undoes_what_is_open_and_begins_nothing_more(tmp_path):
    found = play(tmp_path, episode(1, 0.0, "a", hold=60), episode(2, 61, "b"), seconds=0.3)
    assert shop.done == ["begin a", "undo a"] and shop.marks == set()
    assert found.lines[-1]["reset_confirmed"] is True


def test_an_error_in_the_run_undoes_what_is_open(tmp_path):
    plan = {"seed": 1, "episodes": [episode(1, 0.0, "a", hold=60)]}
    begun = threading.Event()
    shop.on_begin = begun.set
    with (
        pytest.raises(KeyboardInterrupt),
        Episodes(plan, Runtime(tmp_path), Ledger(tmp_path / "ledger.jsonl")) as running,
    ):
        running.begin(time.time_ns(), time.monotonic())
        assert begun.wait(5)
        raise KeyboardInterrupt
    assert shop.marks == set()


def test_what_a_dead_conductor_left_is_undone_where_its_services_run(tmp_path, capsys):
    ledger, runtime = tmp_path / "truth" / "ledger.jsonl", Runtime(tmp_path / "state")
    left = Ledger(ledger)
    for kind, params in (("deployment", {}), ("mark", {"name": "a", "episode": "e3", "undo": {"name": "a"}})):
        left.start(episodes.Action("operator", kind, "redis", 0, f"do {kind}", "the other way", params))
    shop.marks = {"a", "b"}
    recovery.keep(runtime.state, ledger)
    assert [line["kind"] for line in recovery.left(runtime)] == ["mark", "deployment"]

    runtime.runs = False
    assert recovery.undo(runtime) == []
    assert shop.marks == {"a", "b"} and [line["kind"] for line in recovery.left(runtime)] == ["mark"]

    runtime.runs = True
    recovery.undo_before(runtime)
    assert shop.marks == {"b"} and recovery.left(runtime) == []
    assert "undid what an earlier conductor has left: `do mark`, by `the other way`" in capsys.readouterr().err
    last = json.loads(ledger.read_text().splitlines()[-1])
    assert (last["exit"], last["reset_confirmed"], last["params"]["episode"]) == (None, True, "e3")


def test_every_mechanism_keeps_the_promise_of_its_form():
    for kind, found in mechanisms.KINDS.items():
        assert found.kind == kind and found.role
        for name in ("target", "command", "prepare", "begin", "in_effect", "undo", "undone"):
            assert callable(getattr(found, name)), f"{kind} lacks {name}"
