"""The real process between a client and a service that answers each line with itself."""

import json
import os
import socket
import socketserver
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


class Echo(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(line)


class Service(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


def free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


class Gateway:
    def __init__(self, upstream: int) -> None:
        self.port, self.admin = free(), free()
        addresses = {"LISTEN": self.port, "UPSTREAM": upstream, "ADMIN": self.admin}
        environment = {name: f"127.0.0.1:{port}" for name, port in addresses.items()}
        command = [sys.executable, "-m", "auth_gateway"]
        self.process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment})
        deadline = time.monotonic() + 20
        while True:
            try:
                assert self.ask("/health") == {"status": "ok"}
                return
            except urllib.error.URLError:
                assert time.monotonic() < deadline, "the gateway did not start"
                time.sleep(0.05)

    def ask(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}{path}", timeout=5) as answer:
            return json.load(answer)

    def shape(self, **shaping: Any) -> Any:
        address, body = f"http://127.0.0.1:{self.admin}/shaping", json.dumps(shaping).encode()
        with urllib.request.urlopen(urllib.request.Request(address, body, method="PUT"), timeout=5) as answer:
            return json.load(answer)

    def connect(self, patience: float = 5.0) -> "Client":
        return Client(self.port, patience)


class Client:
    def __init__(self, port: int, patience: float) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), patience)

    def send(self, line: bytes) -> None:
        self.socket.sendall(line + b"\n")

    def receive(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            data = self.socket.recv(65536)
            if not data:
                break
            found += data
        return found

    def ask(self, line: bytes) -> float:
        """Seconds until the same line is back."""
        begun = time.monotonic()
        self.send(line)
        assert self.receive(len(line) + 1) == line + b"\n"
        return time.monotonic() - begun


@pytest.fixture(scope="module")
def service() -> Iterator[int]:
    with Service(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture(scope="module")
def started(service: int) -> Iterator[Gateway]:
    gateway = Gateway(service)
    yield gateway
    gateway.process.terminate()
    assert gateway.process.wait(5) == 0


@pytest.fixture
def gateway(started: Gateway) -> Iterator[Gateway]:
    yield started
    started.shape()


def test_large_messages_arrive_whole(gateway: Gateway) -> None:
    client = gateway.connect()
    for size in (1, 70_000, 1_000_000):
        line = bytes(65 + i % 26 for i in range(size))
        threading.Thread(target=client.send, args=(line,)).start()
        assert client.receive(size + 1) == line + b"\n"


def test_an_end_on_one_side_ends_the_other(gateway: Gateway) -> None:
    client = gateway.connect()
    client.send(b"last")
    client.socket.shutdown(socket.SHUT_WR)
    assert client.receive(100) == b"last\n"


def test_a_service_that_is_not_there_resets_the_client() -> None:
    gateway = Gateway(free())
    try:
        with pytest.raises(ConnectionError):
            gateway.connect().ask(b"anybody?")
    finally:
        gateway.process.terminate()


def test_requests_are_delayed_and_the_line_is_itself_again(gateway: Gateway) -> None:
    client = gateway.connect()
    client.ask(b"warm")
    assert client.ask(b"before") < 0.1
    assert gateway.shape(delay_ms=200, seed=1)["delay_ms"] == 200
    assert 0.2 <= client.ask(b"during") < 0.4
    gateway.shape()
    assert client.ask(b"after") < 0.1
    assert gateway.ask("/shaping") == gateway.shape()


def test_only_a_share_is_delayed(gateway: Gateway) -> None:
    client = gateway.connect()
    gateway.shape(delay_ms=40, share=0.5, seed=2)
    slow = sum(client.ask(b"x") > 0.04 for _ in range(60))
    assert 15 < slow < 45


def test_a_held_line_lets_go_what_waited(gateway: Gateway) -> None:
    client = gateway.connect(patience=0.3)
    gateway.shape(mode="hold")
    client.send(b"patience")
    with pytest.raises(TimeoutError):
        client.receive(9)
    gateway.shape()
    client.socket.settimeout(5)
    assert client.receive(9) == b"patience\n"


def test_a_refusing_gateway_resets_and_takes_none(gateway: Gateway) -> None:
    client = gateway.connect()
    client.ask(b"hello")
    gateway.shape(mode="refuse")
    with pytest.raises(ConnectionError):
        client.ask(b"still there?")
        client.ask(b"still there?")
    with pytest.raises(ConnectionRefusedError):
        gateway.connect()
    gateway.shape()
    assert gateway.connect().ask(b"hello again") < 0.5


def test_all_share_a_narrow_line(gateway: Gateway) -> None:
    clients = [gateway.connect() for _ in range(2)]
    gateway.shape(bytes_per_second=100_000)
    begun = time.monotonic()
    for client in clients:
        client.send(b"y" * 9_999)
    for client in clients:
        client.receive(10_000)
    assert 0.35 <= time.monotonic() - begun < 1.0


def test_a_line_that_pauses_passes_nothing_meanwhile(gateway: Gateway) -> None:
    client = gateway.connect()
    client.ask(b"warm")
    gateway.shape(pause_s=0.3, pause_every_s=0.6)
    took = [client.ask(b"z") for _ in range(60) if time.sleep(0.01) is None]
    assert 0.2 < max(took) < 0.5
    assert sum(seconds > 0.1 for seconds in took) >= 2


def test_exchanges_are_numbered_and_told_once(gateway: Gateway) -> None:
    last = max((one["seq"] for one in gateway.ask("/exchanges")), default=0)
    client = gateway.connect()
    before = time.time_ns()
    gateway.shape(delay_ms=100, seed=3)
    for line in (b"one", b"three"):
        client.ask(line)
    found = gateway.ask(f"/exchanges?after={last}")
    assert [one["bytes"] for one in found] == [8, 12]
    assert [one["seq"] for one in found] == [last + 1, last + 2]
    for one in found:
        assert before < one["opened_ns"] < one["closed_ns"] < time.time_ns()
        assert one["held_ms"] == pytest.approx(100, abs=50)
        assert one["answered"]
    assert gateway.ask(f"/exchanges?after={last + 2}") == []


@pytest.mark.parametrize("given", [{"delay": 3}, {"mode": "slow"}, {"share": 2}, {"delay_ms": "3"}, {"delay_ms": -1}])
def test_what_is_no_shaping_is_refused(gateway: Gateway, given: dict[str, Any]) -> None:
    with pytest.raises(urllib.error.HTTPError, match="422"):
        gateway.shape(**given)
