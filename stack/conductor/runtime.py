"""What both runtimes promise, and the state folder that they share."""

from __future__ import annotations

import fcntl
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from conductor.compose_file import Service, read_env
from conductor.errors import ConductorError
from conductor.guard import Guard
from conductor.launch import Launch
from conductor.places import IMAGES, ROOT

LOAD = "load-generator"
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOCK_PATIENCE = 90.0  # a guard that undoes what a killed conductor did, and stops all, takes this long at most


@dataclass(frozen=True)
class Status:
    """A service as it is now; `state` is healthy, starting, running, done, stopped or `exited N`."""

    service: str
    state: str
    pid: int | None = None
    address: str = ""
    memory: int = 0


class Runtime(Protocol):
    """The shop's processes, however they run."""

    kind: str
    state: Path
    logs_folder: Path
    services: Mapping[str, Service]

    def setup(self, services: Sequence[str] | None = None) -> None:
        """Install and build what the services need; quick when it is there."""

    def up(self, services: Sequence[str] | None = None, *, fresh: bool = False) -> None:
        """Start services with all they depend on and wait until they are healthy; None is all but the load."""

    def start(self, service: str, environment: Mapping[str, str] | None = None) -> None:
        """Start one service whose dependencies run, with more environment, and wait until it is healthy."""

    def check(self) -> None:
        """Raise when a service has ended by itself."""

    def poll(self, name: str) -> int | None:
        """Give the exit status of a service that has ended, None while it runs."""

    def memory(self) -> Mapping[str, int]:
        """Give the memory of every process of the shop, the load and the conductor, in bytes (PSS)."""

    def stop(self, service: str) -> None:
        """Stop one service in an orderly way."""

    def restart(self, service: str) -> None:
        """Stop and start one service, and wait until it is healthy."""

    def signal(self, service: str, number: int) -> None:
        """Send a signal to a service's main process."""

    def signal_all(self, service: str, number: int) -> None:
        """Send a signal to every process of a service."""

    @property
    def guard(self) -> Guard:
        """The guard, for processes and effects that must not outlive the conductor."""

    def beside(self, service: str, command: Sequence[str]) -> Launch:
        """Say how another program runs where a service does, with what that has; words as they are in its container."""

    def address(self, service: str, port: int) -> str:
        """Give `host:port` under which this machine reaches a service's port."""

    def environment(self) -> dict[str, str]:
        """Give what a client on this machine needs: DATABASE_URL (owner), REDIS_URL, TARGET and so on."""

    def release_folder(self, service: str) -> Path:
        """Give the folder with a service's versions and the link `current`."""

    def status(self) -> list[Status]:
        """Say how every service is."""

    def logs(self, service: str) -> list[Path]:
        """Give the files with a service's own output."""

    def down(self, *, volumes: bool = False) -> None:
        """Stop everything in order; with `volumes` forget the data, too."""

    def __enter__(self) -> Runtime: ...

    def __exit__(self, *_: object) -> None: ...

    def detach(self) -> None:
        """Let what runs go on after this process has ended."""


def variables() -> dict[str, str]:
    """Give what compose.yaml may refer to: the images, and the caller's environment before them."""
    return {**read_env(IMAGES), **os.environ}


def default_logs(state: Path) -> Path:
    """Say where telemetry and truth go: beside the usual state folder, inside any other."""
    return ROOT / "logs" if state == ROOT / "run" else state / "logs"


def clients(services: Mapping[str, Service], address: Callable[[str, int], str]) -> dict[str, str]:
    """Give what clients on this machine need: DATABASE_URL is the owner's, <SERVICE>_DATABASE_URL a service's own."""
    redis = address("redis", 6379)
    found = {"REDIS_URL": f"redis://{redis}/0", "BROKER_URL": f"redis://{redis}/1"}
    for name, service in services.items():
        if "DATABASE_URL" in service.environment:
            url = service.environment["DATABASE_URL"].replace("postgres:5432", address("postgres", 5432))
            found["DATABASE_URL" if name == "seed" else f"{name.upper().replace('-', '_')}_DATABASE_URL"] = url
    return found | {
        "TARGET": f"http://{address('web-api', 8000)}",
        "AUTH_URL": f"http://{address('auth-service', 3000)}",
        "PROVIDER_URL": f"http://{address('payment-provider', 8080)}",
        "OTLP_ENDPOINT": f"http://{address('otel-collector', 4318)}",
    }


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let an orderly stop finish: a second Ctrl-C changes nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def exclusive(state: Path) -> Iterator[None]:
    """Hold a state folder: one conductor at a time starts and stops what belongs to it."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("a+") as lock:
        deadline = time.monotonic() + LOCK_PATIENCE
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                lock.seek(0)
                holder = lock.read().strip()
                if time.monotonic() > deadline or (holder and psutil.pid_exists(int(holder))):
                    whom = f"process {holder}" if holder else "another process"
                    raise ConductorError(f"{whom} is at work on {state}: end it with Ctrl-C there, or wait") from None
                time.sleep(0.1)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            yield
        finally:
            lock.truncate(0)
