"""Make the seeds of the fuzzers anew: golden requests as JSON and protobuf, and small files of every framing.

python seeds.py                 with `tests` in PYTHONPATH
"""

from __future__ import annotations

import gzip
import json
import shutil
import struct
from pathlib import Path
from typing import Any

import zstandard
from test_lossless import from_json

HERE = Path(__file__).parent
GOLDEN = HERE.parent.parent / "tests" / "golden"
# Of a record that breaks a rule there is no official protobuf form.
FAULTY = "logs_translation_error"


def frame(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


def lines(requests: list[Any]) -> list[bytes]:
    return [json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode() for request in requests]


def write(folder: str, name: str, content: bytes) -> None:
    path = HERE / "seeds" / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def main() -> None:
    for folder in ("json", "proto", "file"):
        shutil.rmtree(HERE / "seeds" / folder, ignore_errors=True)
    golden = {path.stem: json.loads(path.read_text())["request"] for path in sorted(GOLDEN.glob("*.json"))}
    golden.pop(FAULTY)
    texts = dict(zip(golden, lines(list(golden.values())), strict=True))
    binaries = {name: from_json(text).SerializeToString(deterministic=True) for name, text in texts.items()}
    for name, text in texts.items():
        write("json", f"{name}.json", text)
        write("proto", f"{name}.pb", binaries[name])
    chosen = [next(name for name in golden if name.startswith(signal)) for signal in ("logs", "traces", "metrics")]
    few = [texts[name] for name in chosen]
    text = b"\n".join(few) + b"\n"
    framed = b"".join(frame(binaries[name]) for name in chosen)
    packed = b"".join(frame(zstandard.compress(line)) for line in few)
    for name, content in {
        "lines": text,
        "crlf-mark-blank": b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n\r\n"),
        "no-line-end": text[:-1],
        "cut-line": few[0][:-9] + few[1] + b"\n" + few[2] + b"\n",
        "pretty": json.dumps(golden[chosen[0]], indent=1).encode(),
        "gzip": gzip.compress(text, mtime=0),
        "gzip-members": gzip.compress(few[0] + b"\n", mtime=0) + gzip.compress(few[1], mtime=0),
        "zstd": zstandard.compress(text),
        "zstd-frames": packed,
        "zstd-frames-gzip": gzip.compress(packed, mtime=0),
        "proto-frames": framed,
        "proto-frames-cut": framed[:-40],
        "proto-frames-lost-end": framed[: len(framed) // 3] + framed,
        "proto-frames-gzip": gzip.compress(framed, mtime=0),
        "proto-zstd-frames": b"".join(frame(zstandard.compress(binaries[name])) for name in chosen),
        "bare-proto": binaries[chosen[1]],
    }.items():
        write("file", name, content)


if __name__ == "__main__":
    main()
