"""Releases: version, author and size of one that does harm must be such as harmless ones have, too.

A release does harm when it is how a fault was done: it goes forward, of the fault's own service, while the fault
begins. What it is called cannot be compared within the fault, whose records are those of that version; so releases
are compared with releases, over all cases.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import comb

import numpy as np
from scipy.stats import rankdata

from ocsfconv.leaks.cases import SECOND, Bools, Case
from ocsfconv.leaks.placement import BOUND, ROUNDING, Schedule
from ocsfconv.leaks.report import Row, few

EVENT = "deployment.finished"
DRAWS = 999
SLACK = 5 * SECOND
TOLD = ("app.version", "user.id", "vcs.files_changed", "vcs.lines_changed")
ASKED = re.compile("|".join(rf"^{re.escape(name)}$" for name in ("app.name", "app.version.previous", *TOLD)))


@dataclass(frozen=True, slots=True)
class Release:
    """A release that went forward: its case, when it had finished, of which service, and what else is told of it."""

    case: int
    at: int
    service: str
    told: dict[str, str]


def releases(case: Case, number: int = 0) -> list[Release]:
    """All of a case, rollbacks left out."""
    return [one for one in _finished(case, number) if not _is_rollback(one)]


def _finished(case: Case, number: int) -> list[Release]:
    logs = case.signals["logs"]
    event, attributes = logs.column("event_name"), logs.attributes("attributes", ASKED)
    if EVENT not in event.values.to_pylist():
        return []
    found = []
    for row in np.flatnonzero(event.codes == event.values.to_pylist().index(EVENT)):
        told = {
            name: column.values[int(column.codes[row])].as_py()
            for name, column in attributes.items()
            if column.codes[row] >= 0
        }
        found.append(Release(number, int(logs.time[row]), told.get("app.name", ""), told))
    return found


def _is_rollback(release: Release) -> bool:
    before, after = (_numbers(release.told.get(name, "")) for name in ("app.version.previous", "app.version"))
    return after < before


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.replace("-", ".").split(".") if part.isdecimal()]


@cache
def harmful(schedule: Schedule) -> tuple[list[Release], Bools, Bools]:
    """All releases; which of them did harm; which faults were done by one."""
    every = [one for number, case in enumerate(schedule.cases) for one in releases(case, number)]
    harm, done = np.zeros(len(every), bool), np.zeros(len(schedule.faults), bool)
    for place, fault in enumerate(schedule.faults):
        episode = schedule.cases[fault.span.case].episodes[fault.episode]
        for number, release in enumerate(every):
            begun = episode.start - SLACK <= release.at <= episode.end
            if release.case == fault.span.case and release.service == episode.root_service and begun:
                harm[number] = done[place] = True
                break
    return every, harm, done


def row(schedule: Schedule, seed: int) -> Row:
    """Whether what is told of a release tells a harmful one."""
    what, bound = "of releases", f"p > {BOUND:g}"
    every, harm, _ = harmful(schedule)
    ways = comb(len(every), int(harm.sum()))
    if ways * BOUND < 1:
        return few("identifiers", what, bound, f"{harm.sum()} harmful of {len(every)} releases")
    columns = {name: [release.told.get(name, "") for release in every] for name in TOLD}
    codes = {name: np.unique(values, return_inverse=True)[1] for name, values in columns.items()}

    def worst(of: Bools) -> tuple[float, str]:
        return max((_auroc(of, values), name) for name, values in codes.items())

    figure, name = worst(harm)
    random = np.random.default_rng(seed)
    above = sum(bool(worst(random.permutation(harm))[0] >= figure - ROUNDING) for _ in range(DRAWS))
    p = (above + 1) / (DRAWS + 1)
    passed = p > BOUND
    only = sorted({value for value, bad in zip(columns[name], harm, strict=True) if bad})
    told = () if passed else (f"{name} {', '.join(only)}: harmful releases are told by it",)
    return Row("identifiers", what, f"AUROC {figure:.3f}, p {p:.3f}", bound, passed, told)


def _auroc(harm: Bools, value: Sequence[int] | np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
    """How well the other releases of the same value tell whether one did harm."""
    codes = np.asarray(value)
    harmed = np.bincount(codes, harm)[codes] - harm
    score = (harmed + 0.5) / np.bincount(codes)[codes]
    positive = int(harm.sum())
    ranks = rankdata(score)[harm].sum()
    return float((ranks - positive * (positive + 1) / 2) / (positive * (len(harm) - positive)))
