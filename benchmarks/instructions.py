"""Count the instructions of a conversion and compare them with the committed record, for CI.

    make bench-instructions                    fails when a signal takes over 3 % more, or less, than the record
    make bench-instructions ARGS=--record      writes benchmarks/instructions.json

Instructions do not depend on what else the machine does. They depend on the compiler and, a little, on the processor,
so the record names the compiler; with another one a difference is told and not held against the code.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from corpus import SIGNALS, write

HERE = Path(__file__).parent
RECORD = HERE / "instructions.json"

# Bytes of input a signal: a unit and a piece, so that buffers are used again.
SIZE = 7_000_000
BOUND = 0.03


def count(program: Path, path: Path) -> int:
    """Instructions of a conversion on one thread."""
    with tempfile.TemporaryDirectory() as out:
        told = subprocess.run(
            [
                *("valgrind", "--tool=callgrind", f"--callgrind-out-file={out}/callgrind"),
                *(str(program), "whole", str(path), out),
            ],
            capture_output=True,
            text=True,
        )
    found = re.search(r"Collected : (\d+)", told.stderr)
    if told.returncode != 0 or not found:
        raise SystemExit(f"bench-instructions: {' '.join(map(str, told.args))} failed\n{told.stderr}")
    return int(found[1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path, help="the program `budget`, built")
    parser.add_argument("--record", action="store_true", help="write the record instead of comparing")
    options = parser.parse_args()
    if not shutil.which("valgrind"):
        print("bench-instructions: skipped, for there is no valgrind on PATH")
        return 0
    compiler = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    with tempfile.TemporaryDirectory() as corpus:
        paths = {signal: write(Path(corpus), signal, SIZE) for signal in SIGNALS}
        counted = {signal: count(options.program, path) / path.stat().st_size for signal, path in paths.items()}
    if options.record:
        held = {"compiler": compiler, "instructions_per_byte": {s: round(n, 3) for s, n in counted.items()}}
        RECORD.write_text(json.dumps(held, indent=2) + "\n")
    if not RECORD.exists():
        print(f"bench-instructions: there is no record yet ({RECORD}); make it with ARGS=--record", file=sys.stderr)
        return 1
    record = json.loads(RECORD.read_text())
    far = False
    for signal, number in counted.items():
        change = number / record["instructions_per_byte"][signal] - 1
        far |= abs(change) > BOUND
        print(f"{signal:8} {number:7.3f} instructions a byte, {change:+.1%} of the record")
    if far and compiler != record["compiler"]:
        print(f"bench-instructions: not judged, for the record was made with {record['compiler']}, not {compiler}")
        return 0
    if far:
        print(f"bench-instructions: more than {BOUND:.0%} off; mend it, or record it with ARGS=--record and say why")
    return int(far)


if __name__ == "__main__":
    sys.exit(main())
