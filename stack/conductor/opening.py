"""Chooses a runtime."""

from __future__ import annotations

from pathlib import Path

from conductor.compose import ComposeRuntime, engine_answers
from conductor.errors import ConductorError
from conductor.local import LocalRuntime
from conductor.runtime import Runtime


def open_runtime(kind: str, state: Path, logs: Path | None = None) -> Runtime:
    """Give the runtime of a state folder: `local`, `compose`, or `auto` for compose where an engine answers."""
    if kind == "auto":
        kind = "compose" if engine_answers() else "local"
    if kind == "compose" and not engine_answers():
        raise ConductorError("no Docker engine with Compose answers: start it, or use RUNTIME=local")
    runtimes = {"local": LocalRuntime, "compose": ComposeRuntime}
    if kind not in runtimes:
        raise ConductorError(f"RUNTIME is {kind!r}: choose local, compose or auto")
    runtime: Runtime = runtimes[kind](state, logs)
    return runtime
