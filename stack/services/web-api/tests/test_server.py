"""The real server: releases taken over on HUP without a failed request, and a clean end."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from web_api.config import Config

SERVICE = Path(__file__).resolve().parent.parent
RELEASED = ("VERSION", "gunicorn.conf.py", "handover.py", "web_api")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def release(home: Path, version: str) -> None:
    for name in RELEASED:
        source, target = SERVICE / name, home / version / name
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    (home / version / "VERSION").write_text(f"{version}\n")


def point(home: Path, version: str) -> None:
    (home / "next").symlink_to(version)
    (home / "next").rename(home / "current")


def version(port: int) -> str | None:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        try:
            connection.request("GET", "/health")
            found: str = json.loads(connection.getresponse().read())["version"]
            return found
        except OSError:
            return None


def wait_for(port: int, wanted: str) -> None:
    deadline = time.monotonic() + 60
    while version(port) != wanted:
        assert time.monotonic() < deadline, f"version {wanted} did not answer within a minute"
        time.sleep(0.05)


@pytest.fixture
def server(tmp_path: Path, config: Config) -> Iterator[tuple[subprocess.Popen[str], int, Path]]:
    """gunicorn as in production, but for a Collector, which is away."""
    for number in ("1.0.0", "1.0.1"):
        release(tmp_path, number)
    point(tmp_path, "1.0.0")
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "DATABASE_URL": config.database_url,
        "REDIS_URL": config.redis_url,
        "BROKER_URL": config.broker_url,
        "AUTH_URL": config.auth_url,
        "PROVIDER_URL": config.provider_url,
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}",
    }
    command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "--chdir", str(tmp_path / "current")]
    log = (tmp_path / "log").open("w")
    process = subprocess.Popen(
        [*command, "web_api:create_app()"], cwd=tmp_path / "current", env=environment, stderr=log, text=True
    )
    try:
        wait_for(port, "1.0.0")
        yield process, port, tmp_path
    finally:
        process.kill()
        process.wait()
        log.close()


def test_a_release_is_taken_over_without_a_failed_request(server: tuple[subprocess.Popen[str], int, Path]) -> None:
    process, port, home = server
    over = threading.Event()
    statuses: list[int] = []
    failures: list[BaseException] = []

    def visit() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        while not over.is_set():
            try:
                connection.request("GET", "/help/returns")
                response = connection.getresponse()
                response.read()
                statuses.append(response.status)
            except (OSError, http.client.HTTPException) as failure:
                failures.append(failure)
            time.sleep(0.02)
        connection.close()

    visitors = [threading.Thread(target=visit) for _ in range(4)]
    for visitor in visitors:
        visitor.start()
    point(home, "1.0.1")
    process.send_signal(signal.SIGHUP)
    wait_for(port, "1.0.1")
    over.wait(0.5)
    over.set()
    for visitor in visitors:
        visitor.join()
    assert not failures
    assert set(statuses) == {200} and len(statuses) > 20


def test_it_ends_within_seconds_though_the_collector_is_away(server: tuple[subprocess.Popen[str], int, Path]) -> None:
    process, port, home = server
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/help/returns")
    assert connection.getresponse().status == 200
    connection.close()
    begun = time.monotonic()
    process.terminate()
    assert process.wait(timeout=20) == 0
    assert time.monotonic() - begun < 8
    assert "web-api 1.0.0 stopped" in (home / "log").read_text()
    assert not [entry for entry in home.iterdir() if entry.suffix == ".ctl"]


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="processors can be chosen on Linux only")
def test_the_worker_keeps_to_one_processor_and_its_master_to_none(
    server: tuple[subprocess.Popen[str], int, Path],
) -> None:
    process, _, _ = server
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert [len(os.sched_getaffinity(int(child))) for child in children] == [1]
    assert os.sched_getaffinity(process.pid) == os.sched_getaffinity(0)
