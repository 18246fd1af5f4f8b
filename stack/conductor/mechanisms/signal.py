"""A signal to all processes of a service: stopped they hold their connections and answer nobody.

Arguments: `service`, `signal` (STOP), `undo` (CONT).
"""

from __future__ import annotations

from signal import Signals

from conductor import health
from conductor.mechanisms.base import Arguments, Context, Undo


class Signal:
    """Stops a service without ending it."""

    kind = "signal"
    role = "operator"

    def target(self, arguments: Arguments) -> str:
        """Name the service."""
        return str(arguments["service"])

    def command(self, arguments: Arguments) -> tuple[str, str]:
        """Give both signals as they would be sent."""
        return f"kill -{arguments.get('signal', 'STOP')} -1", f"kill -{arguments.get('undo', 'CONT')} -1"

    def prepare(self, arguments: Arguments, context: Context) -> Undo:
        """Nothing need be known but the service."""
        return {"service": arguments["service"], "signal": arguments.get("undo", "CONT")}

    def begin(self, arguments: Arguments, context: Context) -> None:
        """Send it."""
        context.runtime.signal_all(arguments["service"], Signals[f"SIG{arguments.get('signal', 'STOP')}"])

    def in_effect(self, arguments: Arguments, context: Context) -> bool:
        """Tell whether the service no longer answers."""
        return not _answers(arguments["service"], context)

    def undo(self, undo: Undo, context: Context) -> None:
        """Send the other one."""
        context.runtime.signal_all(undo["service"], Signals[f"SIG{undo['signal']}"])

    def undone(self, undo: Undo, context: Context) -> bool:
        """Tell whether the service answers."""
        return _answers(undo["service"], context)


def _answers(name: str, context: Context) -> bool:
    service = context.runtime.services[name]
    return health.ask_url(f"http://{context.runtime.address(name, service.ports[0])}/health") is None
