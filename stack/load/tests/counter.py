"""A counter to send to: answers like the shop's API in form and writes down what came, one JSON line a request."""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Lock

SEEN = open(sys.argv[1], "a", encoding="utf-8", buffering=1)  # noqa: SIM115
NUMBERS = count(100_001)
LOCK = Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        with LOCK:
            entry = {"method": self.command, "path": self.path, "headers": dict(self.headers), "body": body}
            SEEN.write(json.dumps(entry) + "\n")
        time.sleep(0.005)
        status, reply = self.reply()
        data = json.dumps(reply).encode()
        self.send_response(status)
        if "cart=" not in self.headers.get("Cookie", ""):
            self.send_header("Set-Cookie", f"cart=c{next(NUMBERS)}; Path=/; HttpOnly; SameSite=Lax")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def reply(self) -> tuple[int, object]:
        n = next(NUMBERS)
        if self.path in ("/api/v1/auth/login", "/api/v1/auth/refresh", "/api/v1/auth/register"):
            return 200, {"access_token": f"a{n}", "refresh_token": f"r{n}", "expires_in": 900}
        if self.path == "/api/v1/checkout":
            return 202, {"order_id": n}
        if self.path == "/api/v1/admin/exports":
            return 202, {"export_id": n}
        if self.path.startswith("/api/v1/admin/orders?"):
            return 200, {"orders": [{"id": n + i} for i in range(20)]}
        return 200, {}

    def log_message(self, *_: object) -> None:
        pass

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
