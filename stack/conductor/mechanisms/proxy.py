"""The line through the gateway that stands between web-api and auth-service: slow, narrow, pausing, dead or refused.

Arguments: what the gateway's admin port calls shaping (docs/stack.md): `mode`, `delay_ms` and `sigma` with `share`,
`bytes_per_second`, `pause_s` in every `pause_every_s`.
"""

from __future__ import annotations

import json
import urllib.request
import zlib
from typing import Any

from conductor.mechanisms.base import Arguments, Context, Undo
from conductor.operating import ask
from conductor.runtime import Runtime

GATEWAY, PORT, ADMIN = "auth-gateway", 3000, 9901
TOLD = "curl -X PUT -d '{}' " + f"{GATEWAY}:{ADMIN}/shaping"
THROUGH_SECONDS = 1.0


class Proxy:
    """The gateway's shaping; what passed meanwhile becomes evidence."""

    kind = "proxy"
    role = "operator"

    def target(self, arguments: Arguments) -> str:
        """Name the gateway."""
        return GATEWAY

    def command(self, arguments: Arguments) -> tuple[str, str]:
        """Give both requests to the admin port."""
        return TOLD.format(json.dumps(arguments)), TOLD.format("{}")

    def prepare(self, arguments: Arguments, context: Context) -> Undo:
        """Remember the last exchange; a line that is left alone needs nothing else."""
        found = ask(context.runtime, GATEWAY, ADMIN, "/exchanges")
        return {"after": max((one["seq"] for one in found), default=0)}

    def begin(self, arguments: Arguments, context: Context) -> None:
        """Shape the line; delays come from the run's seed."""
        seed = zlib.crc32(f"{context.seed}/{context.episode}".encode())
        context.kept["shaping"] = {"seed": seed, **arguments}
        context.kept["after"] = max((one["seq"] for one in self._exchanges(context, 0)), default=0)
        ask(context.runtime, GATEWAY, ADMIN, "/shaping", put=context.kept["shaping"])

    def in_effect(self, arguments: Arguments, context: Context) -> bool:
        """Wait for a request that the line has held, or for none when it takes none."""
        wanted, shaping = context.kept["shaping"], ask(context.runtime, GATEWAY, ADMIN, "/shaping")
        if any(shaping.get(name) != value for name, value in wanted.items()):
            return False
        if wanted.get("mode", "forward") == "refuse" or wanted.get("bytes_per_second"):
            return True
        exchanges = self._exchanges(context, context.kept["after"])
        if wanted.get("mode") == "hold":
            return any(not one["answered"] for one in exchanges)
        return any(one["held_ms"] > 0 for one in exchanges)

    def undo(self, undo: Undo, context: Context) -> None:
        """Leave the line alone, and keep what passed."""
        ask(context.runtime, GATEWAY, ADMIN, "/shaping", put={})
        if context.evidence and not context.kept.get("told"):
            listener = listening(context.runtime)
            for one in self._exchanges(context, undo["after"]):
                seen = {name: value for name, value in one.items() if name != "seq"}
                context.evidence.add("connection", context.episode, listener=listener, **seen)
            context.kept["told"] = True

    def undone(self, undo: Undo, context: Context) -> bool:
        """Ask the gateway, and on loopback auth-service through it."""
        shaping = ask(context.runtime, GATEWAY, ADMIN, "/shaping")
        quiet = shaping["mode"] == "forward" and not any(
            shaping[name] for name in ("delay_ms", "bytes_per_second", "pause_s")
        )
        return quiet and (context.runtime.kind != "local" or _answers(context.runtime))

    def _exchanges(self, context: Context, after: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ask(context.runtime, GATEWAY, ADMIN, f"/exchanges?after={after}")
        return found


def listening(runtime: Runtime) -> str:
    """Say by which address web-api calls the gateway."""
    return runtime.address(GATEWAY, PORT) if runtime.kind == "local" else f"{GATEWAY}:{PORT}"


def _answers(runtime: Runtime) -> bool:
    try:
        with urllib.request.urlopen(f"http://{runtime.address(GATEWAY, PORT)}/health", timeout=THROUGH_SECONDS):
            return True
    except OSError:
        return False
