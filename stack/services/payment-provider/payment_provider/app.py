"""The HTTP API."""

import asyncio
import json
import math
import re
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from payment_provider.latency import Clocks
from payment_provider.ledger import Answer, KeyReused, Ledger
from payment_provider.operations import RETRY_LATER_SECONDS, Operations, by_port
from payment_provider.settings import Settings

POSTCODE = re.compile(r"\d{5}")
MAX_GRAMS = 70_000
MAX_CENTS = 10_000_000


class Refused(Exception):
    """The request is answered with an error."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class Api:
    """The routes and what they share."""

    def __init__(self, settings: Settings) -> None:
        self.ledger = Ledger()
        self.operations = Operations(settings.rate_limit, settings.burst, settings.seed)
        self.clocks = Clocks(settings.seed)

    async def charge(self, request: Request) -> Response:
        """POST /v1/charges."""
        body = await _json(request)
        reference, card_token = _text(body, "reference"), _text(body, "card_token")
        amount = _integer(body, "amount_cents", MAX_CENTS)
        answer = _keyed(lambda: self.ledger.charge(_key(request), reference, amount, card_token))
        return await self._answer(answer, "charge")

    async def refund(self, request: Request) -> Response:
        """POST /v1/refunds."""
        body = await _json(request)
        charge_id, amount = _text(body, "charge_id"), _integer(body, "amount_cents", MAX_CENTS)
        answer = _keyed(lambda: self.ledger.refund(_key(request), charge_id, amount))
        return await self._answer(answer, "refund")

    async def quote(self, request: Request) -> Response:
        """GET /v1/quotes."""
        postcode = request.query_params.get("postcode", "")
        if not POSTCODE.fullmatch(postcode):
            raise Refused(422, "invalid_postcode")
        grams = _integer(dict(request.query_params), "grams", MAX_GRAMS)
        await self._networks("quote")
        return JSONResponse(shipping(postcode, grams))

    async def _answer(self, answer: Answer, operation: str) -> Response:
        # The decision stands before the networks have answered: a caller that hangs up and asks again gets the same.
        await self._networks("replay" if answer.replayed else operation)
        headers = {"Idempotent-Replayed": "true"} if answer.replayed else None
        return JSONResponse(answer.body, 201, headers)

    async def _networks(self, operation: str) -> None:
        await asyncio.sleep(self.clocks.draw(operation) * self.operations.conditions.slowdown)

    def limited(self, handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """Refuse calls above the rate limit, and those that meet a part under maintenance."""

        async def admitted(request: Request) -> Response:
            if (wait := self.operations.bucket.take()) > 0:
                return JSONResponse({"error": "rate_limited"}, 429, {"Retry-After": str(math.ceil(wait))})
            if self.operations.closed():
                return JSONResponse({"error": "maintenance"}, 503, {"Retry-After": str(RETRY_LATER_SECONDS)})
            return await handler(request)

        return admitted


def shipping(postcode: str, grams: int) -> dict[str, int]:
    """Price by weight and zone; far zones take longer."""
    zone = int(postcode[0])
    return {"price_cents": 390 + 35 * zone + 60 * math.ceil(grams / 1000), "days": 1 + (zone + 2) // 4}


async def health(_: Request) -> Response:
    """GET /health."""
    return JSONResponse({"status": "ok"})


def create_app(settings: Settings | None = None) -> Callable[..., Any]:
    """Make the application; with a port for operators it answers there as well, to them."""
    settings = settings or Settings.from_env()
    api = Api(settings)
    public = Starlette(
        routes=[
            Route("/v1/charges", api.limited(api.charge), methods=["POST"]),
            Route("/v1/refunds", api.limited(api.refund), methods=["POST"]),
            Route("/v1/quotes", api.limited(api.quote), methods=["GET"]),
            Route("/health", health, methods=["GET"]),
        ],
        exception_handlers={Refused: _refused},
    )
    if settings.operators is None:
        return public
    return by_port(public, api.operations.app(), settings.operators[1])


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return JSONResponse({"error": error.code}, error.status)


async def _json(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise Refused(400, "invalid_json") from None
    if not isinstance(body, dict):
        raise Refused(422, "invalid_request")
    return body


def _key(request: Request) -> str | None:
    return request.headers.get("Idempotency-Key")


def _keyed(call: Callable[[], Answer]) -> Answer:
    try:
        return call()
    except KeyReused:
        raise Refused(409, "idempotency_key_reused") from None


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 128:
        raise Refused(422, f"invalid_{name}")
    return value


def _integer(fields: dict[str, Any], name: str, limit: int) -> int:
    value = fields.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= limit:
        raise Refused(422, f"invalid_{name}")
    return value
