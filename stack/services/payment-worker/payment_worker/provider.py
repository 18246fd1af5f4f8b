"""The payment provider's API, and which of its failures pass."""

import logging
import time
from dataclasses import dataclass
from functools import cache
from typing import Any

import requests

from payment_worker.events import event
from payment_worker.metrics import PROVIDER_DURATION, PROVIDER_REQUESTS
from payment_worker.settings import settings

TIMEOUT = (1.0, 2.5)  # seconds to connect, to the first byte
SLOW_SECONDS = 1.0


class ProviderUnavailable(Exception):
    """Another try may succeed, not before `retry_after` seconds."""

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason, retry_after)
        self.reason = reason
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"payment provider: {self.reason}"


class ProviderRefused(Exception):
    """The request itself is wrong; no try will succeed."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(status, code)
        self.status = status
        self.code = code

    def __str__(self) -> str:
        return f"payment provider: {self.code} ({self.status})"


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a charge."""

    reference: str
    authorised: bool
    reason: str | None


def charge(order_id: int, amount_cents: int, card_token: str) -> Decision:
    """Authorise the amount once, however often it is asked for."""
    body = {"reference": f"order-{order_id}", "amount_cents": amount_cents, "card_token": card_token}
    answer = _post("charge", "/v1/charges", f"charge-{order_id}", body)
    return Decision(answer["id"], answer["status"] == "authorised", answer.get("reason"))


def refund(payment_id: int, charge_reference: str, amount_cents: int) -> str:
    """Give the amount of a charge back; returns the provider's reference."""
    body = {"charge_id": charge_reference, "amount_cents": amount_cents}
    return str(_post("refund", "/v1/refunds", f"refund-{payment_id}", body)["id"])


@cache
def _session() -> requests.Session:
    return requests.Session()


def _post(operation: str, path: str, key: str, body: dict[str, Any]) -> dict[str, Any]:
    begun = time.perf_counter()
    outcome = "ok"
    try:
        answer = _session().post(
            settings().provider_url + path, json=body, headers={"Idempotency-Key": key}, timeout=TIMEOUT
        )
        return _body(answer)
    except requests.Timeout as error:
        outcome = "timeout"
        raise ProviderUnavailable(outcome) from error
    except requests.ConnectionError as error:
        outcome = "connection_error"
        raise ProviderUnavailable(outcome) from error
    except ProviderUnavailable as error:
        outcome = error.reason
        raise
    except ProviderRefused:
        outcome = "refused"
        raise
    finally:
        seconds = time.perf_counter() - begun
        PROVIDER_REQUESTS.labels(operation, outcome).inc()
        PROVIDER_DURATION.labels(operation).observe(seconds)
        if seconds > SLOW_SECONDS:
            event(
                "provider.slow",
                "payment provider took %(duration_ms)d ms for a %(provider.operation)s",
                {"duration_ms": round(seconds * 1000), "provider.operation": operation, "provider.outcome": outcome},
                logging.WARNING,
            )


def _body(answer: requests.Response) -> dict[str, Any]:
    if answer.status_code == 429:
        raise ProviderUnavailable("rate_limited", float(answer.headers.get("Retry-After", 1)))
    if answer.status_code >= 500:
        raise ProviderUnavailable("server_error")
    body: dict[str, Any] = answer.json()
    if answer.status_code >= 400:
        raise ProviderRefused(answer.status_code, str(body.get("error", "unknown")))
    return body
