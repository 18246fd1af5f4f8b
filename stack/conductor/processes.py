"""Processes that outlive their starter: remembered by pid and birth, started under a guard, stopped in order."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import psutil

# Whoever calls goes before whoever is called; the Collector outlives those that export to it.
STOP_ORDER = (
    "load-generator",
    "web-api",
    "payment-beat",
    "payment-worker",
    "auth-gateway",
    "auth-service",
    "payment-provider",
    "seed",
    "otel-collector",
    "redis",
    "postgres",
)
SAME_BIRTH = 1.0  # seconds; what psutil makes of the start time moves a little with the clock
KILL_PATIENCE = 5.0


@dataclass(frozen=True)
class Entry:
    """A process, and how it wants to be stopped."""

    name: str
    pid: int
    born: float
    signal: str = "SIGTERM"
    grace: float = 10.0

    def process(self) -> psutil.Process | None:
        """Give the process if it is still the one that was started."""
        try:
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.born) > SAME_BIRTH or process.status() == psutil.STATUS_ZOMBIE:
                return None
        except psutil.NoSuchProcess:
            return None
        return process

    def as_json(self) -> dict[str, Any]:
        """Give it as it is kept in a file."""
        return asdict(self)


def born(pid: int) -> float:
    """Say when a process began; 0 when it is gone."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return 0.0


def rank(name: str) -> int:
    """Say when a process is stopped; what is not a service belongs to the load and goes first."""
    return STOP_ORDER.index(name) if name in STOP_ORDER else -1


def spawn(
    command: Sequence[str],
    env: Mapping[str, str],
    cwd: Path,
    log: Path,
    before_exec: Callable[[], None],
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, so that Ctrl-C at the terminal reaches only the conductor."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=before_exec,
        )


def family(process: psutil.Process) -> list[psutil.Process]:
    """Give a process's descendants."""
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def orphans(entry: Entry) -> list[psutil.Process]:
    """Give what a process that is gone has left of its session: it died before it could stop its own."""
    left = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if os.getsid(process.pid) == entry.pid and process.create_time() >= entry.born - SAME_BIRTH:
                left.append(process)
    return left


def stop(entry: Entry) -> bool:
    """Stop a process and what it started; False when it had to be killed."""
    process = entry.process()
    if process is None:
        left = orphans(entry)
        for orphan in left:
            _send(orphan, signal.SIGKILL)
        psutil.wait_procs(left, timeout=KILL_PATIENCE)
        return True
    children = family(process)
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(signal.Signals[entry.signal])
    for one in (process, *children):
        with contextlib.suppress(psutil.NoSuchProcess):
            if one.status() == psutil.STATUS_STOPPED:
                one.send_signal(signal.SIGCONT)
    clean = _gone(process, entry.grace)
    if not clean:
        children = list({*children, *family(process)})
        if entry.name == "postgres":  # a killed postmaster leaves its backends to find out
            _send(process, signal.SIGQUIT)
            _gone(process, KILL_PATIENCE)
        _send(process, signal.SIGKILL)
        _gone(process, KILL_PATIENCE)
    _, left = psutil.wait_procs(children, timeout=1.0)
    for child in left:
        _send(child, signal.SIGKILL)
    psutil.wait_procs(left, timeout=KILL_PATIENCE)
    return clean


def stop_in_order(entries: Iterable[Entry], say: Callable[[str], None] = lambda _: None) -> None:
    """Stop processes, callers before those they call."""
    for entry in sorted(entries, key=lambda entry: rank(entry.name)):
        if not stop(entry):
            say(f"{entry.name} did not end within {entry.grace:.0f} s of {entry.signal} and was killed")


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def _gone(process: psutil.Process, patience: float) -> bool:
    """Wait for the end of a process; as a child it is reaped by whoever holds its Popen, so a zombie is gone too."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.01)
    return False


def memory(entries: Iterable[Entry]) -> dict[str, int]:
    """Give each entry's memory in bytes with its descendants': PSS where the system tells."""
    sizes: dict[str, int] = {}
    for entry in entries:
        process = entry.process()
        for one in [] if process is None else [process, *family(process)]:
            with contextlib.suppress(psutil.Error, OSError):
                sizes[entry.name] = sizes.get(entry.name, 0) + _pss(one)
    return sizes


def own_memory(*pids: int) -> int:
    """Give the memory of processes in bytes, without their descendants."""
    return sum(_pss(psutil.Process(pid)) for pid in pids)


def _pss(process: psutil.Process) -> int:
    rollup = Path(f"/proc/{process.pid}/smaps_rollup")
    if not rollup.exists():
        return int(process.memory_info().rss)
    line = next(line for line in rollup.read_text().splitlines() if line.startswith("Pss:"))
    return int(line.split()[1]) * 1024


def write_line(stream: IO[bytes] | int, line: bytes) -> None:
    """Write a line at once: shorter than a pipe's atomic size, so that writers do not mix."""
    os.write(stream if isinstance(stream, int) else stream.fileno(), line + b"\n")
