"""Time the converter against its yardstick, pair by pair in one run, and write the record.

    python benchmarks/bench.py                 100 MB a signal, 3 pairs
    python benchmarks/bench.py --size 400 --runs 5 --record

Machines are noisy, so what counts is the ratio of each pair; the record holds its median. Whole processes are timed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from corpus import SIGNALS, write

HERE = Path(__file__).parent


def measure(command: list[str]) -> tuple[float, float]:
    """Wall seconds and peak MiB of a process."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status != 0:
        raise SystemExit(f"{' '.join(command)} ended with status {status}")
    unit = 1 if sys.platform == "darwin" else 1024
    return seconds, usage.ru_maxrss * unit / 2**20


def ours(path: Path, out: str, signal: str, threads: int) -> list[str]:
    return [
        *(sys.executable, "-m", "ocsfconv", str(path), "--out", out, "--signal", signal),
        *("--threads", str(threads), "--quiet"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100, help="MB of JSON a signal")
    parser.add_argument("--runs", type=int, default=3, help="pairs a signal")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--corpus", type=Path, default=Path(tempfile.gettempdir()) / "ocsfconv-corpus")
    parser.add_argument("--record", action="store_true", help="write benchmarks/record.json")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    paths = dict(zip(SIGNALS, write(options.corpus, options.size * 1_000_000), strict=True))
    record: dict[str, object] = {
        "command": "python benchmarks/bench.py " + " ".join(sys.argv[1:]),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "input": f"{options.size} MB of JSON lines a signal, seed 7",
    }
    heads = ("yardstick", "1 thread", "MB/s", "threads", "MB/s", "ratio", "peak")
    print("signal  ", *(f"{head:>{width}}" for head, width in zip(heads, (10, 9, 6, 8, 6, 6, 8), strict=True)))
    for signal, path in paths.items():
        size = path.stat().st_size / 1e6
        one, many, yard, peaks = [], [], [], []
        with tempfile.TemporaryDirectory() as out:
            measure(ours(path, out, signal, options.threads))
            for _ in range(options.runs):
                many_seconds, peak = measure(ours(path, out, signal, options.threads))
                yard_command = [
                    sys.executable,
                    str(HERE / "yardstick.py"),
                    signal,
                    str(path),
                    f"{out}/yardstick.parquet",
                ]
                yard.append(measure(yard_command)[0])
                one.append(measure(ours(path, out, signal, 1))[0])
                many.append(many_seconds)
                peaks.append(peak)
        ratio = statistics.median(y / m for y, m in zip(yard, many, strict=True))
        scaling = statistics.median(o / m for o, m in zip(one, many, strict=True))
        record[signal] = {
            "mb_per_second_1_thread": round(size / statistics.median(one), 1),
            f"mb_per_second_{options.threads}_threads": round(size / statistics.median(many), 1),
            "times_the_yardstick": round(ratio, 1),
            "threads_over_one": round(scaling, 2),
            "peak_mib": round(max(peaks)),
        }
        print(
            f"{signal:8} {statistics.median(yard):9.2f}s"
            f" {statistics.median(one):8.2f}s {size / statistics.median(one):6.0f}"
            f" {statistics.median(many):7.2f}s {size / statistics.median(many):6.0f}"
            f" {ratio:5.1f}x {max(peaks):5.0f} MiB"
        )
    if options.record:
        (HERE / "record.json").write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
