"""A seeded corpus of Collector files: requests of `tests/data/otel` with ids, times and users of their own.

python benchmarks/corpus.py OUT --size 400      MB of JSON lines a signal
"""

from __future__ import annotations

import argparse
import random
import re
from pathlib import Path

SAMPLES = Path(__file__).parent.parent / "tests" / "data" / "otel"
SIGNALS = ("logs", "traces", "metrics")

HEX_ID = re.compile(rb'"(traceId|spanId|parentSpanId)":"([0-9a-f]+)"')
NANOS = re.compile(rb'(UnixNano":")(\d{19})"')
USER = re.compile(rb'"user(\d+)"')


def varied(line: bytes, number: int, random_source: random.Random) -> bytes:
    """The request with new ids (equal ones stay equal), later times, other users."""
    mask = random_source.getrandbits(64) or 1
    shift = number * 500_000_000 + random_source.randrange(1_000_000)

    def new_id(match: re.Match[bytes]) -> bytes:
        name, text = match.groups()
        value = int(text, 16) ^ (mask if len(text) == 16 else mask << 64 | mask)
        return b'"%s":"%0*x"' % (name, len(text), value)

    line = HEX_ID.sub(new_id, line)
    line = NANOS.sub(lambda match: b'%s%d"' % (match[1], int(match[2]) + shift), line)
    return USER.sub(lambda _: b'"user%d"' % int(random_source.paretovariate(1.2)), line)


def write(folder: Path, size: int, seed: int = 7) -> list[Path]:
    """Write `{signal}.jsonl` of about `size` bytes each; files that are there with that size and seed are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for signal in SIGNALS:
        path = folder / f"{signal}-{size}-{seed}.jsonl"
        written.append(path)
        if path.exists():
            continue
        lines = [line for line in (SAMPLES / "plain" / f"{signal}.jsonl").read_bytes().split(b"\n") if line]
        random_source = random.Random(f"{seed}/{signal}")
        temporary = path.with_suffix(".tmp")
        with temporary.open("wb") as file:
            number = done = 0
            while done < size:
                line = varied(lines[number % len(lines)], number, random_source)
                done += file.write(line + b"\n")
                number += 1
        temporary.rename(path)
    return written


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", type=int, default=400, help="MB a signal")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    for made in write(options.out, options.size * 1_000_000, options.seed):
        print(made)
