"""Sessions begin at their times, by a clock that the test turns."""

import json
from pathlib import Path

import pytest
from gevent.event import Event

from load import drive as module
from load.drive import Config, Drive
from load.plan import compile_plan, dump
from load.steps import Session


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Waiting(Event):
    """Whoever waits turns the clock instead."""

    def __init__(self, clock: Clock, until: float = float("inf")) -> None:
        super().__init__()
        self.clock, self.until = clock, until

    def wait(self, timeout: float | None = None) -> bool:
        self.clock.now += timeout or 0.0
        if self.clock.now >= self.until:
            self.set()
        return self.is_set()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(module.time, "monotonic", found.monotonic)
    return found


def drive(
    tmp_path: Path, clock: Clock, begun: list[tuple[float, int]], until: float = float("inf"), **more: int
) -> Drive:
    path = tmp_path / "plan.json"
    path.write_text(dump(compile_plan(7, 40, 20)))
    found = Drive(Config(path, "http://127.0.0.1:9", **more), None)
    found.stopping = Waiting(clock, until)

    def visit(session: Session) -> None:
        begun.append((session.start, session.n))

    found._visit = visit  # type: ignore[method-assign]
    return found


def test_every_session_begins_at_its_time_and_the_end_is_the_plans(tmp_path: Path, clock: Clock) -> None:
    begun: list[tuple[float, int]] = []
    found = drive(tmp_path, clock, begun)
    found.dispatch()
    found.pool.join()
    planned = json.loads((tmp_path / "plan.json").read_text())["sessions"]
    assert begun == [(s["start"], s["n"]) for s in planned]
    assert clock.now == pytest.approx(1040.0)
    assert found.ended.is_set() and found.sessions == len(planned)


def test_a_stop_ends_it_early(tmp_path: Path, clock: Clock) -> None:
    begun: list[tuple[float, int]] = []
    found = drive(tmp_path, clock, begun, until=1010.0)
    found.dispatch()
    assert found.ended.is_set() and clock.now < 1035


def test_shards_share_the_sessions(tmp_path: Path, clock: Clock) -> None:
    parts: list[list[tuple[float, int]]] = [[], []]
    for shard, begun in enumerate(parts):
        found = drive(tmp_path, clock, begun, shard=shard, shards=2)
        found.dispatch()
        found.pool.join()
    planned = {s["n"] for s in json.loads((tmp_path / "plan.json").read_text())["sessions"]}
    numbers = [{n for _, n in begun} for begun in parts]
    assert numbers[0] | numbers[1] == planned and not numbers[0] & numbers[1]


def test_too_many_at_once_are_counted_not_hidden(tmp_path: Path, clock: Clock) -> None:
    found = drive(tmp_path, clock, [], live_limit=5)
    found._visit = lambda session: Event().wait()  # type: ignore[method-assign, assignment, return-value]
    found.dispatch()
    assert found.sessions == 5 and found.overflow > 10
    found.pool.kill()


def test_the_shape_keeps_one_dispatcher_until_the_end(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = drive(tmp_path, clock, [])
    monkeypatch.setenv("PLAN", str(tmp_path / "plan.json"))
    from load.locustfile import Dispatcher, Length

    monkeypatch.setattr(Dispatcher, "drive", found, raising=False)
    shape = Length()
    assert {shape.tick() for _ in range(50)} == {(1, 1.0)}
    found.dispatch()
    assert shape.tick() is None


@pytest.mark.parametrize("env", [{}, {"PLAN": "/nowhere/plan.json"}])
def test_a_missing_plan_is_said_in_one_sentence(env: dict[str, str]) -> None:
    with pytest.raises(SystemExit, match="PLAN names no file"):
        Config.of(env)


@pytest.mark.parametrize("shard", ["2/2", "x", "1", "-1/2"])
def test_a_bad_shard_is_refused(tmp_path: Path, shard: str) -> None:
    (tmp_path / "plan.json").write_text("{}")
    with pytest.raises(SystemExit, match="SHARD is i/n"):
        Config.of({"PLAN": str(tmp_path / "plan.json"), "SHARD": shard})
