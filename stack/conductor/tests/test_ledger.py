from __future__ import annotations

import json

import pytest

from conductor.ledger import Action, Ledger, open_actions


def action(kind="deployment", **more):
    return Action("deployer", kind, "web-api", 1_000, "ln -sfn 2 current", "ln -sfn 1 current", **more)


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "truth" / "ledger.jsonl"


def test_an_action_is_two_lines(path):
    with Ledger(path).action(action(params={"version": "2"})) as doing:
        (started,) = lines(path)  # on the disk before anything is done
        doing.params["first_span_seen"] = True
        doing.reset_confirmed = True
    _, finished = lines(path)
    assert (started["event"], finished["event"]) == ("started", "finished")
    assert started["id"] == finished["id"]
    assert (started["seq"], finished["seq"]) == (1, 2)
    assert started["params"] == {"version": "2"}
    assert finished["params"] == {"version": "2", "first_span_seen": True}
    assert "exit" not in started and "reset_confirmed" not in started
    assert finished["exit"] == 0 and finished["reset_confirmed"] is True
    assert started["mono_ns"] < finished["mono_ns"] and started["utc_ns"] <= finished["utc_ns"]
    assert started["command"] == "ln -sfn 2 current" and started["undo"] == "ln -sfn 1 current"


def test_a_failed_action_is_finished_and_raises(path):
    with pytest.raises(OSError, match="broken"), Ledger(path).action(action()):
        raise OSError("broken")
    finished = lines(path)[1]
    assert (finished["exit"], finished["error"]) == (1, "OSError")
    assert open_actions(path) == []


def test_what_a_dead_conductor_left_is_open_and_newest_first(path):
    ledger = Ledger(path)
    begun = [ledger.action(action(kind)) for kind in ("first", "second", "third")]
    for doing in begun:
        doing.__enter__()
    begun[1].__exit__(None, None, None)
    left = open_actions(path)
    assert [line["kind"] for line in left] == ["third", "first"]

    successor = Ledger(path)
    for line in left:
        successor.close(line, reset_confirmed=True)
    assert open_actions(path) == []
    assert [line["seq"] for line in lines(path)] == [1, 2, 3, 4, 5, 6]
    assert lines(path)[-1]["exit"] is None and lines(path)[-1]["reset_confirmed"] is True


def test_numbering_goes_on(path):
    for _ in range(2):
        with Ledger(path).action(action()):
            pass
    assert [line["seq"] for line in lines(path)] == [1, 2, 3, 4]
    assert len({line["id"] for line in lines(path)}) == 2


@pytest.mark.parametrize("kept", [1, 10, -1, -2])
def test_a_line_that_a_crash_cut_is_none_and_spoils_none(path, kept):
    with Ledger(path).action(action(params={"key": "größer"})):
        pass
    whole = path.read_bytes()
    cut = json.dumps({"id": "a3", "event": "started", "key": "größer"}, ensure_ascii=False).encode()
    path.write_bytes(whole + cut[:kept])
    assert open_actions(path) == []

    with Ledger(path).action(action("after the crash")):
        assert [line["kind"] for line in open_actions(path)] == ["after the crash"]
    assert open_actions(path) == []


def test_a_line_cut_within_a_character_is_none(path):
    path.parent.mkdir()
    path.write_bytes('{"id":"a1","event":"started","key":"grö'.encode()[:-1])
    assert open_actions(path) == []


def test_a_finish_that_a_crash_cut_leaves_the_action_open(path):
    with Ledger(path).action(action()):
        pass
    path.write_bytes(path.read_bytes()[:-20])
    assert [line["id"] for line in open_actions(path)] == ["a1"]


def test_no_ledger_is_no_open_action(path):
    assert open_actions(path) == []
