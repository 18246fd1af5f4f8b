"""Registration, login and what follows: auth-service does it, this passes it on with the client's address."""

import logging
from collections.abc import Mapping
from typing import Any

import requests

from ..errors import Refusal
from ..identity import Principal, adopt, call_auth
from ..logs import event
from ..telemetry import traced

log = logging.getLogger(__name__)


@traced("credentials.forward")
def forward(operation: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any] | None]:
    """auth-service's answer, and its principal for the telemetry of this request."""
    response = call_auth(f"/v1/{operation}", body)
    if response.status_code >= 500:
        event(
            log,
            "upstream.failed",
            "auth-service answered %s with %d",
            operation,
            response.status_code,
            level=logging.ERROR,
            attributes={"http.response.status_code": response.status_code},
        )
        raise Refusal(503, "auth_unavailable")
    answer = _json(response)
    if response.ok and answer and "user" in answer:
        adopt(Principal.of(answer["user"]))
        event(
            log,
            "credentials.issued",
            "auth-service accepted %s",
            operation,
            attributes={"credentials.operation": operation},
        )
    elif not response.ok:
        code = (answer or {}).get("error", "refused")
        event(
            log,
            "credentials.refused",
            "auth-service refused %s: %s",
            operation,
            code,
            attributes={"credentials.operation": operation, "error.type": code},
        )
    return response.status_code, answer


def _json(response: requests.Response) -> dict[str, Any] | None:
    if not response.content:
        return None
    answer: dict[str, Any] = response.json()
    return answer
