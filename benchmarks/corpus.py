"""A seeded corpus of Collector files: requests of `tests/data/otel` with ids, times and users of their own.

    python benchmarks/corpus.py OUT --size 400      MB of JSON lines a signal; --proto: the same as frames

The samples are what a Collector wrote of the shop: their keys, lengths, text beyond ASCII, stack traces, exponential
histograms. The same requests can be had as protobuf frames, where users keep their names.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parent.parent / "tests" / "data" / "otel"
SIGNALS = ("logs", "traces", "metrics")
SEED = 7

HEX_ID = re.compile(rb'"(traceId|spanId|parentSpanId)":"([0-9a-f]+)"')
NANOS = re.compile(rb'(UnixNano":")(\d{19})"')
USER = re.compile(rb'"user(\d+)"')
# Where neither ids nor times are.
PLAIN = {"attributes", "filtered_attributes", "resource", "scope", "metadata", "body"}


def variations(signal: str) -> Iterator[tuple[int, int, int, random.Random]]:
    """Number, mask of the ids and shift of the times of each request, and what else is drawn for it."""
    chance = random.Random(f"{SEED}/{signal}")
    number = 0
    while True:
        mask = chance.getrandbits(64) or 1
        yield number, mask, number * 500_000_000 + chance.randrange(1_000_000), random.Random(mask)
        number += 1


def later(nanos: int, shift: int) -> int:
    """A time of another request; 0 (unknown) for one past 2262, which the Collector has and not every peer can read."""
    return nanos + shift if nanos < 2**63 - shift else 0


def varied_json(line: bytes, mask: int, shift: int, chance: random.Random) -> bytes:
    """The request with new ids (equal ones stay equal), later times, other users."""

    def new_id(match: re.Match[bytes]) -> bytes:
        name, text = match.groups()
        value = int(text, 16) ^ (mask if len(text) == 16 else mask << 64 | mask)
        return b'"%s":"%0*x"' % (name, len(text), value)

    line = HEX_ID.sub(new_id, line)
    line = NANOS.sub(lambda match: b'%s%d"' % (match[1], later(int(match[2]), shift)), line)
    return USER.sub(lambda _: b'"user%d"' % int(chance.paretovariate(1.2)), line) + b"\n"


def varied_proto(message: Any, mask: int, shift: int, _: random.Random) -> bytes:
    """The same request as a frame."""
    mask_bytes = mask.to_bytes(8, "big") * 2

    def vary(node: Any) -> None:
        for field, value in node.ListFields():
            if field.name.endswith("_id") and field.type == field.TYPE_BYTES:
                setattr(node, field.name, bytes(a ^ b for a, b in zip(value, mask_bytes, strict=False)))
            elif field.name.endswith("_unix_nano"):
                setattr(node, field.name, later(value, shift))
            elif field.message_type is not None and field.name not in PLAIN:
                for inner in value if field.is_repeated else [value]:
                    vary(inner)

    own = type(message)()
    own.CopyFrom(message)
    vary(own)
    body: bytes = own.SerializeToString()
    return struct.pack(">I", len(body)) + body


def message_of(signal: str, line: bytes) -> Any:
    """A line as its protobuf message, in whose JSON form ids are base64."""
    from google.protobuf.json_format import ParseDict
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    kinds: dict[str, type[Any]] = {
        "logs": ExportLogsServiceRequest,
        "traces": ExportTraceServiceRequest,
        "metrics": ExportMetricsServiceRequest,
    }
    text = re.sub(
        HEX_ID, lambda match: b'"%s":"%s"' % (match[1], base64.b64encode(bytes.fromhex(match[2].decode()))), line
    )
    return ParseDict(json.loads(text), kinds[signal]())


def write(folder: Path, signal: str, size: int, *, proto: bool = False) -> Path:
    """The file of a signal: about `size` bytes of JSON lines, or the same requests as frames; kept if it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{signal}-{size}-{SEED}.{'pb' if proto else 'jsonl'}"
    if path.exists():
        return path
    lines = [line for line in (SAMPLES / "plain" / f"{signal}.jsonl").read_bytes().split(b"\n") if line]
    vary: Callable[[Any, int, int, random.Random], bytes] = varied_proto if proto else varied_json
    templates = [message_of(signal, line) for line in lines] if proto else lines
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        done = 0
        for number, mask, shift, chance in variations(signal):
            if done >= size:
                break
            file.write(vary(templates[number % len(lines)], mask, shift, chance))
            done += len(lines[number % len(lines)])
    temporary.rename(path)
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", type=int, default=400, help="MB a signal")
    parser.add_argument("--proto", action="store_true", help="as protobuf frames")
    options = parser.parse_args()
    for name in SIGNALS:
        print(write(options.out, name, options.size * 1_000_000, proto=options.proto))
