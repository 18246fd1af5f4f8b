"""Count the instructions of a conversion and compare them with the committed record, for CI.

    make bench-instructions                    fails when a signal takes over 3 % more than the record
    make bench-instructions ARGS=--record      writes benchmarks/instructions.json

Instructions do not depend on what else the machine does. They depend on the compiler, so the record names it; with
another one a difference is told and not held against the code. What takes over 3 % less passes, and is to be recorded.
"""

from __future__ import annotations

import argparse
import json
import os
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
# Where a processor copies by `rep movsb`, callgrind counts each byte: 2 to 5 % that others lack.
NO_REP = "glibc.cpu.x86_rep_movsb_threshold=1000000000:glibc.cpu.x86_rep_stosb_threshold=1000000000"


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
            env=os.environ | {"GLIBC_TUNABLES": NO_REP},
        )
    found = re.search(r"Collected : (\d+)", told.stderr)
    if told.returncode != 0 or not found:
        raise SystemExit(f"bench-instructions: {' '.join(map(str, told.args))} failed\n{told.stderr}")
    return int(found[1])


def judge(changes: dict[str, float], compilers: str | None) -> int:
    """The exit code, and what is to be done; `compilers` says with what the record was made if not with this one."""
    if max(map(abs, changes.values())) <= BOUND:
        return 0
    if compilers:
        print(f"bench-instructions: not judged, for the record was made with {compilers}")
        return 0
    if max(changes.values()) <= BOUND:
        print(f"bench-instructions: over {BOUND:.0%} less; record it with ARGS=--record, so that it stays so")
        return 0
    print(f"bench-instructions: over {BOUND:.0%} more; mend it, or record it with ARGS=--record and say why")
    return 1


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
    changes = {signal: number / record["instructions_per_byte"][signal] - 1 for signal, number in counted.items()}
    for signal, change in changes.items():
        print(f"{signal:8} {counted[signal]:7.3f} instructions a byte, {change:+.1%} of the record")
    return judge(changes, None if compiler == record["compiler"] else f"{record['compiler']}, not {compiler}")


if __name__ == "__main__":
    sys.exit(main())
