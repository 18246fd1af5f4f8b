"""What the tests of the whole shop share: one real recording, made by the real command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "stack"))

from recording import DURATION, RATE, SEED, Recording  # noqa: E402

RUNTIME = os.environ.get("RUNTIME", "local")
# A recording that is there already, a folder with `state` and `data`, in place of a new one: for work on these tests.
KEPT = os.environ.get("RECORDING")
SETUP_SECONDS = 1200
RUN_SECONDS = 600


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.timeout(SETUP_SECONDS + RUN_SECONDS))


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recording]:
    """The shop of one seed, run, recorded, converted and measured."""
    folder = Path(KEPT) if KEPT else tmp_path_factory.mktemp("shop")
    made = Recording(folder / "state", folder / "data", RUNTIME)
    if KEPT:
        yield made
        return
    status, output = make("stack-setup", made, SETUP_SECONDS)
    if status:
        pytest.exit(f"the shop cannot be set up: {last_words(output)}", returncode=1)
    with made.watch:
        made.status, made.output = make("dataset", made, RUN_SECONDS)
    if not (made.data / "summary.json").exists():
        pytest.exit(f"the shop could not be recorded: {last_words(made.output)}", returncode=1)
    yield made
    shutil.rmtree(made.state / "volumes", ignore_errors=True)


def make(target: str, made: Recording, seconds: float) -> tuple[int, str]:
    """Run a target as a person would; its exit status and all that it said."""
    words = [f"STATE={made.state}", f"OUT={made.data}", f"SEED={SEED}", f"DURATION={DURATION}s", f"RATE={RATE}"]
    inherited = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    process = subprocess.Popen(
        ["make", "--no-print-directory", target, f"RUNTIME={made.runtime}", *words],
        cwd=ROOT,
        env=inherited,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    timer = threading.Timer(seconds, process.terminate)
    timer.start()
    try:
        output, _ = process.communicate()
    finally:
        timer.cancel()
        if process.poll() is None:
            process.terminate()
            process.wait()
    return process.returncode, output


def last_words(output: str) -> str:
    """The line that says what went wrong: the conductor's, else the last one that is not make's."""
    lines = [line for line in output.splitlines() if line.strip() and not line.startswith("make: ")]
    told = [line for line in lines if line.startswith("conductor: ")]
    return (told or lines or ["make said nothing"])[-1]
