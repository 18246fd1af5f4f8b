"""Memory does not grow with the input, whatever the threads: 256 MiB are the most that a conversion takes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parent / "data" / "otel" / "plain"
MIB = 2**20
MOST = 256 * MIB
# Bytes of each signal, in files of this many; all are links to one, so that the disk holds it once.
SIZE, FILE = 400_000_000, 20_000_000


@pytest.mark.parametrize("signals", [("metrics",), ("logs", "traces", "metrics")], ids=" ".join)
def test_memory_is_bounded_on_sixteen_threads(tmp_path: Path, signals: tuple[str, ...]) -> None:
    (tmp_path / "in").mkdir()
    for signal in signals:
        sample = (SAMPLES / f"{signal}.jsonl").read_bytes()
        first = tmp_path / f"{signal}.jsonl"
        first.write_bytes(sample * (FILE // len(sample)))
        for number in range(SIZE // FILE):
            (tmp_path / "in" / f"{signal}-{number}.jsonl").hardlink_to(first)
    command = [
        sys.executable,
        "-m",
        "ocsfconv",
        str(tmp_path / "in"),
        "--out",
        str(tmp_path / "out"),
        "--threads",
        "16",
    ]
    process = subprocess.Popen([*command, "--quiet"])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    assert usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) <= MOST
