"""Sessions of the shop's database that somebody keeps open: each goes through its script again and again until undone.

Arguments: `scripts`, a list of steps for each session; a step is a statement, or seconds for which what was locked is
held. `pause`, seconds between two rounds; `transaction` (true), whether a round is one; `application_name` (psql).
Waiting is done by the client: a session whose process is gone is gone from the server, too, with its locks.
"""

from __future__ import annotations

import json
import threading
from contextlib import nullcontext
from random import Random
from typing import Any

import psycopg

from conductor.errors import ConductorError
from conductor.mechanisms.base import Arguments, Context, Undo
from conductor.mechanisms.sql import APPLICATION, Connection, connect
from conductor.places import checksum

Step = str | float
SPREAD = 0.2  # no round lasts as long as the last
PATIENCE = 3.0  # seconds for a statement that runs to end, before the server ends the session
OURS = "FROM pg_stat_activity, unnest(%s::int[], %s::text[]) AS own(number, born) WHERE pid = number"
OURS += " AND backend_start = born::timestamptz"


class Held:
    """One session: a connection and the thread that works on it."""

    def __init__(self, connection: Connection, script: list[Step], pause: float, transaction: bool, r: Random) -> None:
        self._connection, self._script, self._pause, self._r = connection, script, pause, r
        self._transaction = transaction
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="session", daemon=True)
        self.rounds = 0
        self.failure: psycopg.Error | None = None
        found = connection.execute(
            "SELECT pid, backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        ).fetchone()
        assert found is not None
        self.backend: tuple[int, str] = (found[0], found[1])

    def start(self) -> None:
        """Begin the first round."""
        self._thread.start()

    def close(self) -> None:
        """Leave off, let go of what is locked, and hang up."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(PATIENCE)
        if not self._thread.is_alive():
            self._connection.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with self._connection.transaction() if self._transaction else nullcontext():
                    self._round()
            except psycopg.OperationalError:  # a deadlock's victim tries again
                if self._connection.closed:
                    return
            except psycopg.Error as error:
                self.failure = error
                return
            self.rounds += 1
            self._wait(self._pause)

    def _round(self) -> None:
        for step in self._script:
            if self._stop.is_set():
                return
            if isinstance(step, str):
                self._connection.execute(step.encode())
            else:
                self._wait(step)

    def _wait(self, seconds: float) -> None:
        self._stop.wait(seconds * self._r.uniform(1 - SPREAD, 1 + SPREAD))


class Session:
    """Sessions that hold locks, or work, over and over."""

    kind = "session"
    role = "dba"

    def target(self, arguments: Arguments) -> str:
        """Name the database's service."""
        return "postgres"

    def command(self, arguments: Arguments) -> tuple[str, str]:
        """Give each script as it would be typed."""
        scripts = [
            "; ".join(step if isinstance(step, str) else rf"\! sleep {step:g}" for step in script)
            for script in arguments["scripts"]
        ]
        framed = [f"BEGIN; {script}; COMMIT" for script in scripts] if arguments.get("transaction", True) else scripts
        return " & ".join(framed), "pg_terminate_backend of each session"

    def prepare(self, arguments: Arguments, context: Context) -> Undo:
        """Open the sessions: by process number and time of birth the server knows them."""
        name = arguments.get("application_name", APPLICATION)
        sessions: list[Held] = []
        undo: dict[str, Any] = {"key": _key(arguments), "application_name": name, "backends": []}
        for number, script in enumerate(arguments["scripts"]):
            r = Random(f"{context.seed}/{context.episode}/{number}")
            connection = connect(context, name)
            held = Held(connection, script, arguments.get("pause", 0.0), arguments.get("transaction", True), r)
            sessions.append(held)
            undo["backends"].append(held.backend)
        context.kept[undo["key"]] = sessions
        return undo

    def begin(self, arguments: Arguments, context: Context) -> None:
        """Start every script."""
        for held in _sessions(arguments, context):
            held.start()

    def in_effect(self, arguments: Arguments, context: Context) -> bool:
        """Tell whether every session has gone through its script once, and works still."""
        sessions = _sessions(arguments, context)
        for held in sessions:
            if held.failure is not None:
                raise ConductorError(f"PostgreSQL refused a session's statement: {held.failure}", 1)
        return all(held.rounds for held in sessions) and _alive([h.backend for h in sessions], context) == len(sessions)

    def undo(self, undo: Undo, context: Context) -> None:
        """End the sessions; those that another process has left, or that do not leave off, the server ends."""
        for held in context.kept.pop(undo["key"], []):
            held.close()
        with connect(context, undo["application_name"]) as connection:
            connection.execute(f"SELECT pg_terminate_backend(pid) {OURS}".encode(), _columns(undo["backends"]))

    def undone(self, undo: Undo, context: Context) -> bool:
        """Ask whether the server has none of these sessions."""
        return _alive(undo["backends"], context) == 0


def _key(arguments: Arguments) -> str:
    return f"sessions {checksum(json.dumps(arguments, sort_keys=True))}"


def _sessions(arguments: Arguments, context: Context) -> list[Held]:
    held: list[Held] | None = context.kept.get(_key(arguments))
    if held is None:
        raise ConductorError("no session is open: prepare comes first", 1)
    return held


def _columns(backends: list[tuple[int, str]]) -> tuple[list[int], list[str]]:
    return [pid for pid, _ in backends], [born for _, born in backends]


def _alive(backends: list[tuple[int, str]], context: Context) -> int:
    with connect(context) as connection:
        found = connection.execute(f"SELECT count(*) {OURS}".encode(), _columns(backends)).fetchone()
    return int(found[0]) if found else 0
