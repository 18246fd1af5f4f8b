"""A release as the deployer rolls it out, and its rollback, which is reported like any deployment.

Arguments, all given by the plan's chain of versions: `service`, `from`, `to`, `patch`, `user`; `rolled_back` (true) is
false for a release that stays.
"""

from __future__ import annotations

import json
import urllib.request
from contextlib import suppress
from dataclasses import replace

from conductor import deployer
from conductor.errors import ConductorError
from conductor.mechanisms.base import Arguments, Context, Undo
from conductor.runtime import Runtime

HEALTH_PORTS = {"web-api": 8000, "auth-service": 3000, "payment-worker": 9100}
PATIENCE = 2.0


class Release:
    """One version after another, and back."""

    kind = "release"
    role = "deployer"

    def target(self, arguments: Arguments) -> str:
        """Name the service."""
        return str(arguments["service"])

    def command(self, arguments: Arguments) -> tuple[str, str]:
        """Give both versions' commands."""
        back = arguments["from"] if arguments.get("rolled_back", True) else arguments["to"]
        return (
            deployer.command(arguments["service"], arguments["to"]),
            deployer.command(arguments["service"], back),
        )

    def prepare(self, arguments: Arguments, context: Context) -> Undo:
        """Nothing is to be found out: the versions' folders were made before the run."""
        return {name: value for name, value in arguments.items() if name != "mechanism"}

    def begin(self, arguments: Arguments, context: Context) -> None:
        """Roll it out."""
        _deploy(context, deployer.release(arguments))
        context.kept["proven"] = True

    def in_effect(self, arguments: Arguments, context: Context) -> bool:
        """Say whether the version's first span was seen."""
        return bool(context.kept.get("proven"))

    def undo(self, undo: Undo, context: Context) -> None:
        """Roll it back, unless it stays or does not run."""
        if not undo.get("rolled_back", True) or _gone(context.runtime, undo):
            return
        one = deployer.release(undo)
        if context.deployer:
            _deploy(context, replace(one, version=one.previous, previous=one.version))
        else:
            _take_over_alone(context.runtime, one.service, one.previous)

    def undone(self, undo: Undo, context: Context) -> bool:
        """Ask the service which version it is."""
        return not undo.get("rolled_back", True) or _gone(context.runtime, undo)


def _deploy(context: Context, one: deployer.Release) -> None:
    assert context.deployer is not None
    if not context.deployer.deploy(one):
        raise ConductorError(f"no span of {one.service} {one.version} came within {deployer.PROOF_SECONDS:.0f} s", 1)


def _take_over_alone(runtime: Runtime, service: str, version: str) -> None:
    """Without a guard nothing may be started: what is stopped starts from the right version next time."""
    try:
        guarded = bool(runtime.guard)
    except AssertionError:
        guarded = False
    deployer.take_over(runtime, service, version, restart=runtime.restart if guarded else runtime.stop)


def _gone(runtime: Runtime, undo: Undo) -> bool:
    """Say whether neither the link nor the running service is of the version."""
    link = runtime.release_folder(undo["service"]) / "current"
    return link.resolve().name != undo["to"] and _running(runtime, undo["service"]) != undo["to"]


def _running(runtime: Runtime, service: str) -> str | None:
    """Ask a service for its version; None when it does not say."""
    url = f"http://{runtime.address(service, HEALTH_PORTS[service])}/health"
    with suppress(OSError, ValueError), urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return str(json.load(answer)["version"])
    return None
