"""What `evaluate` prints and writes: a table a level, a matrix by scenario, verdicts, and all of it as JSON."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocsfconv.report import table

from .judge import ALERTS_PER_HOUR, PREVALENCES, rounded, severity_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .evaluation import Evaluation, Result
    from .judge import Judged
    from .marks import Best, Mark

SHOWN_PREVALENCE = 0.01
PACKAGES = ("duckdb", "numpy", "pyod", "scikit-learn")
MEANINGS = {
    "sanity": "a one-liner is enough",
    "check": "not even supervision finds it: labels or impact",
    "few": "too few records to say",
    "ok": "",
}


def to_dict(run: Evaluation) -> dict[str, Any]:
    """Return all figures as what JSON can hold; `results` has one entry for each level, detector and regime."""
    dataset = run.dataset
    told: dict[str, Any] = rounded(
        {
            "data": str(dataset.path),
            "seed": run.seed,
            "seconds": run.seconds,
            "packages": {name: version(name) for name in PACKAGES},
            "alerts_per_hour": ALERTS_PER_HOUR,
            "prevalences": PREVALENCES,
            "cases": [case.name for case in dataset.cases],
            "episodes": [
                {
                    "case": dataset.cases[episode.case].name,
                    "episode": episode.name,
                    **{name: getattr(episode, name) for name in ("scenario", "severity", "decoy", "status")},
                }
                for episode in dataset.episodes
            ],
            "levels": {level: asdict(count) for level, count in run.counts.items()},
            "marks": [asdict(mark) for mark in run.marks],
            "notes": run.notes,
        }
    )
    told["results"] = [_result(result) for result in run.results]
    return told


def write(run: Evaluation, path: Path) -> None:
    """Write the JSON beside `path`, then rename."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(json.dumps(to_dict(run), indent=1) + "\n", encoding="utf-8")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def render(run: Evaluation) -> str:
    """Return the tables for people."""
    dataset = run.dataset
    counted = sum(episode.counts for episode in dataset.episodes)
    decoys = sum(episode.decoy for episode in dataset.episodes)
    other = len(dataset.episodes) - counted - decoys
    held = [_counted(len(dataset.cases), "recording"), _counted(counted, "verified episode"), _counted(decoys, "decoy")]
    if other:
        held.append(f"{other} without impact or not executed")
    lines = [f"{dataset.path}: {', '.join(held)}; seed {run.seed}, {run.seconds:.0f} s"]
    for level in run.counts:
        results = [result for result in run.results if result.level == level]
        if results:
            lines += ["", *_level(run, level, results)]
    lines += [
        "",
        *_table(("scenario", "best one-liner", "best unsupervised", "supervised bound", "mark"), map(_mark, run.marks)),
    ]
    lines += ["", "A best is the highest AUROC over all levels (AUROC, AP, prevalence in brackets)."]
    return "\n".join([*lines, *(f"note: {note}" for note in run.notes)])


def _result(result: Result) -> dict[str, Any]:
    told: dict[str, Any] = rounded(
        {
            "level": result.level,
            "detector": result.detector.name,
            "kind": result.detector.kind,
            "learnt_from": result.regime,
            "folds": result.folds,
            "shuffled_auroc": result.shuffled and result.shuffled[0],
            "shuffled_standard_error": result.shuffled and result.shuffled[1],
        }
    )
    return {**told, "strata": [judged.to_dict() for judged in result.judged]}


def _level(run: Evaluation, level: str, results: list[Result]) -> Iterable[str]:
    count = run.counts[level]
    yield (
        f"{level}: {count.scored:,} scored, {count.anomalous:,} anomalous (prevalence {count.prevalence:.2%}), "
        f"{count.gray:,} gray ones left out"
    )
    first = next((r.regime for r in results if r.detector.kind != "bound"), "")
    shown = [result for result in results if result.regime in (first, "labels")]
    others = sorted({result.regime for result in results} - {first, "labels"})
    heads = ["detector", "AUROC", "AP", f"at {SHOWN_PREVALENCE:.0%}", "found", "delay", "decoys", "false/h", "shuffled"]
    heads += [f"{regime}: AUROC, AP" for regime in others]
    yield from _table(heads, (row for result in shown if (row := _overall(result, results, others))))
    yield ""
    yield from _matrix([result for result in shown if result.judged])


def _overall(result: Result, results: list[Result], others: Sequence[str]) -> Sequence[str] | None:
    judged = _of(result, "", "")
    if judged is None:
        return None
    figures = judged.figures
    elsewhere = []
    for regime in others:
        match = next((r for r in results if r.detector == result.detector and r.regime == regime), None)
        again = match and _of(match, "", "")
        elsewhere.append(f"{again.figures.auroc:.3f}  {again.figures.ap:.3f}" if again else "")
    return (
        result.detector.name,
        f"{figures.auroc:.3f}{_interval(figures.auroc_interval)}",
        f"{figures.ap:.3f}{_interval(figures.ap_interval)}",
        f"{figures.ap_at[SHOWN_PREVALENCE]:.3f}",
        f"{judged.found}/{judged.episodes}",
        "" if judged.delay_s is None else f"{judged.delay_s:.0f} s",
        f"{judged.decoys_alarmed}/{judged.decoys}",
        f"{judged.false_alarms_per_hour:.1f}",
        f"{result.shuffled[0]:.3f}" if result.shuffled else "",
        *elsewhere,
    )


def _matrix(results: list[Result]) -> Iterable[str]:
    """AUROC, AP and found episodes of each scenario and severity by detector."""
    strata = {(j.scenario, j.severity): j for result in results for j in result.judged if j.scenario or j.severity}
    names = list(dict.fromkeys(result.detector.name for result in results))
    figures: tuple[tuple[str, Callable[[Judged], str]], ...] = (
        ("AUROC", lambda judged: f"{judged.figures.auroc:.2f}"),
        ("AP", lambda judged: f"{judged.figures.ap:.2f}"),
        ("found", lambda judged: f"{judged.found}/{judged.episodes}"),
    )
    rows = []
    for scenario, severity in sorted(strata, key=lambda key: (key[0], bool(key[1]), severity_order(key[1]))):
        title = f"{scenario or 'all'}{f', {severity}' if severity else ''}"
        prevalence = f"{strata[scenario, severity].figures.prevalence:.2%}"
        for place, (figure, text) in enumerate(figures):
            cells = []
            for name in names:
                found = [_of(result, scenario, severity) for result in results if result.detector.name == name]
                cells.append(next((text(judged) for judged in found if judged), ""))
            rows.append((title if place == 0 else "", prevalence if place == 1 else "", figure, *cells))
    return _table(("by scenario", "prevalence", "", *names), rows)


def _of(result: Result, scenario: str, severity: str) -> Judged | None:
    return next((j for j in result.judged if (j.scenario, j.severity) == (scenario, severity)), None)


def _mark(mark: Mark) -> Sequence[str]:
    meaning = MEANINGS[mark.mark]
    bound = _best(mark.bound)
    return (
        mark.scenario,
        _best(mark.one_liner),
        _best(mark.unsupervised),
        f"{bound} by {mark.folds}" if mark.bound else bound,
        f"{mark.mark}: {meaning}" if meaning else mark.mark,
    )


def _best(best: Best | None) -> str:
    if best is None:
        return "-"
    return f"{best.detector} on {best.level} ({best.auroc:.2f}, {best.ap:.2f}, {best.prevalence:.1%})"


def _interval(interval: tuple[float, float] | None) -> str:
    return f" [{interval[0]:.2f}, {interval[1]:.2f}]" if interval else ""


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return table(heads, rows, left=len(heads), ruled=True)
