"""Two runs of one shop are alike; another latency, another mix of routes, other lines are told."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import leak_data
import polars
import pytest
from leak_data import Data
from ocsfconv import comparison
from ocsfconv.comparison import Comparison
from ocsfconv.evaluate import EvaluationError


@cache
def one_run(seed: int) -> Data:
    return leak_data.make(seed, duration=150, scenarios=("cache-storm",), sessions=4)


def against(folder: Path, change: Callable[[Data], object]) -> Comparison:
    other = one_run(2)
    other = Data(other.logs, other.traces, other.metrics, other.episodes, other.harness)
    change(other)
    return comparison.compare(one_run(1).write(folder / "first"), other.write(folder / "second"))


def differs(found: Comparison) -> set[str]:
    return {row.what for row in found.rows if not row.passed}


def test_two_seeds_are_alike(tmp_path: Path) -> None:
    found = against(tmp_path, lambda _: None)
    assert differs(found) == set(), str(found)
    assert found.exit_code == 0


def slower(data: Data) -> None:
    data.traces = data.traces.with_columns(polars.col("duration") * 2.5)


def another_mix(data: Data) -> None:
    keep = (polars.col("http_route") != "/p/<sku>").fill_null(True)
    data.traces = data.traces.filter(keep)
    data.logs = data.logs.filter(keep)


def other_lines(data: Data) -> None:
    data.logs = data.logs.with_columns(polars.col("message") + polars.lit(" done"))


@pytest.mark.parametrize(
    ("change", "what"),
    [(slower, {"latency by route", "classifier"}), (another_mix, {"routes"}), (other_lines, {"templates"})],
)
def test_a_difference_is_told(change: Callable[[Data], object], what: set[str], tmp_path: Path) -> None:
    found = against(tmp_path, change)
    assert what <= differs(found), str(found)
    assert found.exit_code == 1


def test_only_normal_records_are_compared(tmp_path: Path) -> None:
    def ruin(data: Data) -> None:
        wrong = polars.col("label") != "normal"
        data.traces = data.traces.with_columns(
            polars.when(wrong).then(1e6).otherwise(polars.col("duration")).alias("duration")
        )
        data.logs = data.logs.with_columns(
            polars.when(wrong).then(polars.lit("!")).otherwise(polars.col("message")).alias("message")
        )

    untouched, ruined = against(tmp_path / "one", lambda _: None), against(tmp_path / "other", ruin)
    assert [row.figure for row in untouched.rows] == [row.figure for row in ruined.rows]


def test_the_command_compares(tmp_path: Path, run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    for number in (1, 2):
        one_run(number).write(tmp_path / f"run{number}")
    done = run("evaluate", "--compare", "run1", "run2")
    assert (done.returncode, done.stderr) == (0, "")
    assert "median KS" in done.stdout
    alone = run("evaluate", "--compare", "run1")
    assert alone.returncode == 2
    assert "two folders" in alone.stderr


def test_too_few_requests_are_said(tmp_path: Path) -> None:
    few = Data(one_run(1).logs, one_run(1).traces.head(50), one_run(1).metrics, [], [])
    with pytest.raises(EvaluationError, match=rf"{tmp_path} has \d+ requests: give a run that has at least 100"):
        comparison.compare(few.write(tmp_path), tmp_path)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"ocsf_traces\.parquet is missing; convert first"):
        comparison.compare(tmp_path, tmp_path)
