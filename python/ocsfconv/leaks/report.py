"""What the tests found: a row each, a table for people, the same for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ocsfconv.report import table

PASSED, LEAK, FEW, UNTESTED = "ok", "LEAK", "too few", "not tested"


@dataclass(frozen=True, slots=True)
class Row:
    """One question: what was measured, the bound it is held against, and the verdict.

    `passed` is None when nothing could be said: `verdict` tells why.
    """

    test: str
    what: str
    figure: str
    bound: str
    passed: bool | None
    found: tuple[str, ...] = ()
    """What a leak is, the first few."""
    unsaid: str = FEW

    @property
    def verdict(self) -> str:
        """`ok`, `LEAK`, `too few` or `not tested`."""
        return self.unsaid if self.passed is None else PASSED if self.passed else LEAK


def few(test: str, what: str, bound: str, why: str) -> Row:
    """A question that so few episodes or records do not answer."""
    return Row(test, what, why, bound, None)


def untested(test: str, what: str, bound: str, why: str) -> Row:
    """A question whose material is not there."""
    return Row(test, what, why, bound, None, unsaid=UNTESTED)


@dataclass(frozen=True, slots=True)
class LeakReport:
    """All rows. `str(report)` is a table; `exit_code` is 1 when a test fails."""

    data: str
    cases: int
    faults: int
    decoys: int
    rows: tuple[Row, ...]
    seconds: float

    @property
    def leaks(self) -> tuple[Row, ...]:
        """The rows that fail."""
        return tuple(row for row in self.rows if row.passed is False)

    @property
    def exit_code(self) -> int:
        """What the command exits with: 0, or 1 when a test fails."""
        return 1 if self.leaks else 0

    def to_dict(self) -> dict[str, Any]:
        """Return the report as what JSON can hold."""
        rows = [{**asdict(row), "verdict": row.verdict} for row in self.rows]
        for row in rows:
            del row["unsaid"]
        return {**asdict(self), "rows": rows, "leaks": len(self.leaks), "exit_code": self.exit_code}

    def __str__(self) -> str:
        heads = ("test", "what", "figure", "bound", "verdict")
        cells = ((row.test, row.what, row.figure, row.bound, row.verdict) for row in self.rows)
        lines = table(heads, cells, left=len(heads), ruled=True)
        for row in self.leaks:
            lines += ["", f"{row.test}, {row.what}:", *(f"  {one}" for one in row.found)] if row.found else []
        said = f"{len(self.leaks)} of {len(self.rows)} tests found a leak" if self.leaks else "no leak found"
        unsaid = sum(row.passed is None for row in self.rows)
        said += f"; {unsaid} could say nothing" if unsaid else ""
        counts = f"{self.faults} faults, {self.decoys} decoys"
        return "\n".join(
            [f"{self.data}: {self.cases} cases, {counts}", "", *lines, "", f"{said} ({self.seconds:.1f} s)"]
        )
