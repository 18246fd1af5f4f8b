"""Makes a reference set: many short recordings, one after the other, unattended, each with a seed and an episode.

OUT/case=CODE/ appears when all of it is there; whatever interrupts the work, the next call goes on after the last whole
case. `manifest.json` lists what is there, and alone says what each holds: neither a folder's name nor the time at which
a case was made may tell.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from conductor import dataset, recovery
from conductor.cases import SEVERITIES, Case
from conductor.episodes import outcomes
from conductor.errors import ConductorError
from conductor.opening import open_runtime
from conductor.places import STACK
from conductor.runtime import exclusive
from conductor.steps import say

ATTEMPTS = 2
GIVE_UP = 3
"""So many cases in a row that fail end the work: the next ones would, too."""
OVERHEAD = 30.0
"""Seconds that a case takes beside its recording, for the estimate."""
EPISODE_SECONDS = 95.0


@dataclass(frozen=True)
class Settings:
    """How every case of a set is made; `python` has the converter."""

    runtime: str
    state: Path
    out: Path
    python: Path
    normal: float = 240.0
    rate: float = 60.0
    seed: int = 7

    def told(self) -> dict[str, Any]:
        """What may not differ within a set."""
        return {"seed": self.seed, "normal_s": self.normal, "rate": self.rate}


def make(settings: Settings, cases: Sequence[Case]) -> int:
    """Make the cases that are not there yet; 1 when some could not be made.

    Raises:
        ConductorError: nothing can be made, or what is there was made in another way.
    """
    with exclusive(settings.out):
        _agree(settings)
        # In the order of their seeds, which is any order.
        waiting = sorted((case for case in cases if not _folder(settings, case).exists()), key=lambda case: case.seed)
        minutes = len(waiting) * (settings.normal + EPISODE_SECONDS + OVERHEAD) / 60
        say(f"cases: {len(cases)}, done: {len(cases) - len(waiting)}; about {minutes:.0f} minutes to go")
        failed: dict[str, str] = {}
        in_a_row = 0
        for number, case in enumerate(waiting, 1):
            began = time.monotonic()
            say(f"case {number} of {len(waiting)}: {case.name}")
            try:
                fault = _attempts(settings, case)
            except KeyboardInterrupt:
                say(f"case {case.name} is not done: the same command goes on with it")
                raise
            in_a_row = in_a_row + 1 if fault else 0
            if fault:
                failed[case.name] = fault
            _write_manifest(settings, failed)
            left = (len(waiting) - number) * (time.monotonic() - began) / 60
            say(f"case {case.name}: {fault or 'done'}; about {left:.0f} minutes to go")
            if in_a_row == GIVE_UP:
                raise ConductorError(f"{GIVE_UP} cases in a row have failed; the last: {fault}", 1)
        manifest = _write_manifest(settings, failed)
    print(table(manifest["cases"]))
    print(f"\n{len(manifest['cases'])} cases: {settings.out / 'manifest.json'}")
    return 1 if failed else 0


def _folder(settings: Settings, case: Case) -> Path:
    return settings.out / f"case={case.code}"


def _agree(settings: Settings) -> None:
    path = settings.out / "manifest.json"
    made = json.loads(path.read_text())["settings"] if path.exists() else settings.told()
    if made != settings.told():
        told = ", ".join(f"{key} {value:g}" for key, value in made.items())
        raise ConductorError(f"{settings.out} was made with {told}: say the same, or choose another folder")


def _attempts(settings: Settings, case: Case) -> str | None:
    """Make a case, a second time if it fails; None when it is there, else why it is not."""
    fault = None
    for _ in range(ATTEMPTS):
        try:
            _make(settings, case)
        except ConductorError as error:
            if error.code != 1:
                raise
            fault = str(error)
            say(f"case {case.name}: {fault}")
        else:
            return None
    return fault


def _make(settings: Settings, case: Case) -> None:
    work = settings.out / ".work"
    logs, data = work / "logs", work / "data"
    runtime = open_runtime(settings.runtime, settings.state, logs)
    recovery.undo_before(runtime)  # by the ledger of an interrupted case
    shutil.rmtree(work, ignore_errors=True)
    data.mkdir(parents=True)
    dataset.record(runtime, dataset.Asked(case.seed, settings.normal, settings.rate, case=case.asked))
    report = _run(settings, "--json", str(logs / "otel"), "--out", str(data))
    (data / "conversion.json").write_text(report)
    with redirect_stdout(io.StringIO()):
        if dataset.measure(logs, data):
            raise ConductorError(f"its accounts do not agree; see {data / 'summary.json'}", 1)
    _run(settings, "label", str(logs), str(data))
    shutil.move(logs / "truth", data / "truth")
    (data / "case.json").write_text(json.dumps(_entry(case, data), indent=2) + "\n")
    data.rename(_folder(settings, case))
    shutil.rmtree(work)


def _run(settings: Settings, *words: str) -> str:
    """Run the converter; give what it prints."""
    command = [str(settings.python), "-m", "ocsfconv", *words]
    result = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False)
    if result.returncode:
        last = result.stderr.strip().splitlines()[-1:] or [f"exit status {result.returncode}"]
        raise ConductorError(f"ocsfconv {words[0]}: {last[0]}", 1)
    return result.stdout


def _entry(case: Case, data: Path) -> dict[str, Any]:
    """What the manifest says of a case."""
    plan = json.loads((data / "truth" / "plan.json").read_text())
    run = json.loads((data / "truth" / "run.json").read_text())
    done = list(outcomes(plan, data / "truth" / "ledger.jsonl"))
    files = sorted(data.glob("*.parquet"))
    return {
        "case": case.code,
        **asdict(case),
        "duration_s": plan["duration_s"],
        "status": _status(data / "episodes.parquet") if done else "nothing",
        "executed": all(one.executed for one in done),
        "undone": all(one.undone for one in done),
        "late_seconds": run["late_seconds"],
        "rows": {path.stem: _count(path) for path in files},
        "labels": _labels(data / "ocsf_labels.parquet"),
        "sha256": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files},
        "versions": run["versions"],
    }


def _status(episodes: Path) -> str:
    found = duckdb.execute("SELECT status FROM read_parquet(?)", [str(episodes)]).fetchall()
    return str(found[0][0]) if found else "not_executed"


def _count(path: Path) -> int:
    found = duckdb.execute("SELECT count(*) FROM read_parquet(?)", [str(path)]).fetchone()
    return int(found[0]) if found else 0


def _labels(path: Path) -> dict[str, int]:
    query = "SELECT label, count(*) FROM read_parquet(?) GROUP BY label ORDER BY label"
    return {str(label): int(count) for label, count in duckdb.execute(query, [str(path)]).fetchall()}


def _write_manifest(settings: Settings, failed: dict[str, str]) -> dict[str, Any]:
    entries = [json.loads(path.read_text()) for path in sorted(settings.out.glob("case=*/case.json"))]
    manifest = {"schema": 1, "settings": settings.told(), "cases": entries, "failed": failed}
    beside = settings.out / ".manifest.json"
    beside.write_text(json.dumps(manifest, indent=1) + "\n")
    beside.replace(settings.out / "manifest.json")
    return manifest


def table(entries: Sequence[dict[str, Any]]) -> str:
    """Impact by scenario, role and severity: planned, executed, verified, without impact, undone."""
    head = ("scenario", "role", "severity", "planned", "executed", "verified", "no impact", "undone")
    rows: dict[tuple[str, str, str], list[int]] = {}
    for one in entries:
        key = (one["scenario"] or "-", one["role"], one["severity"] or "-")
        row = rows.setdefault(key, [0] * 5)
        met = (True, one["executed"], one["status"] == "verified", one["status"] == "no_impact", one["undone"])
        for column, value in enumerate(met):
            row[column] += bool(value)
    order = ("-", *SEVERITIES)
    lines = [head]
    for key in sorted(rows, key=lambda key: (key[0], key[1] == "decoy", order.index(key[2]))):
        lines.append((*key, *map(str, rows[key])))
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < 3 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def scenario_names() -> list[str]:
    """Name all scenarios, in the order of their numbers."""
    from load.scenarios import ScenarioError, load_all

    try:
        return list(load_all(STACK / "scenarios"))
    except ScenarioError as error:
        raise ConductorError(str(error)) from None
