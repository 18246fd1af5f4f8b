"""More instructions than the record fail, fewer are told, and another compiler's record judges nothing."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


Judge = Callable[[dict[str, float], str | None], int]


@pytest.fixture(scope="module")
def judge() -> Judge:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        found: Judge = runpy.run_path(str(BENCHMARKS / "instructions.py"))["judge"]
    return found


@pytest.mark.parametrize(
    ("changes", "compilers", "code", "told"),
    [
        ({"logs": 0.02, "traces": -0.02}, None, 0, ""),
        ({"logs": 0.04, "traces": -0.09}, None, 1, "3% more; mend it"),
        ({"logs": 0.02, "traces": -0.04}, None, 0, "3% less; record it"),
        ({"logs": 0.09, "traces": 0.0}, "rustc 1, not rustc 2", 0, "not judged, for"),
    ],
)
def test_what_is_said_of_a_change(
    judge: Judge,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, float],
    compilers: str | None,
    code: int,
    told: str,
) -> None:
    assert judge(changes, compilers) == code
    printed = capsys.readouterr().out
    assert told in printed if told else printed == ""
