"""The truth beside the telemetry: whole, in its form, and the same again from the same seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from load.itinerary import build
from load.steps import Session
from recording import DURATION, RATE, SEED, Recording

STACK = Path(__file__).parents[2] / "stack"
PLAN = ["schema", "seed", "duration_s", "rate", "curve", "sessions", "releases", "changes", "episodes"]
LEDGER = {"seq", "id", "event", "planned_ns", "utc_ns", "mono_ns"}
ACTION = {"role", "kind", "target", "command", "undo", "params"}
REQUEST = {"session", "step", "trace_id", "sent_ns", "method", "route"}
LATE_SECONDS = 15  # an action waits for the one before it; a busy machine for longer


def test_the_plan_has_its_form(recording: Recording) -> None:
    plan = recording.plan
    assert list(plan) == PLAN
    assert (plan["schema"], plan["seed"], plan["duration_s"], plan["rate"]) == (1, SEED, DURATION, RATE)
    assert plan["curve"][0][0] == 0 and plan["curve"][-1][0] == DURATION
    assert len({session["n"] for session in plan["sessions"]}) == len(plan["sessions"]) > 100
    assert min(session["start"] for session in plan["sessions"]) < 0
    assert len(plan["releases"]) == len(plan["changes"]) == 1
    assert plan["episodes"] == []


def test_the_plan_compiles_to_the_same_bytes(recording: Recording, tmp_path: Path) -> None:
    again = tmp_path / "plan.json"
    command = [sys.executable, "-m", "load.plan", "--seed", str(SEED), "--duration", str(DURATION)]
    command += ["--scenarios", "none"]  # as good as all of them in a run that is too short for any
    # Another order of sets and hashes must not show.
    subprocess.run(
        [*command, "--rate", str(RATE), "--out", str(again)],
        cwd=STACK,
        env={**os.environ, "PYTHONHASHSEED": "4711"},
        capture_output=True,
        check=True,
    )
    assert again.read_bytes() == (recording.truth / "plan.json").read_bytes()


def test_requests_have_their_form(recording: Recording) -> None:
    for request in recording.requests:
        assert request.keys() >= REQUEST
        assert ("status" in request) != ("error" in request)
        assert len(request["trace_id"]) == 32
    assert len({request["trace_id"] for request in recording.requests}) == len(recording.requests)


def test_requests_carry_the_ids_that_the_seed_draws(recording: Recording) -> None:
    planned = {
        (session["n"], step.number): (step.trace_id, step.method, step.route)
        for session in recording.plan["sessions"]
        for step in build(SEED, Session.of(session)).steps()
    }
    visitors = [request for request in recording.requests if request["session"] != "back office"]
    assert visitors
    for request in visitors:
        sent = request["trace_id"], request["method"], request["route"]
        assert sent == planned[request["session"], request["step"]]


def test_every_action_of_the_ledger_is_finished(recording: Recording) -> None:
    ledger = recording.ledger
    assert [line["seq"] for line in ledger] == list(range(1, len(ledger) + 1))
    started = {line["id"]: line for line in ledger if line["event"] == "started"}
    finished = {line["id"]: line for line in ledger if line["event"] == "finished"}
    assert started.keys() == finished.keys() and len(ledger) == 2 * len(started)
    assert len(started) == len(recording.plan["releases"]) + len(recording.plan["changes"])
    for line in ledger:
        assert line.keys() >= LEDGER | ACTION
    for identity, begun in started.items():
        ended = finished[identity]
        assert ended["exit"] == 0 and "reset_confirmed" in ended
        assert begun["planned_ns"] <= begun["utc_ns"] < ended["utc_ns"]
        assert begun["mono_ns"] < ended["mono_ns"]
        assert begun["utc_ns"] - begun["planned_ns"] < LATE_SECONDS * 1e9


def test_the_harness_was_watched_every_second(recording: Recording) -> None:
    samples = recording.lines("harness.jsonl")
    assert 0.8 * DURATION < len(samples) <= recording.summary["seconds"] + 2
    assert "missing" in samples[0]
    for sample in samples:
        assert sample.keys() >= {"utc_ns", "behind_ms", "cpu", "pressure", "lag_ms", "collector_queue", "late"}
    assert any(sample["lag_ms"] is not None for sample in samples)
    assert any("memory_bytes" in sample for sample in samples)
    assert recording.summary["peak_memory_bytes"] == max(sample.get("memory_bytes", 0) for sample in samples)


def test_nobody_acted_against_the_shop(recording: Recording) -> None:
    assert (recording.truth / "actors.jsonl").read_bytes() == b""


def test_the_summary_judges_realism(recording: Recording) -> None:
    rows = recording.summary["realism"]
    assert len({row["name"] for row in rows}) == len(rows)
    for row in rows:
        assert row.keys() == {"name", "value", "band", "verdict"}
        assert row["value"] is not None, row["name"]
        assert (row["verdict"] is None) == (row["band"] == [None, None])
        assert row["verdict"] in ("in", "out", None)
    judged = {row["name"] for row in rows if row["verdict"]}
    # The rows that do not depend on how long the run was.
    always = {"logs whose trace exists", "spans whose parent exists", "requests found of those answered"}
    assert always <= judged and len(judged) >= 25
    assert [row["name"] for row in rows if row["name"] in always and row["verdict"] != "in"] == []


def test_the_summary_names_what_ran(recording: Recording) -> None:
    summary = recording.summary
    assert (summary["seed"], summary["duration_s"], summary["rate"]) == (SEED, DURATION, RATE)
    assert summary["requests"]["answered"] == sum("status" in request for request in recording.requests)
    assert all(Path(output["path"]).exists() for output in summary["outputs"])
    if recording.runtime == "local":
        assert summary["versions"].keys() >= {"python", "node", "postgres", "redis", "collector"}
