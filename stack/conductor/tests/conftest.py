from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from conductor.places import STACK

PATIENCE = 60.0


class Conductor:
    """The real command in a state folder of its own."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.started: list[subprocess.Popen[str]] = []
        self.seen: dict[int, psutil.Process] = {}

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        verb, *rest = words
        process = subprocess.Popen(
            [sys.executable, "-m", "conductor", verb, "--runtime", "local", "--state", str(self.state), *rest],
            cwd=STACK,
            env={**os.environ, "PYTHONPATH": str(STACK), **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def run(self, *words: str, **more: str) -> tuple[int, str, str]:
        process = self.start(*words, **more)
        output, errors = process.communicate(timeout=300)
        return process.returncode, output, errors

    def services(self) -> dict[str, int]:
        """The pids that the state folder tells of; they and their children are remembered."""
        path = self.state / "services.json"
        if not path.exists():
            return {}
        pids = {name: raw["pid"] for name, raw in json.loads(path.read_text())["processes"].items()}
        for pid in pids.values():
            if psutil.pid_exists(pid):
                process = psutil.Process(pid)
                self.seen |= {one.pid: one for one in (process, *process.children(recursive=True))}
        return pids

    def wait_for(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not happen within {PATIENCE:.0f} s"
            time.sleep(0.05)

    def left(self) -> list[str]:
        """What is still there of all that was seen."""
        there = []
        for one in self.seen.values():
            with suppress(psutil.NoSuchProcess):  # it may go while it is looked at
                if one.is_running() and one.status() != psutil.STATUS_ZOMBIE:
                    there.append(f"{one.pid} {one.name()}")
        return there


@pytest.fixture
def conductor(tmp_path: Path) -> Iterator[Conductor]:
    conductor = Conductor(tmp_path / "run")
    yield conductor
    for process in conductor.started:
        if process.poll() is None:
            process.kill()
        process.communicate()
    conductor.run("down")
