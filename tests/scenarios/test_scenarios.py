"""Each scenario alone, in a recording made as a user makes one: carried out, felt as its footprint says, undone."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
from chosen import SEVERITY, duration
from making import SETUP_SECONDS, last_words, make

SEED = os.environ.get("SEED", "7")
RATE = 40
RUN_SECONDS = 600


def rows(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    return found


def test_it_is_carried_out_felt_and_undone(several: list[str], tmp_path: Path) -> None:
    state, data = tmp_path / "state", tmp_path / "data"
    named = ",".join(f"{name}@{SEVERITY}" for name in several)
    words = [f"STATE={state}", f"OUT={data}", f"SEED={SEED}", f"DURATION={duration(several)}s", f"RATE={RATE}"]
    status, output = make("stack-setup", words, SETUP_SECONDS)
    assert status == 0, output
    status, output = make("dataset", [*words, f"SCENARIOS={named}"], RUN_SECONDS)
    assert status == 0, last_words(output) + "\n" + output

    episodes = {row["scenario"]: row for row in rows(data / "episodes.parquet")}
    assert sorted(episodes) == sorted(several)
    for name, row in episodes.items():
        assert (row["severity"], row["decoy"]) == (SEVERITY, False)
        assert row["status"] == "verified", f"{name}: {row['status']}, footprint {row['footprint']}"
        assert row["reset_confirmed"] and row["records"] > 0
        assert row["actual_start_ns"] < row["actual_hold_ns"] < row["actual_end_ns"] < row["actual_over_ns"]
        assert row["services"][0] == row["root_service"]

    ledger = [json.loads(line) for line in (state / "logs" / "truth" / "ledger.jsonl").read_text().splitlines()]
    ended = [line for line in ledger if line["event"] == "finished" and "episode" in line["params"]]
    assert len(ended) >= len(several)
    for line in ended:
        assert (line["exit"], line["reset_confirmed"]) == (0, True)
        assert line["params"]["in_effect_ns"] < line["params"]["undo_began_ns"] < line["utc_ns"]
