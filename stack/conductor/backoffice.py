"""Changes of settings and flags, made as a clerk makes them: signed in, through the back office of web-api."""

from __future__ import annotations

import json
import random
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conductor.ledger import Action, Ledger

HOST = "www.northwind-market.com"
ADDRESS = "203.0.113.18"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"


@dataclass(frozen=True)
class Change:
    """A setting's new value or a flag's new state; `at` is the second of the run."""

    at: float
    kind: str
    key: str
    value: Any
    user: str


class BackOffice:
    """A clerk's browser; each request is written down like the visitors' own."""

    def __init__(self, target: str, requests: Path, ledger: Ledger, seed: int) -> None:
        self._target, self._requests, self._ledger = target, requests, ledger
        self._random = random.Random(f"{seed}/back office")
        self._tokens: dict[str, str] = {}
        self._step = 0

    def make(self, change: Change, email: str, password: str, planned_ns: int) -> bool:
        """Make a change; false when the shop refuses it or does not answer, as it may while something is wrong."""
        path = f"/api/v1/admin/{'flags' if change.kind == 'flag' else 'settings'}/{change.key}"
        body = {"enabled": change.value} if change.kind == "flag" else {"value": str(change.value)}
        action = Action(
            role="back office",
            kind=f"{change.kind}_change",
            target="web-api",
            planned_ns=planned_ns,
            command=f"PUT {path} {json.dumps(body)}",
            params={"key": change.key, "value": change.value, "user": change.user},
        )
        with self._ledger.action(action):
            if change.user not in self._tokens:
                status, answer = self._send("POST", "/api/v1/auth/login", {"email": email, "password": password})
                action.params["status"] = status
                if status != 200:
                    return False
                self._tokens[change.user] = answer["access_token"]
            status, _ = self._send("PUT", path, body, self._tokens[change.user])
            action.params["status"] = status
        return status == 200

    def _send(self, method: str, path: str, body: dict[str, Any], token: str | None = None) -> tuple[int | None, Any]:
        trace_id, span_id = (f"{self._random.getrandbits(bits):0{bits // 4}x}" for bits in (128, 64))
        headers = {
            "Host": HOST,
            "User-Agent": AGENT,
            "X-Forwarded-For": ADDRESS,
            "Content-Type": "application/json",
            "traceparent": f"00-{trace_id}-{span_id}-01",
        }
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(self._target + path, json.dumps(body).encode(), headers, method=method)
        self._step += 1
        line: dict[str, Any] = {
            "session": "back office",
            "step": self._step,
            "trace_id": trace_id,
            "sent_ns": time.time_ns(),
            "method": method,
            "route": path,
        }
        started = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                status, content = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, content = error.code, error.read()
        except OSError as error:
            self._write({**line, "error": type(error).__name__})
            return None, None
        self._write({**line, "status": status, "ms": round((time.monotonic() - started) * 1000, 1)})
        return status, json.loads(content) if content.startswith(b"{") else None

    def _write(self, line: dict[str, Any]) -> None:
        with self._requests.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, separators=(",", ":")) + "\n")
