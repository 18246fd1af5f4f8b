"""What becomes of a recording when its machinery fails: one sentence, the right exit code, nothing left running."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from conductor.places import STACK

RECORD = ("record", "--duration", "30s", "--rate", "20", "--seed", "3")


def requests_sent(conductor) -> int:
    path = conductor.state / "logs" / "truth" / "requests.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def recording(conductor):
    """A recording in the middle of its run."""
    process = conductor.start(*RECORD)
    deadline = time.monotonic() + 240  # the first one may build what the shop runs on
    while requests_sent(conductor) < 20:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, "no visitor came"
        time.sleep(0.2)
    conductor.services()
    return process


@pytest.mark.parametrize("service", ["otel-collector", "web-api"])
def test_a_killed_service_ends_the_recording_and_is_named(conductor, service):
    process = recording(conductor)
    os.kill(conductor.services()[service], signal.SIGKILL)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1, errors
    assert f"{service} has ended by itself, killed by SIGKILL" in errors and "Traceback" not in errors
    assert conductor.left() == []
    assert not (conductor.state / "logs" / "truth" / "collector.json").exists(), "no account of a run that failed"


def test_a_full_disk_under_the_collector_is_a_loud_loss(conductor):
    """The Collector may write nothing more; as on a full disk, what it cannot write is lost, and it says so."""
    process = recording(conductor)
    otel = conductor.state / "logs" / "otel"
    largest = max(path.stat().st_size for path in otel.iterdir())
    resource.prlimit(conductor.services()["otel-collector"], resource.RLIMIT_FSIZE, (largest, largest))
    _, errors = process.communicate(timeout=180)
    assert process.returncode == 1, errors
    assert "Traceback" not in errors
    assert "lost" in errors or "otel-collector has ended by itself" in errors
    assert conductor.left() == []


def test_an_interrupted_recording_stops_all_and_has_written_down_what_it_did(conductor):
    process = recording(conductor)
    ledger = conductor.state / "logs" / "truth" / "ledger.jsonl"
    conductor.wait_for(lambda: ledger.exists() and ledger.read_text().count("\n") >= 2, "the first action")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert "interrupted; nothing is left running" in errors and "Traceback" not in errors
    assert conductor.left() == []
    first, second = (json.loads(line) for line in ledger.read_text().splitlines()[:2])
    assert (first["event"], second["event"]) == ("started", "finished") and first["id"] == second["id"]
    assert first["utc_ns"] <= second["utc_ns"] and abs(first["utc_ns"] - first["planned_ns"]) < 15e9


def hears(process: subprocess.Popen[str], number: signal.Signals) -> bool:
    """Whether it is past the moment in which a signal just ends it."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        return True
    caught = next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("SigCgt"))
    return bool(int(caught, 16) & 1 << (number - 1))


@pytest.mark.parametrize("after", [0.3, 4.0])
def test_ctrl_c_before_the_first_visitor_stops_all(conductor, after):
    process = conductor.start(*RECORD)
    conductor.wait_for(lambda: hears(process, signal.SIGINT), "the interpreter")
    deadline = time.monotonic() + after
    while time.monotonic() < deadline and process.poll() is None:
        conductor.services()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    conductor.services()
    assert conductor.left() == []


def test_ctrl_c_while_a_library_generates_code_has_its_exit_code(conductor, tmp_path):
    (tmp_path / "argparse.py").write_text('exec("import os, signal; os.kill(os.getpid(), signal.SIGINT)")')
    status, output, errors = conductor.run("status", PYTHONPATH=f"{tmp_path}{os.pathsep}{STACK}")
    assert (status, output, errors) == (130, "", "conductor: interrupted; nothing is left running\n")


def test_a_killed_recording_leaves_nothing_and_the_next_start_is_healthy(conductor):
    process = recording(conductor)
    load = psutil.Process(conductor.services()["load-generator"])
    os.kill(process.pid, signal.SIGKILL)
    guard = conductor.state / "log" / "guard.log"
    conductor.wait_for(lambda: guard.read_text().endswith("\nstopped\n"), "the guard's stop")
    assert not load.is_running()
    assert conductor.left() == []
    assert conductor.run("up")[0] == 0
    assert conductor.run("status")[1].count("healthy") >= 8
