"""Outlives the conductor by seconds: holds a pipe from it and what it started, and stops all when the pipe ends.

A killed conductor cannot clean up, and a parent-death signal does not survive PostgreSQL's change of user. So the
conductor starts this process first; every process that it starts writes itself into the pipe before it becomes the
program (no moment is without a guard). The lines:

    {"name", "pid", "signal", "grace"}   a process to stop
    {"undo": key, "command": [...]}      to run before services are stopped; {"undone": key} takes it back
    {"release": true}                    nothing is to be stopped: it ends at once
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from conductor.places import STACK
from conductor.processes import Entry, born, rank, stop_in_order, write_line

UNDO_SECONDS = 120.0
START = "import sys; from pathlib import Path; from conductor.guard import watch; watch(Path(sys.argv[1]))"


class Guard:
    """The conductor's side."""

    def __init__(self, state: Path) -> None:
        """Start the guard of a state folder."""
        log = state / "log" / "guard.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-c", START, str(state)],
                cwd=STACK,
                env={**os.environ, "PYTHONPATH": str(STACK)},
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        assert self._process.stdin is not None
        self._pipe = self._process.stdin

    @property
    def pid(self) -> int:
        """The guard's own pid."""
        return self._process.pid

    def register(self, name: str, stop_signal: str, grace: float, then: Callable[[], None]) -> Callable[[], None]:
        """Give what a new process runs between fork and exec: it writes its own line."""
        rest = json.dumps({"name": name, "signal": stop_signal, "grace": grace})[1:]

        def before_exec() -> None:
            write_line(self._pipe, f'{{"pid": {os.getpid()}, {rest}'.encode())
            then()

        return before_exec

    def adopt(self, entry: Entry) -> None:
        """Watch over a process that runs already."""
        self._send({"name": entry.name, "pid": entry.pid, "signal": entry.signal, "grace": entry.grace})

    def undo(self, key: str, command: Sequence[str]) -> None:
        """Have a command run if the conductor dies; it runs before the processes are stopped."""
        self._send({"undo": key, "command": list(command)})

    def undone(self, key: str) -> None:
        """Take an `undo` back."""
        self._send({"undone": key})

    def release(self) -> None:
        """End the guard without stopping anything."""
        self._send({"release": True})
        self._pipe.close()
        self._process.wait()

    def _send(self, message: dict[str, object]) -> None:
        try:
            write_line(self._pipe, json.dumps(message).encode())
        except BrokenPipeError:
            sys.stderr.write("the guard process is gone: if the conductor is killed now, `make down` cleans up\n")


def watch(state: Path) -> None:
    """Be the guard: read until the pipe ends, then stop what is known."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    entries: dict[int, Entry] = {}
    undo: dict[str, list[str]] = {}
    for line in sys.stdin:
        message = json.loads(line)
        if message.get("release"):
            return
        if "undone" in message:
            undo.pop(message["undone"], None)
        elif "undo" in message:
            undo[message["undo"]] = message["command"]
        else:
            pid = message["pid"]
            entries[pid] = Entry(message["name"], pid, born(pid), message["signal"], message["grace"])
    say(f"the conductor is gone; stopping {', '.join(sorted({entry.name for entry in entries.values()})) or 'nothing'}")
    with (state / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        harness = [entry for entry in entries.values() if rank(entry.name) < 0]
        stop_in_order(harness, say)  # nothing may go on while its effects are undone
        for key, command in reversed(undo.items()):
            try:
                status = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=UNDO_SECONDS, check=False).returncode
            except (OSError, subprocess.TimeoutExpired) as error:
                say(f"could not undo {key}: {error}")
            else:
                say(f"undid {key}: exit status {status}")
        stop_in_order(entries.values(), say)
    say("stopped")


def say(text: str) -> None:
    """Write to the guard's log."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
