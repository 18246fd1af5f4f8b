"""What sending a cart costs, asked of the payment provider while the customer waits."""

import logging
import time
from typing import Any

import requests

from .. import options
from ..errors import Refusal
from ..logs import event
from ..stores import stores
from ..telemetry import annotate, traced
from . import cart

log = logging.getLogger(__name__)

CONNECT_SECONDS = 0.5
QUOTE_SECONDS = 1800


@traced("shipping.quote")
def quote(postcode: str) -> dict[str, Any]:
    """A price and a number of days, or nothing in time."""
    grams = sum(item["weight_grams"] * item["quantity"] for item in cart.read()["items"])
    if not grams:
        raise Refusal(422, "empty_cart")
    annotate({"quote.grams": grams})
    deadline = options.number("quote.deadline_ms") / 1000
    begun = time.perf_counter()
    try:
        response = stores().http.get(
            f"{stores().config.provider_url}/v1/quotes",
            params={"postcode": postcode, "grams": grams},
            timeout=(min(CONNECT_SECONDS, deadline), deadline),
        )
    except requests.Timeout as error:
        elapsed = round((time.perf_counter() - begun) * 1000)
        event(
            log,
            "quote.timeout",
            "no shipping quote within %d ms",
            elapsed,
            level=logging.WARNING,
            attributes={"duration_ms": elapsed, "quote.grams": grams},
        )
        raise Refusal(504, "quote_timeout") from error
    except requests.ConnectionError as error:
        event(
            log,
            "quote.unavailable",
            "shipping provider unreachable: %s",
            type(error).__name__,
            level=logging.ERROR,
            attributes={"error.type": type(error).__name__},
        )
        raise Refusal(503, "quote_unavailable") from error
    status = response.status_code
    if status == 422:
        event(log, "quote.refused", "provider knows no such postcode", attributes={"quote.grams": grams})
        raise Refusal(422, "unknown_postcode")
    if status != 200:
        event(
            log,
            "quote.failed",
            "provider answered the quote with %d",
            status,
            level=logging.WARNING,
            attributes={"http.response.status_code": status},
        )
        raise Refusal(503, "quote_unavailable")
    answer: dict[str, Any] = response.json()
    stores().redis.set(cart.key(":shipping"), str(answer["price_cents"]), ex=QUOTE_SECONDS)
    elapsed = round((time.perf_counter() - begun) * 1000)
    event(
        log,
        "quote.received",
        "%d g cost %d cents, quoted in %d ms",
        grams,
        answer["price_cents"],
        elapsed,
        attributes={"quote.grams": grams, "quote.price_cents": answer["price_cents"], "duration_ms": elapsed},
    )
    return answer
