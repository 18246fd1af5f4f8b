"""Rewrite the events of the golden cases from the converter. Read the difference before you commit it."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from ocsfconv import _core


def main() -> None:
    golden = sorted((Path(__file__).parent / "golden").glob("*.json"))
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for path in golden:
            case = json.loads(path.read_text())
            Path("in.jsonl").write_text(json.dumps(case["request"]) + "\n")
            for schema in ("ext", "core"):
                blocks = _core.events(["in.jsonl"], signal="all", schema=schema)
                case[schema] = [json.loads(line) for block in blocks for line in block.splitlines()]
            path.write_text(json.dumps(case, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
