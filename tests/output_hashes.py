"""Write tests/data/hashes.json: the SHA-256 of each file that the captures become, the same on any machine.

python tests/output_hashes.py
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path

import ocsfconv

DATA = Path(__file__).parent / "data"
RECORD = DATA / "hashes.json"


def hashes(folder: Path) -> dict[str, str]:
    """Convert each capture into `folder`; gives the hash of each file by its path."""
    for capture in sorted(path for path in (DATA / "otel").iterdir() if path.is_dir()):
        for schema in ("ext", "core"):
            ocsfconv.convert(capture, out=folder / capture.name / schema, schema=schema, layout="both")
    paths = sorted(folder.rglob("*.parquet"))
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        RECORD.write_text(json.dumps(hashes(Path(folder)), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
