"""What a state folder tells of what runs: ports and processes, in services.json."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from conductor.errors import ConductorError
from conductor.processes import Entry


class Remembered:
    """`ports` by `service:port`, `processes` by name; any thread may add and remove."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "services.json"
        self._lock = threading.Lock()
        self.ports: dict[str, int] = {}
        self.processes: dict[str, Entry] = {}
        self.read()

    def read(self) -> None:
        """Take what the file says; nothing when there is none."""
        self.ports, self.processes = {}, {}
        with suppress(FileNotFoundError):
            saved = json.loads(self._path.read_text())
            self.ports = saved["ports"]
            self.processes = {name: Entry(**raw) for name, raw in saved["processes"].items()}

    def begin(self, ports: Mapping[str, int]) -> None:
        """Have these ports, and no process yet."""
        self.ports, self.processes = dict(ports), {}
        with self._lock:
            self._write()

    def add(self, entry: Entry) -> None:
        """Remember a process."""
        with self._lock:
            self.processes[entry.name] = entry
            self._write()

    def remove(self, name: str) -> None:
        """Forget a process."""
        with self._lock:
            self.processes.pop(name, None)
            self._write()

    def forget(self) -> None:
        """Remove the file: nothing runs."""
        self._path.unlink(missing_ok=True)
        self.ports, self.processes = {}, {}

    def entries(self) -> list[Entry]:
        """Give all processes, those that have ended, too."""
        return list(self.processes.values())

    def entry(self, name: str) -> Entry:
        """Give a process.

        Raises:
            ConductorError: there is none of that name.
        """
        if name not in self.processes:
            raise ConductorError(f"{name} does not run", 1)
        return self.processes[name]

    def running(self) -> set[str]:
        """Name what runs."""
        return {entry.name for entry in self.entries() if entry.process()}

    def _write(self) -> None:
        saved = {"ports": self.ports, "processes": {name: one.as_json() for name, one in self.processes.items()}}
        partial = self._path.with_name("services.json.partial")
        partial.write_text(json.dumps(saved, indent=1))
        partial.rename(self._path)
