"""`python -m ocsfconv evaluate --compare FIRST SECOND`: whether two runs could be of the same shop.

Requests and log templates of two data sets are compared, of labelled ones those that are normal. How much two halves of
one run differ stands beside each figure: two runs should not differ more than that, or than the least bound.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ocsfconv.evaluate.errors import EvaluationError, need_packages
from ocsfconv.evaluate.templates import template_sql
from ocsfconv.report import table

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Table = dict[str, npt.NDArray[Any]]

FEWEST = 100
"""Requests of a route on either side that its latencies need to be compared."""
MOST = 8_000
"""Requests of either side that the classifier is given, evenly over the run."""
BLOCKS = 20
"""Stretches of a run that are never split between what the classifier learns and what it is judged on."""
BOUNDS = {"latency by route": 0.2, "routes": 0.02, "templates": 0.03, "classifier": 0.65}

REQUESTS = """
SELECT concat_ws(' ', service, http_request_method, http_route) AS name, duration, http_response_code AS code,
    time_unix_nano AS began, count(*) OVER (PARTITION BY trace_id) AS spans
FROM read_parquet($path) span {normal}
QUALIFY span_kind = 'Server' AND http_route IS NOT NULL
ORDER BY began
"""
LINES = """
SELECT concat_ws(': ', service, {template}) AS name, time_unix_nano AS began FROM read_parquet($path) line {normal}
"""
NORMAL = """
SEMI JOIN (SELECT row FROM read_parquet('{labels}') WHERE signal = '{signal}' AND label = 'normal') label
ON label.row = {table}.file_row_number
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """One measure of how two runs differ: `figure` between them, `halves` within the first and the second."""

    what: str
    measure: str
    figure: float
    halves: tuple[float, float]
    bound: float
    worst: str

    @property
    def passed(self) -> bool:
        """Whether the runs are alike."""
        return self.figure <= self.bound


@dataclass(frozen=True, slots=True)
class Comparison:
    """All measures. `str(comparison)` is a table; `exit_code` is 1 when one is above its bound."""

    first: str
    second: str
    rows: tuple[Difference, ...]
    seconds: float

    @property
    def exit_code(self) -> int:
        """What the command exits with."""
        return 0 if all(row.passed for row in self.rows) else 1

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as what JSON can hold."""
        rows = [{**asdict(row), "halves": list(row.halves), "passed": row.passed} for row in self.rows]
        return {**asdict(self), "rows": rows, "exit_code": self.exit_code}

    def __str__(self) -> str:
        heads = ("what", "measure", "figure", "halves", "bound", "verdict", "most of all")
        cells = []
        for row in self.rows:
            halves = " ".join(f"{half:.3f}" for half in row.halves)
            verdict = "ok" if row.passed else "DIFFERS"
            cells.append(
                (row.what, row.measure, f"{row.figure:.3f}", halves, f"<= {row.bound:.3f}", verdict, row.worst)
            )
        lines = table(heads, cells, left=len(heads), ruled=True)
        return "\n".join([f"{self.first} against {self.second} ({self.seconds:.1f} s)", "", *lines])


def compare(first: Path, second: Path, *, seed: int = 7) -> Comparison:
    """Compare two DATA folders; `seed` decides what the classifier draws.

    Raises:
        EvaluationError: a package or a file is missing, or there is nothing to compare.
    """
    begun = time.monotonic()
    need_packages()
    runs = [_read(folder) for folder in (first, second)]
    rows = tuple(_differences(runs, seed))
    return Comparison(str(first), str(second), rows, round(time.monotonic() - begun, 1))


@dataclass(frozen=True)
class Run:
    """Requests (`name` is service, method and route) and log lines (`name` is the template), in order of time."""

    requests: Table
    lines: Table

    def halves(self) -> tuple[Run, Run]:
        """What came before and after the middle of the time."""
        middle = (self.requests["began"][0] + self.requests["began"][-1]) // 2
        parts = []
        for late in (False, True):
            tables = (
                {name: values[(table["began"] >= middle) == late] for name, values in table.items()}
                for table in (self.requests, self.lines)
            )
            parts.append(Run(*tables))
        return parts[0], parts[1]


def _read(folder: Path) -> Run:
    import duckdb

    connection = duckdb.connect()
    requests = _ask(connection, folder, "traces", "span", REQUESTS)
    lines = _ask(connection, folder, "logs", "line", LINES.replace("{template}", template_sql("message")))
    if len(requests["began"]) < FEWEST or not len(lines["began"]):
        raise EvaluationError(f"{folder} has {len(requests['began'])} requests: give a run that has at least {FEWEST}")
    return Run(requests, lines)


def _ask(connection: duckdb.DuckDBPyConnection, folder: Path, signal: str, table: str, query: str) -> Table:
    path, labels = folder / f"ocsf_{signal}.parquet", folder / "ocsf_labels.parquet"
    if not path.is_file():
        raise EvaluationError(f"{path} is missing; convert first: python -m ocsfconv LOGS --out {folder}")
    normal = ""
    if labels.is_file():
        query = query.replace("read_parquet($path)", "read_parquet($path, file_row_number = true)")
        normal = NORMAL.format(labels=str(labels).replace("'", "''"), signal=signal, table=table)
    return cast("Table", connection.execute(query.replace("{normal}", normal), {"path": str(path)}).fetchnumpy())


def _differences(runs: list[Run], seed: int) -> Iterator[Difference]:
    first, second = runs
    within = [run.halves() for run in runs]

    def row(what: str, measure: str, ask: Any) -> Difference:
        (figure, worst), *halves = (ask(*pair) for pair in ((first, second), *within))
        limits = (halves[0][0], halves[1][0])
        return Difference(what, measure, figure, limits, max(BOUNDS[what], *limits), worst)

    yield row("latency by route", "median KS", latency)
    yield row("routes", "JS divergence", lambda one, other: divergence(one.requests, other.requests))
    yield row("templates", "JS divergence", lambda one, other: divergence(one.lines, other.lines))
    yield row("classifier", "AUROC", lambda one, other: (told_apart(one, other, seed), ""))


def latency(one: Run, other: Run) -> tuple[float, str]:
    """The median over routes of Kolmogorov's and Smirnov's statistic of the durations, and the route of the largest."""
    import numpy as np
    from scipy.stats import ks_2samp

    names = [name for name in np.unique(one.requests["name"]) if (one.requests["name"] == name).sum() >= FEWEST]
    found = {}
    for name in names:
        durations = [run.requests["duration"][run.requests["name"] == name] for run in (one, other)]
        if len(durations[1]) >= FEWEST:
            found[str(name)] = float(ks_2samp(*durations).statistic)
    if not found:
        return 0.0, ""
    worst = max(found, key=lambda name: found[name])
    return float(np.median(list(found.values()))), f"{worst} {found[worst]:.3f}"


def divergence(one: Table, other: Table) -> tuple[float, str]:
    """Jensen's and Shannon's divergence of the names' shares, 0 to 1, and the name that gives most of it."""
    import numpy as np
    from scipy.special import rel_entr

    names, codes = np.unique(np.concatenate([one["name"], other["name"]]).astype(str), return_inverse=True)
    counts = [np.bincount(part, minlength=len(names)) for part in np.split(codes, [len(one["name"])])]
    shares = [count / max(1, count.sum()) for count in counts]
    middle = (shares[0] + shares[1]) / 2
    parts = sum(rel_entr(share, middle) for share in shares) / (2 * np.log(2))
    return float(parts.sum()), str(names[int(np.argmax(parts))])


def told_apart(one: Run, other: Run, seed: int) -> float:
    """The AUROC of a classifier that says which run a request is of, judged on time that it has not seen."""
    import numpy as np
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_score

    tables = []
    for run in (one, other):
        step = max(1, -(-len(run.requests["began"]) // MOST))
        table = {name: values[::step] for name, values in run.requests.items()}
        since = table["began"] - table["began"][0]
        tables.append({**table, "block": since * BLOCKS // (since[-1] + 1)})
    held = {name: np.concatenate([np.asarray(table[name]) for table in tables]) for name in tables[0]}
    which = np.repeat([0, 1], [len(table["began"]) for table in tables])
    _, route = np.unique(held["name"].astype(str), return_inverse=True)
    names = ("duration", "code", "spans")
    numbers = np.column_stack([route, *(np.ma.filled(held[name].astype(float), -1) for name in names)])
    model = ExtraTreesClassifier(40, min_samples_leaf=20, random_state=seed)
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=seed)
    groups = held["block"] * 2 + which
    # The mean over folds: their shares of the classes differ, so that scores of one do not compare with another's.
    return float(np.mean(cross_val_score(model, numbers, which, groups=groups, cv=folds, scoring="roc_auc")))
