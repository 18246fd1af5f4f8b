"""What each mechanism promises, and what it is given."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from conductor.deployer import Deployer
from conductor.runtime import Runtime

Arguments = dict[str, Any]
"""What a scenario's action says beside its mechanism, with parameters filled in; JSON."""
Undo = dict[str, Any]
"""All that is needed to undo an action in another process: it stands in the ledger before the action begins; JSON."""


class Evidence:
    """Appends what was seen beside the telemetry to `evidence.jsonl`; any thread may call it."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()

    def add(self, kind: str, episode: str | None, **seen: Any) -> None:
        """Write one line: its kind, its episode, and what was seen; times are Unix ns."""
        line = json.dumps({"kind": kind, "episode": episode, **seen}, separators=(",", ":"), ensure_ascii=False)
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


@dataclass
class Context:
    """Where a mechanism works; `deployer` and `evidence` are None when a later process undoes what a dead one did."""

    runtime: Runtime
    episode: str
    seed: int = 0
    deployer: Deployer | None = None
    evidence: Evidence | None = None
    kept: dict[str, Any] = field(default_factory=dict)
    """What a mechanism holds between `begin` and `undo` in this process: a connection, a thread."""


class Mechanism(Protocol):
    """One way, without parameters of its own: a fresh object is made for each action."""

    kind: str
    role: str
    """Whose tool it is, for the ledger: dba, operator, deployer, visitor."""

    def target(self, arguments: Arguments) -> str:
        """Name the service that it works on."""

    def command(self, arguments: Arguments) -> tuple[str, str]:
        """Say what is done and how it is undone, as a person would type both."""

    def prepare(self, arguments: Arguments, context: Context) -> Undo:
        """Find out, before anything is changed, what undoing will need."""

    def begin(self, arguments: Arguments, context: Context) -> None:
        """Do it; it goes on until `undo`.

        Raises:
            ConductorError: it could not be done.
        """

    def in_effect(self, arguments: Arguments, context: Context) -> bool:
        """Ask the shop itself whether it is done; asked until true, for a few seconds."""

    def undo(self, undo: Undo, context: Context) -> None:
        """Take it back, also from another process and when only a part was done; twice is as good as once."""

    def undone(self, undo: Undo, context: Context) -> bool:
        """Ask the shop itself whether it is as before; asked until true, for a few seconds."""
