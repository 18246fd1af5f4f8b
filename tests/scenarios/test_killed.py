"""Kill -9 of the conductor, with or without its guard, in every phase: the next `make up` finds a healthy shop."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chosen import duration
from making import ROOT, RUNTIME, SETUP_SECONDS, make

PATIENCE = 180.0
RATE = 20


class Recording:
    """A recording that is going to be killed."""

    def __init__(self, folder: Path, scenario: str) -> None:
        self.state, self.told = folder / "state", folder / "told.txt"
        seconds = duration([scenario])
        words = [
            f"STATE={self.state}",
            f"OUT={folder / 'data'}",
            f"DURATION={seconds}s",
            f"RATE={RATE}",
            f"SCENARIOS={scenario}@blatant",
        ]
        with self.told.open("wb") as told:
            self.make = subprocess.Popen(
                [
                    "make",
                    "--no-print-directory",
                    "dataset",
                    f"RUNTIME={RUNTIME}",
                    *words,
                    f"SCENARIOS={scenario}@blatant",
                ],
                cwd=ROOT,
                env={name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))},
                stdout=told,
                stderr=told,
                start_new_session=True,
            )

    @property
    def conductor(self) -> int:
        """The pid that holds the state folder."""
        return int((self.state / "lock").read_text())

    @property
    def ledger(self) -> list[dict[str, object]]:
        path = self.state / "logs" / "truth" / "ledger.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def wait_for(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            late = time.monotonic() > deadline
            assert not late and self.make.poll() is None, f"{what} did not come: {self.told.read_text()}"
            time.sleep(0.02)

    def reach(self, phase: str) -> None:
        if phase == "begin":
            self.wait_for(lambda: any("episode" in line["params"] for line in self.ledger), phase)  # type: ignore[operator]
        else:
            sign = {"hold": ": in effect", "undo": ": undoing"}[phase]
            self.wait_for(lambda: sign in self.told.read_text(), phase)

    def kill(self, *, with_guard: bool) -> None:
        conductor = self.conductor
        guards = [pid for pid in children(conductor) if b"conductor.guard" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        assert len(guards) == 1
        if with_guard:
            os.kill(guards[0], signal.SIGKILL)
        os.kill(conductor, signal.SIGKILL)
        self.make.wait(30)
        if not with_guard:
            log = self.state / "log" / "guard.log"
            deadline = time.monotonic() + PATIENCE
            while not log.read_text().endswith("\nstopped\n"):
                assert time.monotonic() < deadline, f"the guard has not stopped all: {log.read_text()}"
                time.sleep(0.1)


def children(pid: int) -> list[int]:
    return [int(word) for path in Path(f"/proc/{pid}/task").glob("*/children") for word in path.read_text().split()]


@pytest.fixture
def recording(tmp_path: Path, scenario: str) -> Iterator[Recording]:
    assert make("stack-setup", [f"STATE={tmp_path / 'state'}"], SETUP_SECONDS)[0] == 0
    found = Recording(tmp_path, scenario)
    yield found
    if found.make.poll() is None:
        os.killpg(found.make.pid, signal.SIGTERM)
        found.make.wait(60)
    make("down", [f"STATE={found.state}", "ARGS=--volumes"], 120)


@pytest.mark.parametrize("guard", ["guarded", "unguarded"])
@pytest.mark.parametrize("phase", ["begin", "hold", "undo"])
def test_a_killed_conductor_leaves_no_fault(recording: Recording, phase: str, guard: str) -> None:
    recording.reach(phase)
    recording.kill(with_guard=guard == "unguarded")
    status, output = make("up", [f"STATE={recording.state}"], 300)
    assert status == 0, output
    status, output = make("status", [f"STATE={recording.state}"], 60)
    assert status == 0 and "exited" not in output
    actions = [line for line in recording.ledger if "episode" in line["params"]]  # type: ignore[operator]
    started = {line["id"] for line in actions if line["event"] == "started"}
    closed = {line["id"] for line in actions if line["event"] == "finished" and line["reset_confirmed"] is True}
    assert started and started == closed, output
