"""Lets the sessions of a plan begin at their times, whatever the shop makes of it."""

import contextlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import gevent
from gevent.event import Event
from gevent.pool import Pool

from load.client import Remembered, RequestLog, Visitor
from load.itinerary import build, due
from load.steps import Session

GRACE_SECONDS = 5.0  # for requests under way at the end
OPEN_FILES = 65_536
FILES_A_SESSION = 3


@dataclass(frozen=True, slots=True)
class Config:
    plan: Path
    target: str
    requests: Path | None = None
    lag: Path | None = None
    shard: int = 0
    shards: int = 1
    live_limit: int = 1500
    endless: bool = False  # after the plan's end another one follows, of the next seed

    @classmethod
    def of(cls, env: Mapping[str, str]) -> "Config":
        def path(name: str) -> Path | None:
            return Path(env[name]) if env.get(name) else None

        plan = path("PLAN")
        if plan is None or not plan.is_file():
            raise SystemExit(f"PLAN names no file: {plan or 'set it to what `python -m load.plan` has written'}")
        part, _, parts = env.get("SHARD", "0/1").partition("/")
        if not (part.isdigit() and parts.isdigit() and int(part) < int(parts)):
            raise SystemExit(f"SHARD is i/n with i below n, such as 0/2, not {env['SHARD']}")
        return cls(plan, env.get("TARGET", "http://web-api:8000").rstrip("/"), path("REQUESTS"), path("LAG"),
                   int(part), int(parts), int(env.get("LIVE_LIMIT", "1500")), env.get("ENDLESS") == "1")  # fmt: skip


def raise_open_files(live_limit: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if soft < live_limit * FILES_A_SESSION:
        raise SystemExit(f"{soft} open files are too few for {live_limit} visitors at once: raise `ulimit -n` to "
                         f"{live_limit * FILES_A_SESSION} or lower LIVE_LIMIT")  # fmt: skip


@dataclass
class Drive:
    config: Config
    request_event: Any
    plan: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        raise_open_files(self.config.live_limit)
        self.plan = json.loads(self.config.plan.read_text(encoding="utf-8"))
        self.log = RequestLog(self.config.requests)
        self.remembered = Remembered()
        self.stopping, self.ended = Event(), Event()
        self.pool = Pool()
        self.sessions = self.overflow = 0
        self.begun = time.monotonic()
        self._watch = gevent.spawn(self._each_second)

    def dispatch(self) -> None:
        """All sessions at their times, until the plan's end or until somebody stops it."""
        first = True
        while True:
            self.begun = time.monotonic()
            follower = self._compile_next() if self.config.endless else None
            self._round(midway=first)
            if follower is None or self.stopping.is_set():
                break
            process, path = follower
            if process.wait() != 0:
                raise RuntimeError("the next plan could not be compiled")
            self.plan, first = json.loads(path.read_text(encoding="utf-8")), False
        self.ended.set()

    def _round(self, midway: bool) -> None:
        for entry in self.plan["sessions"]:
            session = Session.of(entry)
            if session.n % self.config.shards != self.config.shard or (session.start < 0 and not midway):
                continue
            if self._wait_until(session.start):
                return
            if len(self.pool) >= self.config.live_limit:
                self.overflow += 1
                continue
            self.sessions += 1
            self.pool.spawn(self._visit, session)
        self._wait_until(self.plan["duration_s"])

    def _wait_until(self, t: float) -> bool:
        left = self.begun + t - time.monotonic()
        if left > 0:
            return bool(self.stopping.wait(left))
        gevent.sleep(0)
        return bool(self.stopping.is_set())

    def _visit(self, session: Session) -> None:
        pages = due(build(self.plan["seed"], session))
        if pages:
            visitor = Visitor(session, self.config.target, self.request_event, self.log, self.remembered, self.stopping)
            visitor.follow(pages)

    def _compile_next(self) -> tuple["subprocess.Popen[bytes]", Path]:
        path = Path(gettempdir()) / f"plan-{os.getpid()}-next.json"
        command = [sys.executable, "-m", "load.plan", "--seed", str(self.plan["seed"] + 1), "--out", str(path),
                   "--duration", str(self.plan["duration_s"]), "--rate", str(self.plan["rate"])]  # fmt: skip
        return subprocess.Popen(command, preexec_fn=lambda: os.nice(10)), path

    def _each_second(self) -> None:
        """Flushes the request log and notes how late this process is."""
        lag = self.config.lag.open("a", encoding="utf-8") if self.config.lag else None
        try:
            while True:
                worst = 0.0
                for _ in range(10):
                    before = time.perf_counter()
                    gevent.sleep(0.1)
                    worst = max(worst, time.perf_counter() - before - 0.1)
                self.log.flush()
                if lag:
                    entry = {"utc_ns": time.time_ns(), "lag_ms": round(worst * 1000, 2), "live": len(self.pool)}
                    lag.write(json.dumps(entry) + "\n")
                    lag.flush()
        finally:
            if lag:
                lag.close()

    def stop(self) -> None:
        """Nobody begins anything new."""
        self.stopping.set()
        self.ended.set()

    def finish(self) -> None:
        """What is under way may end; then the log is complete."""
        self.stop()
        self.pool.join(timeout=GRACE_SECONDS)
        self.pool.kill(timeout=1.0)
        self.log.flush()
        self._watch.kill()

    def summary(self) -> dict[str, Any]:
        return {
            "sessions": self.sessions,
            "overflow": self.overflow,
            "sent": self.log.sent,
            "answered": self.log.answered,
            "skipped": self.log.skipped,
            "status": dict(sorted(self.log.classes.items())),
            "errors": dict(sorted(self.log.errors.items())),
        }
