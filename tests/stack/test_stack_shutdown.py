"""The run ends by itself and leaves nothing behind but files."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from recording import Recording

CRASHES = re.compile(
    r"^(?:Traceback \(most recent call last\)|panic: |fatal error: |Segmentation fault|\[?UnhandledPromiseRejection"
    r"|\s+at .+ \(node:|.*\bSIGKILL\b)",
    re.MULTILINE,
)


@pytest.fixture(autouse=True)
def _on_this_machine(recording: Recording) -> None:
    if recording.runtime != "local":
        pytest.skip("containers end with their engine")


def test_no_process_is_left(recording: Recording) -> None:
    if not recording.watch.pids:
        pytest.skip("nobody watched this recording")
    assert recording.watch.alive() == []


def test_no_port_is_listened_on(recording: Recording) -> None:
    if not recording.watch.ports:
        pytest.skip("nobody watched this recording")
    assert len(recording.watch.ports) >= 8
    assert recording.watch.listening() == []


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")
def test_no_process_knows_the_state_folder(recording: Recording) -> None:
    state = os.fsencode(recording.state.resolve())
    assert [told for told in map(describe, Path("/proc").glob("[0-9]*")) if state in told] == []


def describe(process: Path) -> bytes:
    """Command line and folder of a process; nothing of one that has just ended."""
    if int(process.name) in (os.getpid(), os.getppid()):
        return b""
    try:
        return (process / "cmdline").read_bytes() + b" in " + os.fsencode(os.readlink(process / "cwd"))
    except OSError:
        return b""


def test_nothing_is_remembered_as_running(recording: Recording) -> None:
    assert not (recording.state / "services.json").exists()
    assert not (recording.state / "tmp").exists()


def test_the_collector_ended_by_itself(recording: Recording) -> None:
    log = recording.own_output()["otel-collector"]
    assert "Received signal from OS" in log and "Shutdown complete." in log
    assert log.index("Starting shutdown...") < log.index("Shutdown complete.")


def test_everybody_ended_in_order(recording: Recording) -> None:
    output = recording.own_output()
    assert "web-api" in output and "payment-worker" in output
    assert "was killed" not in recording.output
    assert output["guard"] == ""
    for service, log in output.items():
        crash = CRASHES.search(log)
        assert crash is None, f"{service}: {log[crash.start() : crash.start() + 2000] if crash else ''}"


def test_services_say_that_they_stop(recording: Recording) -> None:
    stopped = [log.attributes for log in recording.logs if log.event == "service.stopped"]
    services = {log.service for log in recording.logs if log.event == "service.stopped"}
    assert services == {"web-api", "auth-service", "payment-worker"}
    assert {held["service.role"] for held in stopped if "service.role" in held} == {"worker", "beat"}
