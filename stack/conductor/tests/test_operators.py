"""What operators and the deployer do to a service: with the real gateway, a provider's port, folders of versions."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from conductor.backoffice import BackOffice, Change
from conductor.compose_file import load, read_env
from conductor.episodes import asked
from conductor.errors import ConductorError
from conductor.ledger import Ledger
from conductor.mechanisms import Context, mechanism
from conductor.mechanisms.base import Evidence
from conductor.places import COMPOSE_FILE, IMAGES, STACK
from conductor.releases import switch

AGREED = {"rate_limit": 0.0, "burst": 0.0, "maintenance": 0.0, "slowdown": 1.0}


class Service(BaseHTTPRequestHandler):
    """Says that it is well, and what was put last."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self):
        self._answer(self.server.held)

    def do_PUT(self):
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not set(given) <= set(AGREED):
            return self._answer({"error": "known are others"}, 422)
        self.server.held = AGREED | given
        return self._answer(self.server.held)

    def handle(self):
        with suppress(ConnectionError):
            super().handle()

    def _answer(self, held, status=200):
        body = json.dumps(held).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing."""


@contextmanager
def serving(held) -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        server.held, server.daemon_threads = held, True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Shop:
    """As much of a runtime as these mechanisms ask for."""

    kind = "local"

    def __init__(self, folder: Path, ports: dict[tuple[str, int], int]) -> None:
        self.folder, self.ports = folder, ports
        self.done: list[str] = []

    def address(self, service, port):
        return f"127.0.0.1:{self.ports[service, port]}"

    def release_folder(self, service):
        return self.folder / service

    def restart(self, service):
        self.done.append(f"restart {service}")

    def stop(self, service):
        self.done.append(f"stop {service}")

    @property
    def guard(self):
        raise AssertionError("up() comes first")


@pytest.fixture
def gateway(tmp_path):
    with serving({"status": "ok"}) as auth:
        ports = {("auth-gateway", 3000): free(), ("auth-gateway", 9901): free()}
        numbers = {"LISTEN": ports["auth-gateway", 3000], "ADMIN": ports["auth-gateway", 9901]}
        addresses = {name: f"127.0.0.1:{port}" for name, port in (numbers | {"UPSTREAM": auth.server_port}).items()}
        command = [sys.executable, "-m", "auth_gateway"]
        process = subprocess.Popen(command, cwd=STACK / "services" / "auth-gateway", env={**os.environ, **addresses})
        shop = Shop(tmp_path, ports)
        assert asked(lambda: took(shop) is not None, 10)
        yield shop
        process.terminate()
        process.wait(5)


def took(shop) -> float | None:
    """Seconds that a request through the gateway takes; None when nobody answers."""
    begun = time.monotonic()
    try:
        with urllib.request.urlopen(f"http://{shop.address('auth-gateway', 3000)}/health", timeout=0.5):
            return time.monotonic() - begun
    except OSError:
        return None


@pytest.mark.parametrize(
    ("arguments", "met"),
    [
        ({"delay_ms": 200, "sigma": 0, "share": 1}, lambda seconds: seconds is not None and seconds >= 0.2),
        ({"mode": "hold"}, lambda seconds: seconds is None),
        ({"mode": "refuse"}, lambda seconds: seconds is None),
        ({"pause_s": 3, "pause_every_s": 4}, lambda seconds: seconds is None),
    ],
)
def test_the_line_is_changed_and_by_another_process_put_back(gateway, tmp_path, arguments, met):
    context = Context(gateway, "e1", seed=7, evidence=Evidence(tmp_path / "evidence.jsonl"))
    found = mechanism("proxy")
    undo = json.loads(json.dumps(found.prepare(arguments, context)))
    found.begin(arguments, context)
    assert met(took(gateway))
    assert asked(lambda: found.in_effect(arguments, context), 3)
    assert not found.undone(undo, context)
    other = Context(gateway, "e1")
    for _ in range(2):
        mechanism("proxy").undo(undo, other)
        assert asked(lambda: mechanism("proxy").undone(undo, other), 3)
    assert took(gateway) < 0.2


def test_a_line_that_nobody_uses_is_not_in_effect(gateway):
    context, arguments = Context(gateway, "e1"), {"delay_ms": 50}
    found = mechanism("proxy")
    found.prepare(arguments, context)
    found.begin(arguments, context)
    assert not found.in_effect(arguments, context)


def test_what_passed_is_evidence_once(gateway, tmp_path):
    path = tmp_path / "evidence.jsonl"
    context, arguments = Context(gateway, "e3", evidence=Evidence(path)), {"delay_ms": 50}
    found = mechanism("proxy")
    took(gateway)
    undo = found.prepare(arguments, context)
    found.begin(arguments, context)
    took(gateway)
    for _ in range(2):
        found.undo(undo, context)
    (line,) = map(json.loads, path.read_text().splitlines())
    assert (line["kind"], line["episode"], line["answered"]) == ("connection", "e3", True)
    assert line["listener"] == gateway.address("auth-gateway", 3000)
    assert line["closed_ns"] - line["opened_ns"] >= 45e6


def test_the_providers_conditions_are_changed_and_put_back(tmp_path):
    with serving(dict(AGREED)) as provider:
        shop = Shop(tmp_path, {("payment-provider", 8081): provider.server_port})
        context, arguments = Context(shop, "e1"), {"maintenance": 0.4, "slowdown": 1}
        found = mechanism("provider")
        undo = json.loads(json.dumps(found.prepare(arguments, context)))
        found.begin(arguments, context)
        assert found.in_effect(arguments, context) and not found.undone(undo, context)
        for _ in range(2):
            mechanism("provider").undo(undo, Context(shop, "e1"))
        assert found.undone(undo, context) and not found.in_effect(arguments, context)
        with pytest.raises(ConductorError, match=r"payment-provider refuses /conditions.*known are others"):
            found.begin({"speed": 3}, context)
    with pytest.raises(ConductorError, match="payment-provider does not answer its operator at 127"):
        found.begin(arguments, context)


def test_a_change_that_a_sick_shop_does_not_take_ends_no_run(tmp_path):
    ledger = Ledger(tmp_path / "ledger.jsonl")
    office = BackOffice(f"http://127.0.0.1:{free()}", tmp_path / "requests.jsonl", ledger, 7)
    assert not office.make(Change(1.0, "setting", "cart.max_items", 40, "u1"), "somebody", "secret", 0)
    _, finished = map(json.loads, (tmp_path / "ledger.jsonl").read_text().splitlines())
    assert (finished["exit"], finished["params"]["status"]) == (0, None)
    assert json.loads((tmp_path / "requests.jsonl").read_text())["error"]


RELEASE = {"service": "auth-service", "from": "2.1.0", "to": "2.1.1", "patch": "auth-service/x.patch", "user": "u1"}


@pytest.fixture
def versions(tmp_path):
    folder = tmp_path / "auth-service"
    for version in ("2.1.0", "2.1.1"):
        (folder / version).mkdir(parents=True)
    switch(folder, "2.1.0")
    with serving({"version": "2.1.0"}) as service:
        shop = Shop(tmp_path, {("auth-service", 3000): service.server_port})
        shop.service = service
        yield shop


def deployer(shop, proven=True):
    def deploy(one):
        shop.done.append(f"{one.previous} -> {one.version}")
        switch(shop.release_folder(one.service), one.version)
        shop.service.held = {"version": one.version}
        return proven

    return SimpleNamespace(deploy=deploy)


def test_a_release_is_rolled_out_and_back_by_the_deployer(versions):
    context, found = Context(versions, "e1", deployer=deployer(versions)), mechanism("release")
    undo = json.loads(json.dumps(found.prepare(RELEASE, context)))
    assert found.undone(undo, context)
    found.begin(RELEASE, context)
    assert found.in_effect(RELEASE, context) and not found.undone(undo, context)
    for _ in range(2):
        found.undo(undo, context)
        assert found.undone(undo, context)
    assert versions.done == ["2.1.0 -> 2.1.1", "2.1.1 -> 2.1.0"], "what is back already is not reported again"


def test_a_release_that_stays_is_not_rolled_back(versions):
    context, found = Context(versions, "e1", deployer=deployer(versions)), mechanism("release")
    undo = found.prepare({**RELEASE, "rolled_back": False}, context)
    found.begin(RELEASE, context)
    found.undo(undo, context)
    assert found.undone(undo, context) and versions.done == ["2.1.0 -> 2.1.1"]


def test_a_release_without_a_span_has_failed(versions):
    context = Context(versions, "e1", deployer=deployer(versions, proven=False))
    with pytest.raises(ConductorError, match=r"no span of auth-service 2\.1\.1 came within 30 s"):
        mechanism("release").begin(RELEASE, context)


def test_another_process_stops_what_it_may_not_start(versions):
    switch(versions.release_folder("auth-service"), "2.1.1")
    versions.service.held = {"version": "2.1.1"}
    context, found = Context(versions, "e1"), mechanism("release")
    undo = found.prepare(RELEASE, context)
    found.undo(undo, context)
    assert versions.done == ["stop auth-service"]
    assert (versions.release_folder("auth-service") / "current").resolve().name == "2.1.0"
    assert not found.undone(undo, context), "it still says that it is the other version"
    versions.service.held = {"version": "2.1.0"}
    assert found.undone(undo, context)


def test_restarted_services_are_asked(tmp_path):
    with serving({"status": "ok"}) as service:
        shop = Shop(tmp_path, {("auth-service", 3000): service.server_port, ("auth-gateway", 9901): free()})
        shop.services = load(COMPOSE_FILE, read_env(IMAGES))
        context, found = Context(shop, "e1"), mechanism("restart")
        one, both = {"services": ["auth-service"]}, {"services": ["auth-gateway", "auth-service"]}
        found.begin(both, context)
        assert shop.done == ["restart auth-gateway", "restart auth-service"]
        assert found.in_effect(one, context) and not found.in_effect(both, context)
        assert found.undone(found.prepare(one, context), context)
