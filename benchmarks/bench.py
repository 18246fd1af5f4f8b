"""Time the converter beside what a user would pick instead, and hold the figures against their bounds.

    make bench                                    400 MB and 4 GB a signal, 5 rounds: hours, and 15 GB of disk
    make bench ARGS='--size 20 --big 0 --runs 1'  a look
    make bench ARGS='--peers simdjson'            only beside this one: others take minutes a round
    make bench ARGS=--record                      and write benchmarks/record.json

Whole processes are timed, one after the other in rounds. Machines are noisy, so what counts is the ratio within a
round; its median over the rounds is the figure. All peers read the same bytes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpus import SAMPLES, SEED, SIGNALS, write

HERE = Path(__file__).parent
MIB = 2**20


@dataclass(frozen=True)
class Bound:
    """What a figure must be: at least (`times`) or at most a number, and better."""

    name: str
    unit: str
    limit: float
    goal: float | None = None
    at_least: bool = True

    def verdict(self, value: float) -> str:
        def holds(limit: float) -> bool:
            return value >= limit if self.at_least else value <= limit

        if not holds(self.limit):
            return "missed"
        return "met" if self.goal is None or holds(self.goal) else "met, not its goal"

    def text(self) -> str:
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {self.limit:g}" + (f", goal {self.goal:g}" if self.goal is not None else "")


def at_most(name: str, unit: str, limit: float, goal: float | None = None) -> Bound:
    return Bound(name, unit, limit, goal, at_least=False)


# The peer, our threads beside it, and how many times as long it must take.
SLOWER = [
    ("yardstick", 2, Bound("yardstick / 2 threads", "x", 30, 50)),
    ("duckdb", 2, Bound("DuckDB read_json / 2 threads", "x", 15, 20)),
    ("polars", 2, Bound("polars scan_ndjson / 2 threads", "x", 15, 20)),
    ("otlp2records", 1, Bound("otlp2records / 1 thread", "x", 3.5, 5)),
    ("otlp2records", 2, Bound("otlp2records / 2 threads", "x", 6, 9)),
]
SIMDJSON = {
    signal: at_most("2 threads / simdjson, parsing alone", "x", 2.0, 1.5 if signal == "metrics" else 1.2)
    for signal in SIGNALS
}
PEERS = sorted({name for name, _, _ in SLOWER} | {"simdjson"})
SCALING = Bound("1 thread / 2 threads", "x", 1.85)
BIG_SCALING = Bound("1 thread / 2 threads, big", "x", 1.85)
GROWTH = Bound("MB/s, big / small", "x", 0.95)
PEAK = {threads: at_most(f"peak memory, {threads} threads", "MiB", 256) for threads in (2, 16)}
SIZE = at_most("flat output / DuckDB's of the same table", "x", 1.0)
PROTO = Bound("records/s, protobuf / JSON", "x", 1.0)
VERSION = at_most("--version", "ms", 100)
SMALLEST = at_most("the smallest sample", "ms", 300)


@dataclass
class Record:
    """The figures of a run, printed as they come."""

    figures: list[dict[str, Any]] = field(default_factory=list)

    def add(self, signal: str, bound: Bound, values: Iterable[float]) -> None:
        values = list(values)
        value = statistics.median(values)
        verdict = bound.verdict(value)
        self.figures.append(
            {
                "of": signal,
                "figure": bound.name,
                "median": round(value, 3),
                "unit": bound.unit,
                "bound": bound.text(),
                "verdict": verdict,
                "rounds": [round(value, 3) for value in values],
            }
        )
        self.line(signal, bound.name, f"{value:.2f} {bound.unit}", bound.text(), verdict)

    def speed(self, signal: str, name: str, megabytes: float, seconds: list[float]) -> None:
        """A speed, which has no bound of its own: it depends on the machine."""
        values = [megabytes / wall for wall in seconds]
        value = statistics.median(values)
        self.figures.append({"of": signal, "figure": name, "median": round(value, 1), "unit": "MB/s"})
        self.line(signal, name, f"{value:.0f} MB/s", "", "")

    @staticmethod
    def line(signal: str, name: str, value: str, bound: str, verdict: str) -> None:
        print(f"{signal:8} {name:42} {value:>13}  {bound:18} {verdict}".rstrip(), flush=True)


@dataclass
class Bench:
    """Where things are."""

    folder: Path
    runs: int
    peers: list[str]
    record: Record
    scratch: Path

    def measure(self, command: list[str], **environment: str) -> tuple[float, float]:
        """Wall seconds and peak MiB of a process; its modules are compiled, as after any first run."""
        environment = {**os.environ, **environment}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        os.sync()  # else what the process before wrote goes to the disk during this one, and its fsync waits for that
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
        assert process.stderr
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if status != 0:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {errors.decode()[-500:]}")
        return seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / MIB

    def ours(self, path: Path, signal: str, threads: int) -> tuple[float, float]:
        out = str(self.scratch / "ours")
        command = [sys.executable, "-m", "ocsfconv", str(path), "--out", out, "--signal", signal, "--quiet"]
        return self.measure([*command, "--threads", str(threads)])

    def peer(self, name: str, signal: str, path: Path) -> float:
        out = str(self.scratch / name)
        script = [sys.executable, str(HERE / "peers.py"), name, str(path), out]
        if name == "yardstick":
            script = [sys.executable, str(HERE / "yardstick.py"), signal, str(path), out]
        elif name == "otlp2records":
            script = [str(self.folder / "otlp2records/release/bench-otlp2records"), signal, str(path), out]
        # Only simdjson is not among what tests need.
        own = {"PYTHONPATH": str(self.folder / "packages")} if name == "simdjson" else {}
        return self.measure(script, **own)[0]

    def rounds(self, signal: str, path: Path) -> dict[str, list[float]]:
        """Wall seconds of us (by threads) and of each peer, round by round."""
        found: dict[str, list[float]] = {name: [] for name in ("1", "2", *self.peers)}
        for _ in range(self.runs):
            self.ours(path, signal, 2)  # warms the file; the system takes back gigabytes of a peer's memory meanwhile
            for threads in (2, 1):
                found[str(threads)].append(self.ours(path, signal, threads)[0])
            for name in self.peers:
                found[name].append(self.peer(name, signal, path))
        return found

    def signal(self, signal: str, size: int, big: int) -> None:
        """Every figure of one signal."""
        record, corpus = self.record, self.folder / "corpus"
        path = write(corpus, signal, size * 1_000_000)
        megabytes = path.stat().st_size / 1e6
        seconds = self.rounds(signal, path)
        for threads in ("1", "2"):
            record.speed(signal, f"{threads} thread(s)", megabytes, seconds[threads])
        for name, threads_beside, bound in SLOWER:
            if name in seconds:
                record.add(signal, bound, quotients(seconds[name], seconds[str(threads_beside)]))
        if "simdjson" in seconds:
            record.add(signal, SIMDJSON[signal], quotients(seconds["2"], seconds["simdjson"]))
        record.add(signal, SCALING, quotients(seconds["1"], seconds["2"]))
        self.output_size(signal)
        self.protobuf(signal, path, write(corpus, signal, size * 1_000_000, proto=True))
        largest = path
        if big:
            largest = write(corpus, signal, big * 1_000_000)
            rates, scaling = [], []
            self.ours(largest, signal, 2)  # warms the file
            for _ in range(self.runs):
                small, large = self.ours(path, signal, 2)[0], self.ours(largest, signal, 2)[0]
                rates.append((largest.stat().st_size / large) / (path.stat().st_size / small))
                scaling.append(self.ours(largest, signal, 1)[0] / large)
            record.add(signal, GROWTH, rates)
            record.add(signal, BIG_SCALING, scaling)
        for workers, bound in PEAK.items():
            record.add(signal, bound, [self.ours(largest, signal, workers)[1]])

    def output_size(self, signal: str) -> None:
        flat, again = self.scratch / "ours" / f"ocsf_{signal}.parquet", self.scratch / "again.parquet"
        self.measure([sys.executable, str(HERE / "peers.py"), "recompress", str(flat), str(again)])
        self.record.add(signal, SIZE, [flat.stat().st_size / again.stat().st_size])

    def protobuf(self, signal: str, lines: Path, frames: Path) -> None:
        """The same records from both; the same number of them is written, else it would compare nothing."""
        held = []
        for path in (lines, frames):
            command = [sys.executable, "-m", "ocsfconv", str(path), "--json", "--out", str(self.scratch / "ours")]
            report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            held.append(report["signals"][signal]["records_written"])
        if held[0] != held[1]:
            raise SystemExit(f"{signal}: {held[0]} records in JSON and {held[1]} in protobuf")
        pairs = [(self.ours(lines, signal, 2)[0], self.ours(frames, signal, 2)[0]) for _ in range(self.runs)]
        self.record.add(signal, PROTO, (of_lines / of_frames for of_lines, of_frames in pairs))

    def start_up(self) -> None:
        """What a user waits for when there is nothing to do, or next to nothing."""
        least = max(self.runs, 5)
        version = [sys.executable, "-m", "ocsfconv", "--version"]
        self.record.add("start", VERSION, [1000 * self.measure(version)[0] for _ in range(least)])
        samples = [path for path in SAMPLES.rglob("telemetry*") if path.is_file()]
        smallest = min(samples, key=lambda path: path.stat().st_size)
        command = [sys.executable, "-m", "ocsfconv", str(smallest), "--out", str(self.scratch / "ours")]
        self.record.add("start", SMALLEST, [1000 * self.measure(command)[0] for _ in range(least)])


def quotients(dividends: list[float], divisors: list[float]) -> list[float]:
    return [one / other for one, other in zip(dividends, divisors, strict=True)]


def machine() -> str:
    model = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        models = [
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ]
        model = models[0] if models else model
    return f"{os.cpu_count()} cores, {model}, {platform.system()}, Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=400, help="MB of JSON lines a signal")
    parser.add_argument("--big", type=int, default=4000, help="MB a signal for growth and memory; 0: neither")
    parser.add_argument("--runs", type=int, default=5, help="rounds")
    parser.add_argument("--signal", choices=SIGNALS, action="append", help="only this one; may be repeated")
    parser.add_argument(
        "--peers", nargs="*", choices=PEERS, default=PEERS, help="only beside these; none: only ourselves"
    )
    parser.add_argument("--folder", type=Path, default=Path(".make/bench"), help="where peers are, and the corpus goes")
    parser.add_argument("--record", action="store_true", help="write benchmarks/record.json")
    options = parser.parse_args()
    bench = Bench(
        options.folder.resolve(), options.runs, options.peers, Record(), Path(tempfile.mkdtemp(dir=options.folder))
    )
    Record.line("of", "figure", "median", "bound", "verdict")
    try:
        bench.start_up()
        for signal in options.signal or SIGNALS:
            bench.signal(signal, options.size, options.big)
    finally:
        shutil.rmtree(bench.scratch)
    missed = [figure for figure in bench.record.figures if figure.get("verdict") == "missed"]
    print(f"\n{len(missed)} bounds missed of {sum('verdict' in figure for figure in bench.record.figures)}")
    if options.record:
        arguments = " ".join(argument for argument in sys.argv[1:] if not argument.startswith(("--folder", ".make")))
        content = {
            "command": f"make bench ARGS='{arguments}'",
            "input": f"{options.size} and {options.big} MB of JSON lines a signal, seed {SEED}, {options.runs} rounds",
            "machine": machine(),
            "figures": bench.record.figures,
        }
        (HERE / "record.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
