"""The same input gives the same Parquet on any machine."""

from __future__ import annotations

import json
from pathlib import Path

import output_hashes


def test_the_captures_become_the_bytes_that_were_recorded(tmp_path: Path) -> None:
    """After a change of mapping or encoding that is meant: `make hashes`, and say so in the changelog."""
    assert output_hashes.hashes(tmp_path) == json.loads(output_hashes.RECORD.read_text(encoding="utf-8"))
