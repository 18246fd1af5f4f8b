"""The real command with real PostgreSQL and Redis: what it leaves behind, and what it says."""

from __future__ import annotations

import os
import signal
import socket

import pytest

from conductor import local
from conductor.local import LocalRuntime

BOTH = ("--services", "postgres,redis")


def test_a_command_runs_between_start_and_stop(conductor):
    status, output, _ = conductor.run("run", *BOTH, "--", "sh", "-c", "echo $REDIS_URL $DATABASE_URL; exit 7")
    assert status == 7
    assert "redis://127.0.0.1:" in output and "postgresql://shop:" in output
    assert not (conductor.state / "services.json").exists()


def test_up_lets_it_run_and_down_leaves_nothing(conductor):
    assert conductor.run("up", *BOTH)[0] == 0
    conductor.services()
    assert len(conductor.left()) > 2
    status, output, _ = conductor.run("status")
    assert status == 0 and output.count("healthy") == 2
    assert conductor.run("up", *BOTH)[2].startswith("up: it is up already")
    before = conductor.services()
    assert conductor.run("up", "--services", "seed")[0] == 0
    assert conductor.services().items() > before.items(), "what runs goes on"
    assert conductor.run("down")[0] == 0
    assert conductor.left() == []
    assert conductor.run("status")[0] == 1


def test_two_shops_run_side_by_side(conductor, tmp_path):
    other = type(conductor)(tmp_path / "other")
    assert conductor.run("up", *BOTH)[0] == other.run("up", *BOTH)[0] == 0
    assert not set(conductor.services().values()) & set(other.services().values())
    assert other.run("down")[0] == 0
    assert other.left() == [] and len(conductor.left()) > 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_conductor_stops_all(conductor, number):
    process = conductor.start("run", *BOTH, "--", "sleep", "300")
    conductor.wait_for(lambda: len(conductor.services()) == 2, "the start of two services")
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted; nothing is left running" in errors
    assert conductor.left() == []


def test_a_killed_conductor_leaves_nothing(conductor):
    process = conductor.start("run", *BOTH, "--", "sleep", "5")
    conductor.wait_for(lambda: len(conductor.services()) == 2, "the start of two services")
    os.kill(process.pid, signal.SIGKILL)
    guard = conductor.state / "log" / "guard.log"
    conductor.wait_for(lambda: guard.read_text().endswith("\nstopped\n"), "the guard's stop")
    assert conductor.left() == []
    assert conductor.run("up", *BOTH)[0] == 0


def test_a_taken_port_is_named(conductor):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        status, _, errors = conductor.run("up", *BOTH, OTLP_HTTP_PORT=port)
    assert status == 2
    assert (
        f"otel-collector cannot listen on 127.0.0.1:{port}, it is taken: choose another with OTLP_HTTP_PORT" in errors
    )
    assert conductor.services() == {}


def test_a_service_that_ends_is_named_with_its_last_words(conductor, tmp_path):
    bad = tmp_path / "bin" / "valkey-server"
    bad.parent.mkdir()
    bad.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "Valkey server v=9.9.9" && exit\necho out of luck; exit 3\n'
    )
    bad.chmod(0o755)
    status, _, errors = conductor.run("up", *BOTH, PATH=f"{bad.parent}:{os.environ['PATH']}")
    assert status == 1
    assert "redis has ended by itself, exit status 3" in errors and "out of luck" in errors
    assert conductor.left() == []


def test_a_state_folder_has_one_conductor(conductor):
    first = conductor.start("run", *BOTH, "--", "sleep", "300")
    conductor.wait_for(lambda: len(conductor.services()) == 2, "the start of two services")
    status, _, errors = conductor.run("down")
    assert status == 2 and f"process {first.pid} is at work" in errors
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=60)
    assert conductor.left() == []


def test_what_is_set_up_is_set_up_once(conductor, monkeypatch, tmp_path):
    sought = []
    monkeypatch.setattr(local, "set_up", lambda services: sought.append([service.name for service in services]))
    monkeypatch.setattr(LocalRuntime, "_fill_template", lambda runtime: sought.append(["the database"]))
    runtime = LocalRuntime(tmp_path / "other")
    runtime.setup(["postgres"])
    runtime.setup()
    runtime.setup(["postgres", "web-api"])  # as `up` does
    assert sought[0] == ["postgres"] and "web-api" in sought[1] and "postgres" not in sought[1]
    assert sought[2:] == [["the database"]]

    assert conductor.run("run", "--services", "seed", "--", "true")[0] == 0
    status, _, errors = conductor.run("run", "--services", "seed", "--", "true")
    assert status == 0 and "setup:" not in errors
