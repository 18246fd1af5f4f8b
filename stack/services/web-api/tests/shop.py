"""How the tests talk to the shop and look at what it told the Collector."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from flask.testing import FlaskClient
from opentelemetry.sdk.trace import ReadableSpan
from werkzeug.test import TestResponse

CUSTOMER = {"Authorization": "Bearer customer-token"}
CLERK = {"Authorization": "Bearer clerk-token"}
PARTNER = {"X-Api-Key": "partner-key"}
CHECKOUT = {"postcode": "10115", "card_token": "tok_5Qm2kVz8"}


def fill_cart(client: FlaskClient, sku: str = "P00003", quantity: int = 2) -> None:
    assert client.post("/api/v1/cart/items", json={"sku": sku, "quantity": quantity}).status_code == 201


def error(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.get_json()["error"]


def events(memory: SimpleNamespace, name: str) -> list[dict[str, Any]]:
    return [
        dict(entry.log_record.attributes)
        for entry in memory.records.get_finished_logs()
        if entry.log_record.event_name == name
    ]


def named(spans: Sequence[ReadableSpan], name: str) -> ReadableSpan:
    return next(span for span in spans if span.name == name)


def path(spans: Sequence[ReadableSpan], leaf: ReadableSpan) -> list[str]:
    """Kinds and names from the root to a span."""
    known = {span.context.span_id: span for span in spans}
    found: list[str] = []
    current: ReadableSpan | None = leaf
    while current is not None:
        found.insert(0, f"{current.kind.name} {current.name}")
        current = known.get(current.parent.span_id) if current.parent else None
    return found
