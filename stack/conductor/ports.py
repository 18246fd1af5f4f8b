"""Free ports of loopback, chosen so that two shops can run at once."""

from __future__ import annotations

import random
import socket
from collections.abc import Mapping
from contextlib import ExitStack

from conductor.compose_file import Service
from conductor.errors import ConductorError

RANGE = range(20000, 32000)  # below the ports that outgoing connections use


def choose(services: Mapping[str, Service], variables: Mapping[str, str]) -> dict[str, int]:
    """Choose a port for each `service:port`; a published one is fixed when its variable is set."""
    fixed = {
        f"{name}:{published.port}": published.variable
        for name, service in services.items()
        for published in service.published
        if variables.get(published.variable)
    }
    candidates = iter(random.sample(RANGE, len(RANGE)))
    chosen: dict[str, int] = {}
    with ExitStack() as held:  # until all are chosen, so that none is chosen twice
        for name, service in services.items():
            for port in service.ports:
                key = f"{name}:{port}"
                if key in fixed:
                    chosen[key] = _fixed(held, name, fixed[key], variables[fixed[key]])
                else:
                    chosen[key] = next(number for number in candidates if _take(held, number))
    return chosen


def _fixed(held: ExitStack, name: str, variable: str, text: str) -> int:
    if not text.isdigit():
        raise ConductorError(f"{variable} is {text!r}, not a port")
    if not _take(held, int(text)):
        raise ConductorError(
            f"{name} cannot listen on 127.0.0.1:{text}, it is taken: choose another with {variable}=PORT"
        )
    return int(text)


def _take(held: ExitStack, port: int) -> bool:
    probe = held.enter_context(socket.socket())
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True
