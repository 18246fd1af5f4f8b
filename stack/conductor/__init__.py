"""Runs the shop: as containers or as processes on loopback, from one description, stack/compose.yaml.

    runtime = open_runtime("local", state=Path("run"))   # "compose", or "auto": compose where an engine answers
    with runtime:                          # leaving it, for whatever reason, stops everything in order
        runtime.up()                       # all but the load; waits until every health check passes
        runtime.up(["load-generator"])     # with what it depends on; `fresh=True` begins with new volumes
        runtime.start("load-generator", {"PLAN": "…"})    # with more environment
        runtime.address("web-api", 8000)   # "127.0.0.1:23817"
        runtime.environment()              # DATABASE_URL (owner), REDIS_URL, BROKER_URL, TARGET, OTLP_ENDPOINT …
        runtime.restart("auth-service")    # and .stop(name), .start(name), .signal(name, signal.SIGHUP), .pid(name)
        runtime.release_folder("web-api")  # versions and the link `current`: conductor.releases.lay and .switch
        runtime.check()                    # raises ConductorError when a service has ended by itself
        runtime.logs("web-api")            # files with its own output
        runtime.memory()                   # bytes (PSS) of every process, by name
        runtime.guard.undo(key, command)   # run by the guard if this process dies; .undone(key) takes it back
        runtime.spawn(name, command, environment)   # a process of the harness, under the same guard
    runtime.detach()                       # in place of leaving `with`: what runs goes on by itself

A failure is a `ConductorError`: one sentence that says what happened and what to do, and the exit code (1 failed,
2 could not begin). Truth and telemetry go to `runtime.logs_folder`, `logs/` for the usual state folder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conductor.errors import ConductorError

if TYPE_CHECKING:
    from conductor.opening import open_runtime

__all__ = ["ConductorError", "open_runtime"]


def __getattr__(name: str) -> Any:
    """Load the rest when it is asked for: `__main__` hears Ctrl-C only after this module."""
    if name == "open_runtime":
        from conductor.opening import open_runtime

        return open_runtime
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
