"""Set-up of the local runtime: programs, environments and the filled database, each made once."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from conductor import environments, programs
from conductor.compose_file import Service
from conductor.places import MADE, STACK
from conductor.steps import say, side_by_side

LONG = {"collector": "OpenTelemetry Collector (built once, takes some minutes)"}


@contextmanager
def alone() -> Iterator[None]:
    """Hold what set-up makes: two shops that start at once must not make the same thing twice."""
    MADE.mkdir(parents=True, exist_ok=True)
    with (MADE / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("setup: another set-up is at work in this checkout; waiting for it …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def set_up(services: Sequence[Service]) -> None:
    """Find or make what services run with; quick when all is there."""
    steps: dict[str, Callable[[], object]] = {}
    for name in dict.fromkeys(service.local["program"] for service in services):
        if name != "python" and programs.find(name) is None:
            steps[LONG.get(name, f"program {name}")] = _see_to(name)
    for lock, users in _locks(services).items():
        if not environments.is_whole(environments.python_folder(lock)):
            steps[f"Python packages of {' and '.join(users)}"] = _make_python(lock)
    side_by_side(steps)
    sources = [STACK / service.local["source"] for service in services if service.local["program"] == "node"]
    missing = [source for source in sources if not environments.is_whole(environments.node_folder(source))]
    side_by_side({f"Node packages of {source.name}": _make_node(source) for source in missing})


def _locks(services: Sequence[Service]) -> Mapping[Path, list[str]]:
    """Group services by the text of their lock: one environment serves all that have the same."""
    by_text: dict[bytes, tuple[Path, list[str]]] = {}
    for service in services:
        if service.local["program"] == "python":
            lock = environments.lock_of(service.local)
            by_text.setdefault(lock.read_bytes(), (lock, []))[1].append(service.name)
    return dict(by_text.values())


def _see_to(name: str) -> Callable[[], object]:
    return lambda: programs.see_to(name)


def _make_python(lock: Path) -> Callable[[], object]:
    return lambda: environments.make_python(lock)


def _make_node(source: Path) -> Callable[[], object]:
    return lambda: environments.make_node(source)
