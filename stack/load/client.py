"""Sends what an itinerary says, over one HTTP session a visitor, and writes down every request."""

import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import gevent
from gevent.event import Event
from locust.contrib.fasthttp import FastHttpSession

from load.steps import Page, Session, Step
from seed.people import device, person

HOST = "www.northwind-market.com"
IDLE_SECONDS = 10.0  # the shop closes idle connections after 15
TIMEOUT_SECONDS = 30.0
AT_ONCE = 6  # connections of one browser
DOCUMENT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class RequestLog:
    """One JSON line a request; flushed by `flush`, which somebody calls every second."""

    def __init__(self, path: Path | None) -> None:
        self._lines: list[str] = []
        self._file: TextIO | None = path.open("a", encoding="utf-8") if path else None
        self.sent = self.answered = self.skipped = 0
        self.classes: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()

    def sending(self, session: Session, step: Step, sent_ns: int) -> None:
        """Hears of a request before it leaves; a visitor's is written down with its answer."""

    def add(self, session: Session, step: Step, sent_ns: int, outcome: int | str, ms: float) -> None:
        self.sent += 1
        entry: dict[str, Any] = {
            "session": session.n, "step": step.number, "trace_id": step.trace_id, "sent_ns": sent_ns,
            "method": step.method, "route": step.route,
        }  # fmt: skip
        if isinstance(outcome, int):
            self.answered += 1
            self.classes[f"{outcome // 100}xx"] += 1
            entry["status"] = outcome
        else:
            self.errors[outcome] += 1
            entry["error"] = outcome
        entry["ms"] = round(ms, 2)
        if self._file is not None:
            self._lines.append(json.dumps(entry, separators=(",", ":")))

    def flush(self) -> None:
        if self._file is not None and self._lines:
            lines, self._lines = self._lines, []
            self._file.write("\n".join(lines) + "\n")
            self._file.flush()


class Remembered:
    """Refresh tokens that devices keep from one visit to the next; at first those that the shop opened with."""

    def __init__(self) -> None:
        self._tokens: dict[tuple[int, int], str] = {}

    def token(self, session: Session) -> str | None:
        which = session.choices.get("device")
        if session.user is None or which is None:
            return None
        kept = self._tokens.get((session.user, which))
        return device(session.user, which).refresh_token if kept is None else kept

    def keep(self, session: Session, token: str) -> None:
        which = session.choices.get("device")
        if session.user is not None and which is not None:
            self._tokens[session.user, which] = token


def headers(session: Session, step: Step, token: str | None, key: str | None) -> dict[str, str]:
    """In one order for everybody."""
    found = {
        "Host": HOST,
        "User-Agent": session.agent,
        "Accept": "application/json" if step.path.startswith("/api/") else DOCUMENT,
        "Accept-Encoding": "gzip, deflate, br",
        "X-Forwarded-For": session.address,
        "traceparent": f"00-{step.trace_id}-{step.span_id}-01",
    }
    if session.kind == "shopper":
        found["Accept-Language"] = "en-US,en;q=0.9"
    if step.auth == "key" and key:
        found["X-Api-Key"] = key
    elif step.auth in ("may", "must") and token:
        found["Authorization"] = f"Bearer {token}"
    if step.body is not None:
        found["Content-Type"] = "application/json"
    return found


class Visitor:
    """One session on its way: cookies, tokens, and what the answers have told."""

    def __init__(
        self,
        session: Session,
        target: str,
        request_event: Any,
        log: RequestLog,
        remembered: Remembered,
        stopping: Event,
    ) -> None:
        self.session, self.log, self.remembered, self.stopping = session, log, remembered, stopping
        self.http = FastHttpSession(
            target, request_event, user=None, max_retries=0, concurrency=AT_ONCE,
            connection_timeout=5.0, network_timeout=TIMEOUT_SECONDS,
        )  # fmt: skip
        self.key = person(session.user).api_key if session.kind == "partner" and session.user else None
        self.access: str | None = None
        self.refresh: str | None = None
        self.known: dict[str, Any] = {}  # order, export, shipped: a number; shippable: a list of them

    def follow(self, pages: list[Page]) -> None:
        try:
            for page in pages:
                if self._stopped(page.think):
                    return
                for wave in page.waves:
                    if self._stopped(wave.pause):
                        return
                    self._together(wave.steps)
        finally:
            self._hang_up()

    def _stopped(self, seconds: float) -> bool:
        if seconds > IDLE_SECONDS:
            self._hang_up()
        return bool(self.stopping.wait(seconds) if seconds > 0 else self.stopping.is_set())

    def _hang_up(self) -> None:
        self.http.client.clientpool.close()

    def _together(self, steps: list[Step]) -> None:
        if len(steps) == 1:
            self._send(steps[0])
            return
        calls = [gevent.spawn_later(step.delay, self._send, step) for step in steps]
        try:
            gevent.joinall(calls)
        finally:
            gevent.killall(calls)

    def _send(self, step: Step) -> None:
        path, body = self._filled(step)
        if path is None or (step.auth == "must" and not self.access) or (step.when == "signed-out" and self.access):
            self.log.skipped += not step.when
            return
        sent_ns, begun = time.time_ns(), time.perf_counter()
        outcome: int | str = "stopped"
        self.log.sending(self.session, step, sent_ns)
        try:
            if step.hang_up is None:
                outcome = self._request(step, path, body)
            else:
                outcome = self._impatiently(step.hang_up, lambda: self._request(step, path, body))
        finally:
            self.log.add(self.session, step, sent_ns, outcome, (time.perf_counter() - begun) * 1000)

    def _filled(self, step: Step) -> tuple[str | None, str | None]:
        """Path and body with what only answers could tell; no path when they did not."""
        path, body = step.path, step.body
        if body == {"refresh_token": "{refresh_token}"}:
            token = self.refresh or self.remembered.token(self.session)
            if token is None:
                return None, None
            body = {"refresh_token": token}
        for name in ("order", "export", "shippable", "shipped"):
            if "{" + name + "}" in path:
                value = self._take(name)
                if value is None:
                    return None, None
                path = path.replace("{" + name + "}", str(value))
        return path, None if body is None else json.dumps(body, separators=(",", ":"))

    def _take(self, name: str) -> Any:
        if name == "shippable":
            waiting = self.known.get(name)
            self.known["shipped"] = waiting.pop(0) if waiting else None
            return self.known["shipped"]
        return self.known.get(name)

    def _request(self, step: Step, path: str, body: str | None) -> int | str:
        sent = headers(self.session, step, self.access, self.key)
        name = step.route or "(no route)"
        with self.http.request(step.method, path, name=name, data=body, headers=sent, catch_response=True) as response:
            if not response.status_code:
                error = getattr(response, "error", None)
                response.failure(error or "no answer")
                return type(error).__name__
            response.success()  # 401 and 404 are answers, too
            self._learn(step, response.status_code, response)
            return int(response.status_code)

    @staticmethod
    def _impatiently(seconds: float, request: Callable[[], int | str]) -> int | str:
        """Whoever hangs up closes the connection; killing the greenlet does that at once."""
        call = gevent.spawn(request)
        call.join(timeout=seconds)
        if call.ready():
            return call.get()
        call.kill()
        return "hung up"

    def _learn(self, step: Step, status: int, response: Any) -> None:
        if step.gives == "tokens":
            if status in (200, 201):
                answer = response.json()
                self.access, self.refresh = answer["access_token"], answer["refresh_token"]
                self.remembered.keep(self.session, self.refresh)
            elif status == 401:
                self.access = self.refresh = None
        elif step.gives == "goodbye":
            self.access = self.refresh = None
        elif step.gives == "order" and status == 202:
            self.known["order"] = response.json()["order_id"]
        elif step.gives == "export" and status == 202:
            self.known["export"] = response.json()["export_id"]
        elif step.gives == "shippable" and status == 200:
            self.known["shippable"] = [order["id"] for order in response.json()["orders"]]
