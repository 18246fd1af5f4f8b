"""What the Python tests share: the real command in a fresh directory, and the small captures in tests/data."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

DATA = Path(__file__).parent / "data"
COMMAND = [sys.executable, "-W", "error", "-m", "ocsfconv"]


@pytest.fixture
def plain() -> Path:
    """A directory as a Collector leaves it: one file a signal, nothing wrong with any."""
    return DATA / "otel" / "plain"


@pytest.fixture
def environment() -> dict[str, str]:
    """The environment that the command runs in: nothing in it changes what the command prints."""
    return {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "TERM")}


@pytest.fixture
def run(tmp_path: Path, environment: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command in an empty directory: `run("logs.jsonl", "--json")`."""

    def run_command(*arguments: str | bytes | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments],
            cwd=tmp_path,
            env=environment,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    return run_command
