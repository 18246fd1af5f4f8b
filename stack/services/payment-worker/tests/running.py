"""Real processes that the tests start, and the ends that they talk to."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import redis
import requests
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

ROOT = Path(__file__).parents[1]
PROVIDER_ROOT = ROOT.parent / "payment-provider"


class Shop:
    """Rows as the seed and web-api would make them."""

    def __init__(self, connection: "psycopg.Connection[Any]", store: "redis.Redis") -> None:
        self.sql = connection.execute
        self.store = store

    def order(self, order_id: int, status: str = "pending", age: str = "0 minutes", cents: int = 2590) -> int:
        self.sql(
            "INSERT INTO orders (id, user_id, tenant_id, status, total_cents, shipping_cents, created_at)"
            " OVERRIDING SYSTEM VALUE VALUES (%s, 'u1001', 1, %s, %s, 490, now() - %s::interval)",
            (order_id, status, cents, age),
        )
        self.sql("INSERT INTO order_items VALUES (%s, 'P00001', 2, 700), (%s, 'P00002', 1, 700)", (order_id, order_id))
        return order_id

    def payment(self, order_id: int, kind: str = "charge", status: str = "authorised") -> None:
        self.sql(
            "INSERT INTO payments (order_id, kind, status, amount_cents, provider_reference)"
            " VALUES (%s, %s, %s, 2590, 'ch_0123456789')",
            (order_id, kind, status),
        )

    def status(self, order_id: int) -> str:
        return str(self.value("SELECT status FROM orders WHERE id = %s", order_id))

    def payments(self, order_id: int) -> list[tuple[str, str]]:
        return self.sql("SELECT kind, status FROM payments WHERE order_id = %s ORDER BY id", (order_id,)).fetchall()

    def stock(self, sku: str) -> int:
        return int(self.value("SELECT quantity FROM stock WHERE sku = %s", sku))

    def value(self, query: str, *arguments: object) -> Any:
        row = self.sql(query, arguments).fetchone()
        return row[0] if row else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: str, condition: Callable[[], Any], seconds: float = 20) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.05)
    return found


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=1).ok
    except requests.ConnectionError:
        return False


class Process:
    def __init__(self, arguments: list[str], folder: Path, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=folder,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def stop(self, seconds: float = 20) -> tuple[int, float, str]:
        """Status, seconds that it took, output."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            output, _ = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            output, _ = self.process.communicate()
            raise AssertionError(f"did not stop within {seconds} s:\n{output}") from None
        return self.process.returncode, time.monotonic() - begun, output


class Provider(Process):
    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        super().__init__(["payment_provider"], folder, HOST="127.0.0.1", PORT=str(port), RATE_LIMIT="1000", SEED="3")
        wait_for("the provider", lambda: answers(f"{self.url}/health"))


class Served:
    """A server in a thread."""

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def log_message(self, format: str, *args: object) -> None:
        pass


class Collector(Served):
    """Keeps what SDKs send, as plain dictionaries."""

    def __init__(self) -> None:
        self.spans: list[dict[str, Any]] = []
        self.logs: list[dict[str, Any]] = []
        collector = self

        class Handler(Quiet):
            def do_POST(self) -> None:
                collector.receive(self.path, self.body())
                self.answer(200, b"")

        super().__init__(Handler)

    def receive(self, path: str, body: bytes) -> None:
        if path == "/v1/traces":
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                of = _plain(resource.resource.attributes)
                for scope in resource.scope_spans:
                    self.spans += [
                        {
                            "name": span.name,
                            "kind": span.kind,
                            "trace": span.trace_id.hex(),
                            "id": span.span_id.hex(),
                            "parent": span.parent_span_id.hex(),
                            "status": span.status.code,
                            "attributes": _plain(span.attributes),
                            "resource": of,
                        }
                        for span in scope.spans
                    ]
        elif path == "/v1/logs":
            for resource in ExportLogsServiceRequest.FromString(body).resource_logs:
                of = _plain(resource.resource.attributes)
                for scope in resource.scope_logs:
                    self.logs += [
                        {
                            "event": log.event_name,
                            "body": log.body.string_value,
                            "severity": log.severity_number,
                            "trace": log.trace_id.hex(),
                            "attributes": _plain(log.attributes),
                            "resource": of,
                        }
                        for log in scope.log_records
                    ]

    def trace(self, trace_id: str) -> list[dict[str, Any]]:
        return [span for span in list(self.spans) if span["trace"] == trace_id]

    def events(self, name: str) -> list[dict[str, Any]]:
        return [log for log in list(self.logs) if log["event"] == name]


def _plain(attributes: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value") or "string_value") for pair in attributes}


class Answers(Served):
    """A provider that gives the answers it was told to, then those of the one behind it."""

    def __init__(self, behind: str = "") -> None:
        self.script: list[tuple[int, dict[str, Any]]] = []
        self.delay = 0.0
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        scripted = self

        class Handler(Quiet):
            def do_POST(self) -> None:
                body = self.body()
                scripted.calls.append((self.path, self.headers["Idempotency-Key"], json.loads(body)))
                time.sleep(scripted.delay)
                if scripted.script:
                    status, fields = scripted.script.pop(0)
                    self.answer(status, json.dumps(fields).encode(), Retry_After="1")
                    return
                headers = {"Idempotency-Key": self.headers["Idempotency-Key"]}
                answer = requests.post(behind + self.path, data=body, headers=headers, timeout=10)
                self.answer(answer.status_code, answer.content)

        super().__init__(Handler)
