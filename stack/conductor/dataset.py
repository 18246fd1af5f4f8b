"""The run that makes a data set: plan, up, drive, drain, down; then the accounts and the measurements of what came out.

Two verbs, with the conversion between them: `record` leaves `logs/otel/` and `logs/truth/`, `measure` reads them and
`data/`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from conductor import counters, programs, recovery, summary
from conductor.backoffice import BackOffice, Change
from conductor.deployer import Deployer, planned, prepare, release
from conductor.environments import make_python
from conductor.episodes import Episodes
from conductor.errors import ConductorError
from conductor.harness import Harness
from conductor.ledger import Ledger
from conductor.mechanisms.base import Evidence
from conductor.places import STACK
from conductor.realism import measure as measure_realism
from conductor.runtime import LOAD, Runtime, exclusive
from conductor.steps import say
from seed import people

FLOWING_SECONDS = 10.0
"""How long it may take until each signal's file grows."""
DRAIN_SECONDS = 60.0
"""How long queued jobs may take after the last request."""
SIGNALS = ("logs", "traces", "metrics")
COLLECTOR = "otel-collector"
INSIDE = "/var/log/truth"
"""Where the load generator finds `logs/truth`, by compose.yaml."""


@dataclass(frozen=True)
class Asked:
    """What a recording is made of; with a `case` (`NAME:fault@medium`, `nothing`) the duration is its normal time."""

    seed: int = 7
    duration: float = 600.0
    rate: float = 60.0
    curve: str = "day"
    scenarios: str = "all"
    case: str | None = None


def record(runtime: Runtime, asked: Asked) -> None:
    """Run the shop by a plan and leave its telemetry and the truth about it.

    Raises:
        ConductorError: something did not start, ended by itself, lost data, or could not be undone; everything is
            stopped then.
    """
    with exclusive(runtime.logs_folder):
        _record(runtime, asked)


def _record(runtime: Runtime, asked: Asked) -> None:
    recovery.undo_before(runtime)  # data are made anew, but what a killed conductor left beside the shop runs on
    logs = runtime.logs_folder
    truth = logs / "truth"
    for folder in (logs / "otel", truth):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    runtime.setup()
    plan = make_plan(truth / "plan.json", asked)
    for name in ("actors", "evidence"):
        (truth / f"{name}.jsonl").touch()
    recovery.keep(runtime.state, truth / "ledger.jsonl")
    decoys = sum(episode["decoy"] for episode in plan["episodes"])
    told = f"episodes: {len(plan['episodes']) - decoys}, decoys: {decoys}"
    say(f"{len(plan['sessions']):,} sessions over {plan['duration_s']:g} s, {told}, seed {plan['seed']}")
    began = time.monotonic()
    with runtime:
        runtime.up(fresh=True)
        say(f"healthy after {time.monotonic() - began:.1f} s")
        wrong = drive(runtime, plan, truth)
        drain(runtime)
        runtime.down()
    account = counters.final_counters("".join(path.read_text(errors="replace") for path in runtime.logs(COLLECTOR)))
    lost = {name: count for held in account.lost.values() for name, count in held.items()}
    if lost:
        told = ", ".join(f"{count} by {name}" for name, count in lost.items())
        raise _lost(runtime, f"records ({told})")
    (truth / "collector.json").write_text(json.dumps(asdict(account), indent=2) + "\n")
    say(str(summary.visits(truth / "requests.jsonl")))
    say("stopped; nothing is left running")
    if wrong:
        raise ConductorError("; ".join(wrong), 1)


def _lost(runtime: Runtime, what: str) -> ConductorError:
    log = runtime.logs(COLLECTOR)[0]
    return ConductorError(f"the Collector lost {what}: is the disk full? See {log}", 1)


def make_plan(path: Path, asked: Asked) -> dict[str, Any]:
    """Let the load compile its plan, in its own environment."""
    python = make_python(STACK / "load" / "requirements.txt") / "bin" / "python"
    words = ["--seed", str(asked.seed), "--rate", f"{asked.rate:g}", "--curve", asked.curve]
    if asked.case:
        words += ["--case", asked.case, "--normal", f"{asked.duration:g}"]
    else:
        words += ["--duration", f"{asked.duration:g}", "--scenarios", asked.scenarios]
    command = [str(python), "-m", "load.plan", *words]
    done = subprocess.run([*command, "--out", str(path)], cwd=STACK, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        raise ConductorError(last[0] if last else f"the plan could not be made: exit status {done.returncode}")
    plan: dict[str, Any] = json.loads(path.read_text())
    return plan


def drive(runtime: Runtime, plan: dict[str, Any], truth: Path) -> list[str]:
    """Let the visitors in, do what the plan has beside them, and watch until the last has left.

    Gives what could not be undone, a sentence each.
    """
    ledger = Ledger(truth / "ledger.jsonl")
    prepare(planned(plan), runtime)
    changes = [Change(item["t"], item["kind"], item["key"], item["value"], item["user"]) for item in plan["changes"]]
    deployer = Deployer(runtime, ledger)
    office = BackOffice(runtime.environment()["TARGET"], truth / "backoffice.jsonl", ledger, plan["seed"])
    known = credentials(change.user for change in changes)
    lag = truth / "lag.jsonl"
    flowing(runtime.logs_folder / "otel")
    start_ns = time.time_ns()
    runtime.start(LOAD, {"PLAN": f"{INSIDE}/plan.json", "LAG": f"{INSIDE}/lag.jsonl"})
    start = time.monotonic()
    steps: list[tuple[float, str, Callable[[int], bool]]] = []
    for one in (release(item, item["t"]) for item in plan["releases"]):
        name = f"{one.service} {one.previous} -> {one.version}"
        steps.append((one.at, name, partial(deployer.roll_out, one)))
    for change in changes:
        steps.append((change.at, f"{change.kind} {change.key}", partial(office.make, change, *known[change.user])))
    steps.sort(key=lambda step: step[0])
    metrics = f"http://{runtime.address(COLLECTOR, 8888)}/metrics"
    told = start
    evidence = Evidence(truth / "evidence.jsonl")
    with (
        Harness(truth / "harness.jsonl", lag, metrics, runtime.memory) as harness,
        Episodes(plan, runtime, ledger, deployer, evidence) as episodes,
    ):
        episodes.begin(start_ns, start)
        while runtime.poll(LOAD) is None:
            elapsed = time.monotonic() - start
            if steps and elapsed >= steps[0][0]:
                at, name, step = steps.pop(0)
                worked = step(start_ns + int(at * 1e9))
                say(f"{elapsed:5.0f} s  {name}{'' if worked else ': did not work'}")
            if time.monotonic() - told >= 15:
                told = time.monotonic()
                say(f"{elapsed:5.0f} s of {plan['duration_s']:g} s, {harness.late_seconds} s late")
            runtime.check()
            if harness.lost:
                raise _lost(runtime, f"{harness.lost} records")
            time.sleep(0.1)
    deployer.close()
    status = runtime.poll(LOAD)
    if status:
        raise ConductorError(f"the load generator ended with status {status}; see {runtime.logs(LOAD)[0]}", 1)
    if steps:
        raise ConductorError(f"the visitors left {len(steps)} actions too early; see {runtime.logs(LOAD)[0]}", 1)
    requests = truth / "requests.jsonl"
    office_requests = truth / "backoffice.jsonl"
    if office_requests.exists():
        with requests.open("ab") as file:
            file.write(office_requests.read_bytes())
        office_requests.unlink()
    (truth / "run.json").write_text(
        json.dumps(
            {
                "runtime": runtime.kind,
                "started_ns": start_ns,
                "seconds": round(time.monotonic() - start, 1),
                "peak_memory_bytes": harness.peak_bytes,
                "late_seconds": harness.late_seconds,
                "versions": programs.versions(runtime.kind),
            },
            indent=2,
        )
        + "\n"
    )
    return episodes.wrong


def credentials(users: Iterable[str]) -> dict[str, tuple[str, str]]:
    """E-mail and password of people by their ids, from the module that invented them."""
    found = {user: people.person(int(user[1:])) for user in users}
    return {user: (person.email, person.password) for user, person in found.items()}


def flowing(otel: Path) -> None:
    """Wait until the Collector writes: it can be healthy and refuse everything."""
    deadline = time.monotonic() + FLOWING_SECONDS
    while True:
        silent = [name for name in SIGNALS if not any(path.stat().st_size for path in otel.glob(f"{name}*.jsonl"))]
        # Traces begin with the first visitor.
        if not set(silent) - {"traces"}:
            return
        if time.monotonic() > deadline:
            raise ConductorError(f"the Collector is healthy but writes no {' and '.join(silent)} into {otel}", 1)
        time.sleep(0.1)


def drain(runtime: Runtime) -> None:
    """Wait until no job is queued or running."""
    say("waiting for queued jobs …")
    deadline = time.monotonic() + DRAIN_SECONDS
    address = f"http://{runtime.address('payment-worker', 9100)}/metrics"
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                lines = answer.read().decode().splitlines()
        except OSError:
            lines = []
        lengths = [float(line.rpartition(" ")[2]) for line in lines if line.startswith("celery_queue_length{")]
        if lengths and not any(lengths):
            return
        time.sleep(0.5)
    raise ConductorError(f"jobs are still queued {DRAIN_SECONDS:.0f} s after the last request", 1)


def measure(logs: Path, data: Path) -> int:
    """Compare the accounts, measure realism, write `summary.json`, print both; 0 when nothing was lost, else 1."""
    truth = logs / "truth"
    conversion = json.loads((data / "conversion.json").read_text())
    account = counters.Counters(**json.loads((truth / "collector.json").read_text()))
    visits = summary.visits(truth / "requests.jsonl")
    rows = measure_realism(data, truth)
    faults = summary.accounts(account, conversion)
    run = json.loads((truth / "run.json").read_text())
    plan = json.loads((truth / "plan.json").read_text())
    outputs = [output for signal in SIGNALS for output in conversion["signals"][signal]["outputs"]]
    summary.write(
        data / "summary.json",
        {
            "seed": plan["seed"],
            "duration_s": plan["duration_s"],
            "rate": plan["rate"],
            **run,
            "requests": asdict(visits),
            "collector": asdict(account),
            "faults": faults,
            "realism": [row.to_dict() for row in rows],
            "outputs": outputs,
        },
    )
    print(summary.account_table(account, conversion))
    print()
    print(summary.realism_table(rows))
    print()
    judged = [row for row in rows if row.verdict]
    inside = sum(row.verdict == "in" for row in judged)
    print(f"realism: {inside} of {len(judged)} judged properties are in their band")
    print(f"memory:  {run['peak_memory_bytes'] / 2**20:.0f} MiB at most, all processes together")
    flat = [output["path"] for output in outputs if "/ocsf/" not in output["path"]]
    print(f"written: {', '.join([*flat, str(data / 'summary.json')])}")
    for fault in faults:
        say(f"error: {fault}")
    return 1 if faults else 0
