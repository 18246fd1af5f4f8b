"""Plays an order: its sessions begin at their times, and each request is written down before it leaves and after."""

import json
import os
import time
from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event
from gevent.pool import Pool
from locust.event import EventHook

from load.actors import collecting, guessing, rush, stuffing
from load.actors.order import Order, OrderError
from load.client import Remembered, RequestLog, Visitor
from load.steps import Itinerary, Session, Step

ACTORS: dict[str, Callable[[Order], Iterator[Itinerary]]] = {
    "credential_stuffing": stuffing.sessions,
    "login_rush": rush.sessions,
    "collecting": collecting.collect,
    "month_end": collecting.close_month,
    "password_guessing": guessing.guess,
    "forgotten_passwords": guessing.forget,
}
AT_ONCE = 400  # sessions, where an order names no number of workers; who finds all busy waits
GRACE_SECONDS = 3.0  # for requests under way at the end


class ActorLog(RequestLog):
    """Two lines a request, each handed to the system at once, so that a killed actor has told all that it sent."""

    def __init__(self, path: Path, order: Order) -> None:
        super().__init__(None)
        self._order = order
        self._to = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def sending(self, session: Session, step: Step, sent_ns: int) -> None:
        self._write(self._order.line(step, sent_ns))

    def add(self, session: Session, step: Step, sent_ns: int, outcome: int | str, ms: float) -> None:
        super().add(session, step, sent_ns, outcome, ms)
        what = "status" if isinstance(outcome, int) else "error"
        self._write({"trace_id": step.trace_id, what: outcome, "ms": round(ms, 2)})

    def _write(self, line: dict[str, Any]) -> None:
        os.write(self._to, json.dumps(line, separators=(",", ":")).encode() + b"\n")


def planned(order: Order) -> Iterator[Itinerary]:
    """What an order comes to, session by session.

    Raises:
        OrderError: there is no such actor, or it lacks a parameter.
    """
    if order.actor not in ACTORS:
        raise OrderError(f"there is no actor {order.actor!r}; there are {', '.join(ACTORS)}")
    for itinerary in ACTORS[order.actor](order):
        if itinerary.session.start >= order.seconds:
            return
        yield itinerary


class Stage:
    """One performance, from the first request to the order's end or until it is stopped."""

    def __init__(self, order: Order, target: str, requests: Path) -> None:
        self.order, self.target = order, target.rstrip("/")
        self.log = ActorLog(requests, order)
        self.stopping = Event()
        self._pool = Pool(int(order.number("workers")) if "workers" in order.params else AT_ONCE)

    def play(self) -> dict[str, Any]:
        """Send; gives the sums."""
        coming = planned(self.order)
        first = list(islice(coming, 1))  # the shop's goods and people are made up now, not within the first seconds
        begun = time.monotonic()
        end = gevent.spawn_later(self.order.seconds, self.stopping.set)
        for itinerary in chain(first, coming):
            if self.stopping.wait(max(0.0, begun + itinerary.session.start - time.monotonic())):
                break
            while self._pool.full() and not self.stopping.is_set():
                self._pool.wait_available(timeout=0.2)
            if self.stopping.is_set():
                break
            self._pool.spawn(self._visit, itinerary)
        while not self.stopping.is_set() and len(self._pool):
            self._pool.join(timeout=0.2)
        end.kill()
        self.stopping.set()
        self._pool.join(timeout=GRACE_SECONDS)
        self._pool.kill(timeout=1.0)
        log = self.log
        return {"sent": log.sent, "answered": log.answered, "status": dict(sorted(log.classes.items())),
                "errors": dict(sorted(log.errors.items()))}  # fmt: skip

    def _visit(self, itinerary: Itinerary) -> None:
        visitor = Visitor(itinerary.session, self.target, EventHook(), self.log, Remembered(), self.stopping)
        visitor.follow(itinerary.pages)
