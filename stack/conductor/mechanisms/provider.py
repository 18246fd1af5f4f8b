"""The payment provider, a third party, as its own staff run it: less capacity, maintenance, slow networks.

Arguments: what the port of its operators calls conditions (docs/stack.md): `rate_limit` and `burst`, `maintenance`,
`slowdown`.
"""

from __future__ import annotations

import json

from conductor.mechanisms.base import Arguments, Context, Undo
from conductor.operating import ask

PROVIDER, OPERATORS = "payment-provider", 8081
TOLD = "curl -X PUT -d '{}' " + f"{PROVIDER}:{OPERATORS}/conditions"


class Provider:
    """The conditions that hold at the provider."""

    kind = "provider"
    role = "operator"

    def target(self, arguments: Arguments) -> str:
        """Name the provider."""
        return PROVIDER

    def command(self, arguments: Arguments) -> tuple[str, str]:
        """Give both requests to the operators' port."""
        return TOLD.format(json.dumps(arguments)), TOLD.format("{}")

    def prepare(self, arguments: Arguments, context: Context) -> Undo:
        """Find out what was agreed."""
        agreed = {"rate_limit": 0.0, "burst": 0.0, "maintenance": 0.0, "slowdown": 1.0}
        return {"agreed": agreed | _conditions(context, put={})}

    def begin(self, arguments: Arguments, context: Context) -> None:
        """Change the conditions."""
        _conditions(context, put=arguments)

    def in_effect(self, arguments: Arguments, context: Context) -> bool:
        """Ask which conditions hold."""
        found = _conditions(context)
        return all(found.get(name) == value for name, value in arguments.items())

    def undo(self, undo: Undo, context: Context) -> None:
        """Go back to what was agreed."""
        _conditions(context, put={})

    def undone(self, undo: Undo, context: Context) -> bool:
        """Ask which conditions hold."""
        return _conditions(context) == undo["agreed"]


def _conditions(context: Context, put: Arguments | None = None) -> dict[str, float]:
    found: dict[str, float] = ask(context.runtime, PROVIDER, OPERATORS, "/conditions", put=put)
    return found
