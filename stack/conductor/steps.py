"""Runs the steps of set-up: side by side, with progress, and with a log each that is shown when one fails."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from conductor.errors import ConductorError, tail
from conductor.places import MADE

REPORT_EVERY = 15.0  # seconds between signs of life of a long step
NO_NETWORK = (
    "Temporary failure in name resolution",
    "Name or service not known",
    "Failed to establish a new connection",
    "NewConnectionError",
    "Max retries exceeded",
    "Network is unreachable",
    "no such host",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "connection refused",
    "network connectivity",
    "No matching distribution found",
)
_running: set[subprocess.Popen[bytes]] = set()
_lock = threading.Lock()
_cancelled = threading.Event()


def say(text: str) -> None:
    """Tell progress, on standard error so that output can be piped."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def execute(
    title: str, command: Sequence[str | Path], env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> None:
    """Run a command of set-up; its output goes to a log of its own."""
    log = MADE / "log" / f"{title.replace(' ', '-').replace('/', '-')}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        output.write(f"$ {' '.join(map(str, command))}\n".encode())
        output.flush()
        with _lock:
            if _cancelled.is_set():
                raise ConductorError(f"{title}: cancelled")
            try:
                process = subprocess.Popen(
                    [str(word) for word in command],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd=cwd,
                    env=None if env is None else {**os.environ, **env},
                    start_new_session=True,
                )
            except OSError as error:
                raise ConductorError(f"{title}: {command[0]} cannot be run: {error.strerror}") from error
            _running.add(process)
        status = process.wait()
        with _lock:
            _running.discard(process)
    if status and not _cancelled.is_set():
        text = log.read_text(errors="replace")[-20000:]
        offline = any(sign in text for sign in NO_NETWORK)
        hint = (
            "no package registry could be reached; set-up needs a network once" if offline else f"exit status {status}"
        )
        raise ConductorError(f"{title}: {hint}; the end of {log}:{tail(log)}")


def cancel() -> None:
    """End every command of set-up that runs."""
    _cancelled.set()
    with _lock:
        for process in _running:
            try:
                os.killpg(process.pid, signal.SIGTERM)
            except ProcessLookupError:
                continue


def side_by_side(steps: Mapping[str, Callable[[], object]], at_once: int = 3) -> None:
    """Run steps in parallel; the first failure ends the others and is raised."""
    if not steps:
        return
    _cancelled.clear()
    began = time.monotonic()
    pool = ThreadPoolExecutor(at_once)
    started: dict[str, float] = {}

    def run(title: str, step: Callable[[], object]) -> None:
        started[title] = time.monotonic()
        say(f"setup: {title} …")
        step()
        say(f"setup: {title}: done in {time.monotonic() - started[title]:.0f} s")

    titles: dict[Future[None], str] = {pool.submit(run, title, step): title for title, step in steps.items()}
    pending = set(titles)
    try:
        while pending:
            done, pending = wait(pending, timeout=REPORT_EVERY, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()
            if not done:
                busy = ", ".join(titles[future] for future in pending if future.running())
                say(f"setup: {time.monotonic() - began:.0f} s, still at it: {busy}")
    except BaseException:
        for future in pending:
            future.cancel()
        cancel()
        raise
    finally:
        pool.shutdown(wait=True)
