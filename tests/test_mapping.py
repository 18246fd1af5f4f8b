"""The mapping: golden events a person can read, an independent naive mapper, and records that come back whole."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ocsfconv import _core

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))
CRATE = Path(__file__).parent.parent / "rust_converter"


def convert(request: Any, folder: Path, schema: str, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    monkeypatch.chdir(folder)
    Path("in.jsonl").write_text(json.dumps(request) + "\n")
    blocks = _core.events(["in.jsonl"], signal="all", schema=schema)
    return [json.loads(line) for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
@pytest.mark.parametrize("schema", ["ext", "core"])
def test_a_golden_request_gives_its_golden_events(
    path: Path, schema: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    golden = json.loads(path.read_text())
    assert convert(golden["request"], tmp_path, schema, monkeypatch) == golden[schema]


def test_what_the_mapper_knows_of_the_schema_has_not_drifted() -> None:
    done = subprocess.run(
        [sys.executable, CRATE / "schema" / "generate.py", "--check"],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
