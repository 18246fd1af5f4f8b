"""auth-service and the shipping provider as web-api sees them: a small HTTP server with the answers of the contract."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, Any] | None]

PRINCIPALS = {
    "customer-token": {"user_id": "u100", "tenant_id": 1, "roles": ["customer"], "session_id": "s100"},
    "clerk-token": {"user_id": "u1", "tenant_id": 1, "roles": ["clerk"], "session_id": "s1"},
    "partner-key": {"user_id": "u9", "tenant_id": 1, "roles": ["partner"], "session_id": None},
}


def verify(body: dict[str, Any]) -> Answer:
    principal = PRINCIPALS.get(body.get("access_token") or body.get("api_key") or "")
    return (200, principal) if principal else (401, {"error": "invalid_token"})


def login(body: dict[str, Any]) -> Answer:
    if body["password"] != "correct horse":
        return 401, {"error": "invalid_credentials"}
    tokens = {"access_token": "customer-token", "refresh_token": "r", "expires_in": 900, "session_id": "s100"}
    return 200, {**tokens, "user": PRINCIPALS["customer-token"]}


class Neighbours:
    """Answers by path; a test may replace one, and look at what was asked."""

    def __init__(self, port: int = 0) -> None:
        self.answers: dict[str, Callable[[dict[str, Any]], Answer]] = {
            "/v1/verify": verify,
            "/v1/verify-key": verify,
            "/v1/login": login,
            "/v1/logout": lambda _: (204, None),
            "/v1/quotes": lambda _: (200, {"price_cents": 690, "days": 2}),
        }
        self.asked: list[tuple[str, dict[str, Any], dict[str, str]]] = []
        neighbours = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(length) or b"{}")
                path = self.path.partition("?")[0]
                neighbours.asked.append((path, body, dict(self.headers)))
                status, answer = neighbours.answers[path](body)
                content = json.dumps(answer).encode() if answer is not None else b""
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST

            def log_message(self, *_: object) -> None:
                pass

        ThreadingHTTPServer.allow_reuse_address = True
        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port: int = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
