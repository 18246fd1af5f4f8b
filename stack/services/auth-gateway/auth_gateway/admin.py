"""The operator's port: health, how the line is, and the last exchanges."""

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from auth_gateway.line import Gateway
from auth_gateway.shaping import Shaping

PATIENCE = 5.0  # seconds


class Admin:
    """`GET /health`, `GET /shaping`, `PUT /shaping` (JSON), `GET /exchanges?after=NUMBER`."""

    def __init__(self, listen: tuple[str, int], gateway: Gateway) -> None:
        self._gateway, self._loop = gateway, asyncio.get_running_loop()
        self._server = ThreadingHTTPServer(listen, self._handler())
        self._server.daemon_threads = True

    def start(self) -> None:
        """Serve in a thread."""
        threading.Thread(target=self._server.serve_forever, name="admin", daemon=True).start()

    def get(self, path: str) -> tuple[HTTPStatus, object]:
        """Answer a question."""
        parts = urlsplit(path)
        if parts.path == "/health":
            return HTTPStatus.OK, {"status": "ok"}
        if parts.path == "/shaping":
            return HTTPStatus.OK, asdict(self._gateway.shaping)
        if parts.path == "/exchanges":
            return HTTPStatus.OK, self._gateway.exchanges.since(int(parse_qs(parts.query).get("after", ["0"])[0]))
        return HTTPStatus.NOT_FOUND, {"error": "not_found"}

    def put(self, path: str, body: bytes) -> tuple[HTTPStatus, object]:
        """Do as told; it is done when this returns."""
        if path != "/shaping":
            return HTTPStatus.NOT_FOUND, {"error": "not_found"}
        self._wait_for(self._gateway.shape(Shaping.of(json.loads(body))))
        return self.get(path)

    def _wait_for(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def _handler(admin) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(lambda: admin.get(self.path))

            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self._answer(lambda: admin.put(self.path, body))

            def _answer(self, work: Callable[[], tuple[HTTPStatus, object]]) -> None:
                try:
                    status, found = work()
                except (ValueError, TypeError) as error:
                    status, found = HTTPStatus.UNPROCESSABLE_ENTITY, {"error": str(error)}
                body = json.dumps(found).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Questions are not logged."""

        return Handler
