"""Sees beside the telemetry which statements wait for a lock of somebody else than the shop, while an episode runs.

A line `blocked` is one wait: the statement as PostgreSQL has it, its start and the end of the wait in Unix ns, the
relation, whose statement it is. A wait that the shop's own services make for each other is none. The sampler's session
belongs to the database `postgres`: the shop's own counters do not count it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import psycopg

from conductor.mechanisms.base import Context
from conductor.mechanisms.sql import connect
from conductor.steps import say

EVERY = 0.05
"""Seconds between samples: a shorter wait may go unseen."""
WAITS = b"""
SELECT a.pid, a.query, a.query_start, l.waitstart, a.application_name, a.usename = %(owner)s,
    coalesce(l.relation, (SELECT max(t.relation) FROM pg_locks t WHERE t.pid = a.pid AND t.locktype = 'tuple')),
    pg_blocking_pids(a.pid)
FROM pg_stat_activity a LEFT JOIN pg_locks l ON l.pid = a.pid AND NOT l.granted
WHERE a.datname = %(database)s AND (l.pid IS NOT NULL OR a.usename = %(owner)s)
"""


Exposure = dict[str, Any]


@dataclass(frozen=True)
class Wait:
    """A statement that waits."""

    statement: str
    since_ns: int
    waited_from_ns: int | None
    relation: str | None
    application_name: str


@contextmanager
def watching(exposure: Exposure | list[Exposure] | None, context: Context) -> Iterator[None]:
    """Collect the evidence that an episode's exposure is told by; most kinds need none from here."""
    kinds = {one["kind"] for one in (exposure if isinstance(exposure, list) else [exposure]) if one is not None}
    if context.evidence is None or "blocked" not in kinds:
        yield
        return
    with LockWaits(context):
        yield


class LockWaits:
    """Samples in a thread of its own until it is left."""

    def __init__(self, context: Context) -> None:
        self._context = context
        url = urlsplit(context.runtime.environment()["DATABASE_URL"])
        self._who = {"owner": url.username, "database": url.path.strip("/")}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lock waits", daemon=True)
        self._relations: dict[int, str] = {}
        self._open: dict[tuple[int, datetime], Wait] = {}

    def __enter__(self) -> LockWaits:
        with connect(self._context) as connection:
            query = b"SELECT oid, relname FROM pg_class WHERE relkind IN ('r', 'p', 'm')"
            self._relations = dict(connection.execute(query).fetchall())
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(5)

    def _run(self) -> None:
        try:
            with connect(self._context, database="postgres") as connection:
                while not self._stop.wait(EVERY):
                    self._see(connection.execute(WAITS, self._who).fetchall())
        except psycopg.Error as error:
            say(f"lock waits are no longer seen: {error}")
        self._see([])

    def _see(self, rows: list[tuple[Any, ...]]) -> None:
        now, waiting = time.time_ns(), outside(rows)
        for key in [key for key in self._open if key not in waiting]:
            self._testify(self._open.pop(key), now)
        for key, (statement, waited_from, name, relation) in waiting.items():
            began = _ns(waited_from) if waited_from else None
            wait = Wait(statement, _ns(key[1]), began, self._relations.get(relation), name)
            self._open.setdefault(key, wait)

    def _testify(self, wait: Wait, until_ns: int) -> None:
        assert self._context.evidence is not None
        self._context.evidence.add("blocked", self._context.episode, **vars(wait), until_ns=until_ns)


def outside(rows: list[tuple[Any, ...]]) -> dict[tuple[int, datetime], tuple[str, datetime | None, str, int]]:
    """Give, by process and start, the statements that wait for the owner, or for one that waits for the owner."""
    owners = {pid for pid, *_, owner, _, _ in rows if owner}
    blocked_by = {row[0]: set(row[-1]) for row in rows if row[-1]}
    reached = set(owners)
    while more := {pid for pid, blockers in blocked_by.items() if pid not in reached and blockers & reached}:
        reached |= more
    return {
        (pid, start): (query, waited_from, name, relation)
        for pid, query, start, waited_from, name, owner, relation, blockers in rows
        if blockers and not owner and pid in reached
    }


def _ns(moment: datetime) -> int:
    return round(moment.timestamp() * 1e6) * 1000
