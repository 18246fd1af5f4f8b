"""Speaks with the ports that a service keeps for operators on this machine: JSON over HTTP."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from conductor.errors import ConductorError
from conductor.runtime import Runtime

PATIENCE = 5.0


def ask(runtime: Runtime, service: str, port: int, path: str, put: Any = None) -> Any:
    """Ask, or with `put` tell, an operator's port.

    Raises:
        ConductorError: it does not answer, or refuses.
    """
    address = runtime.address(service, port)
    body = None if put is None else json.dumps(put).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"http://{address}{path}", body, headers, method="GET" if put is None else "PUT")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise ConductorError(f"{service} refuses {path}: {error.read().decode(errors='replace')[:200]}", 1) from error
    except OSError as error:
        raise ConductorError(f"{service} does not answer its operator at {address}: {error}", 1) from error
