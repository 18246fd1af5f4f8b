"""Memory does not grow with the input, whatever the threads: 256 MiB are the most that a conversion takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parent / "data" / "otel" / "plain"
MOST_KIB = 256 * 1024
# Bytes of each signal, in files of this many; all are links to one, so that the disk holds it once.
SIZE, FILE = 400_000_000, 20_000_000
# A child's resource usage begins with its parent's peak, so the process says its own.
CONVERT = """
import sys
from pathlib import Path

import ocsfconv

ocsfconv.convert(sys.argv[1], out=sys.argv[2], threads=16)
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak of memory from /proc")
@pytest.mark.parametrize("signals", [("metrics",), ("logs", "traces", "metrics")], ids=" ".join)
def test_memory_is_bounded_on_sixteen_threads(tmp_path: Path, signals: tuple[str, ...]) -> None:
    (tmp_path / "in").mkdir()
    for signal in signals:
        sample = (SAMPLES / f"{signal}.jsonl").read_bytes()
        first = tmp_path / f"{signal}.jsonl"
        first.write_bytes(sample * (FILE // len(sample)))
        for number in range(SIZE // FILE):
            (tmp_path / "in" / f"{signal}-{number}.jsonl").hardlink_to(first)
    command = [sys.executable, "-c", CONVERT, str(tmp_path / "in"), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, check=True, timeout=240)
    assert int(done.stdout) <= MOST_KIB
