"""What each stage of a conversion costs alone, against the whole; written into docs/performance.md.

    make budget                     100 MB a signal, the median of 3 runs
    make budget ARGS='--runs 5'

The stages and the whole are measured by `rust_converter/src/bin/budget.rs`, on one thread, in CPU seconds, in turns.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import machine
from corpus import SEED, SIGNALS, write

HERE = Path(__file__).parent
DOCUMENT = HERE.parent / "docs" / "performance.md"
BEGIN, END = "<!-- budget: begin -->\n", "<!-- budget: end -->\n"


def run(command: list[str]) -> tuple[dict[str, float], float]:
    """What a program tells as JSON, and the CPU seconds it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return json.loads(told.stdout), after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path, help="the program `budget`, built")
    parser.add_argument("--size", type=int, default=100, help="MB of JSON a signal")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--corpus", type=Path, default=Path(tempfile.gettempdir()) / "ocsfconv-corpus")
    options = parser.parse_args()
    columns: dict[str, dict[str, float]] = {}
    for signal in SIGNALS:
        path = write(options.corpus, signal, options.size * 1_000_000)
        giga = path.stat().st_size / 1e9
        stages: list[dict[str, float]] = []
        wholes: list[float] = []
        with tempfile.TemporaryDirectory() as out:
            for _ in range(options.runs):
                stages.append(run([str(options.program), "stages", signal, str(path)])[0])
                wholes.append(run([str(options.program), "whole", str(path), out])[1])
        ratio = statistics.median(whole / sum(told.values()) for whole, told in zip(wholes, stages, strict=True))
        column = {name: statistics.median(told[name] for told in stages) / giga for name in stages[0]}
        columns[signal] = {
            **column,
            "sum": statistics.median(sum(told.values()) for told in stages) / giga,
            "whole": statistics.median(wholes) / giga,
            "whole / sum": ratio,
        }
    lines = [f"| CPU s per GB | {' | '.join(SIGNALS)} |", "|---|" + "---:|" * len(SIGNALS)]
    for name in columns[SIGNALS[0]]:
        lines.append(f"| {name} | " + " | ".join(f"{columns[signal][name]:.2f}" for signal in SIGNALS) + " |")
    about = (
        f"`make budget ARGS='--size {options.size} --runs {options.runs}'`: {options.size} MB of JSON lines a signal"
        f" (`benchmarks/corpus.py`, seed {SEED}), flat layout, one thread, medians of {options.runs};"
        f" {machine()}."
    )
    table = "\n".join(lines) + "\n"
    sys.stdout.write(table)
    text = DOCUMENT.read_text()
    head, rest = text.split(BEGIN)
    DOCUMENT.write_text(f"{head}{BEGIN}{about}\n\n{table}{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    main()
