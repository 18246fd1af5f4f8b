"""The ledger: every action of a run, written down before it is done and again when it is done.

Append-only JSON lines, two per action, each on the disk before anything else happens. What was started and never
finished is open: the conductor died in between, and `open_actions` tells the next one what to undo; so is what was
finished although its undo could not be confirmed.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Action:
    """One thing that is done to the shop.

    `planned_ns` is Unix time in ns; `command` says what is done and `undo` how it is taken back, both as a person would
    type it; `params` are what the plan gave.
    """

    role: str
    kind: str
    target: str
    planned_ns: int
    command: str
    undo: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    reset_confirmed: bool | None = None


class Ledger:
    """Appends to `ledger.jsonl`; continues the numbering of what is there. Any thread may call it."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._seq = sum(1 for _ in lines(path))
        if path.exists() and path.read_bytes()[-1:] not in (b"", b"\n"):
            self._write_out(b"\n")  # a crash has cut the last line: what follows must not be glued to it

    @contextmanager
    def action(self, action: Action) -> Iterator[Action]:
        """Write `started`, run the block, write `finished`: exit 0, or 1 and the error's name when the block fails."""
        identity = self.start(action)
        try:
            yield action
        except BaseException as error:
            self.finish(identity, action, error=type(error).__name__)
            raise
        self.finish(identity, action)

    def start(self, action: Action) -> str:
        """Write `started`; gives the id for `finish`."""
        with self._lock:
            identity = f"a{self._seq + 1}"
            self._append({**_line(identity, "started", action), **self._stamp()})
        return identity

    def finish(self, identity: str, action: Action, error: str | None = None) -> None:
        """Write `finished`: exit 0, or 1 and what went wrong."""
        outcome = {"exit": 0} if error is None else {"exit": 1, "error": error}
        line = {**_line(identity, "finished", action), **outcome, "reset_confirmed": action.reset_confirmed}
        with self._lock:
            self._append({**line, **self._stamp()})

    def close(self, line: dict[str, Any], reset_confirmed: bool | None) -> None:
        """Finish an open action of an earlier conductor, after its undo; None: there was nothing to undo."""
        finished = {**line, "event": "finished", "exit": None, "reset_confirmed": reset_confirmed}
        with self._lock:
            self._append({**finished, **self._stamp()})

    def _stamp(self) -> dict[str, int]:
        self._seq += 1
        return {"seq": self._seq, "utc_ns": time.time_ns(), "mono_ns": time.monotonic_ns()}

    def _append(self, line: dict[str, Any]) -> None:
        self._write_out(json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode() + b"\n")

    def _write_out(self, data: bytes) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _line(identity: str, event: str, action: Action) -> dict[str, Any]:
    return {
        "id": identity,
        "event": event,
        "planned_ns": action.planned_ns,
        "role": action.role,
        "kind": action.kind,
        "target": action.target,
        "command": action.command,
        "undo": action.undo,
        "params": action.params,
    }


def open_actions(path: Path) -> list[dict[str, Any]]:
    """The `started` lines without a `finished` one or a confirmed undo, newest first: the order to undo them in."""
    started: dict[str, dict[str, Any]] = {}
    for line in lines(path):
        if line["event"] == "started":
            started[line["id"]] = line
        elif line.get("reset_confirmed") is not False:
            started.pop(line["id"], None)
    return list(reversed(started.values()))


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The ledger's lines; a last one that a crash cut is none."""
    if not path.exists():
        return
    for line in path.read_bytes().split(b"\n"):
        try:
            yield json.loads(line)
        except ValueError:
            continue
