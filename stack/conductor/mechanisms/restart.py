"""Services restarted one after the other, as an operator does who changes nothing.

Arguments: `services`, names in the order in which they are restarted.
"""

from __future__ import annotations

import re

from conductor import health
from conductor.mechanisms.base import Arguments, Context, Undo


class Restart:
    """A short gap in each service; there is nothing to undo."""

    kind = "restart"
    role = "operator"

    def target(self, arguments: Arguments) -> str:
        """Name the first service."""
        return str(arguments["services"][0])

    def command(self, arguments: Arguments) -> tuple[str, str]:
        """Give the command; nothing takes it back."""
        return f"restart {' '.join(arguments['services'])}", "true"

    def prepare(self, arguments: Arguments, context: Context) -> Undo:
        """Only the services need be known."""
        return {"services": arguments["services"]}

    def begin(self, arguments: Arguments, context: Context) -> None:
        """Restart each, and wait until it is healthy."""
        for service in arguments["services"]:
            context.runtime.restart(service)

    def in_effect(self, arguments: Arguments, context: Context) -> bool:
        """Ask the services: they are up again."""
        return all(_answers(name, context) for name in arguments["services"])

    def undo(self, undo: Undo, context: Context) -> None:
        """They run."""

    def undone(self, undo: Undo, context: Context) -> bool:
        """Ask the services."""
        return all(_answers(name, context) for name in undo["services"])


def _answers(name: str, context: Context) -> bool:
    """Ask where compose.yaml has the service's health asked."""
    service = context.runtime.services[name]
    asked = re.search(r"http://127\.0\.0\.1:(\d+)(/\S*?)['\"]", " ".join(service.check.test if service.check else ()))
    port, path = (int(asked[1]), asked[2]) if asked else (service.ports[0], "/health")
    return health.ask_url(f"http://{context.runtime.address(name, port)}{path}") is None
