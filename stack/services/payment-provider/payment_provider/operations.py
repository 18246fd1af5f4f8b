"""How the provider's own staff run it: capacity, maintenance, the networks' speed. As it starts, all is as agreed."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from random import Random
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from payment_provider.limits import TokenBucket

RETRY_LATER_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Conditions:
    """`rate_limit` and `burst` replace what was agreed (0 is what was agreed).

    A share `maintenance` of the calls meets a part that is being worked on (503); networks answer `slowdown` times as
    slowly.
    """

    rate_limit: float = 0.0
    burst: float = 0.0
    maintenance: float = 0.0
    slowdown: float = 1.0

    @classmethod
    def of(cls, given: Any) -> "Conditions":
        """Read JSON; whatever it does not name is as agreed.

        Raises:
            ValueError: an unknown name, or a value that is none.
        """
        known = {field.name for field in fields(cls)}
        if not isinstance(given, dict) or not set(given) <= known:
            raise ValueError(f"known are {', '.join(sorted(known))}")
        numbers = given.values()
        if not all(isinstance(value, int | float) and 0 <= value < float("inf") for value in numbers):
            raise ValueError("values are numbers that are not negative")
        found = cls(**given)
        if found.maintenance > 1 or not found.slowdown:
            raise ValueError("maintenance is a share of at most 1, slowdown is more than 0")
        return found


class Operations:
    """What holds now."""

    def __init__(self, rate: float, burst: float, seed: str) -> None:
        self._agreed = (rate, burst)
        self._seed = seed
        self.set(Conditions())

    def set(self, conditions: Conditions) -> None:
        """From now on."""
        rate, burst = self._agreed
        if conditions.rate_limit:
            rate, burst = conditions.rate_limit, conditions.burst or 2 * conditions.rate_limit
        self.conditions = conditions
        self.bucket = TokenBucket(rate, burst)
        self._parts = Random(f"{self._seed}/parts")

    def closed(self) -> bool:
        """Whether this call meets a part under maintenance."""
        share = self.conditions.maintenance
        return share > 0 and self._parts.random() < share

    def app(self) -> Starlette:
        """`GET` and `PUT /conditions`."""

        async def show(_: Request) -> Response:
            return JSONResponse(asdict(self.conditions))

        async def change(request: Request) -> Response:
            try:
                self.set(Conditions.of(await request.json()))
            except ValueError as error:
                return JSONResponse({"error": str(error)}, 422)
            return await show(request)

        return Starlette(
            routes=[Route("/conditions", show, methods=["GET"]), Route("/conditions", change, methods=["PUT"])]
        )


def by_port(public: Callable[..., Any], operators: Callable[..., Any], port: int) -> Callable[..., Any]:
    """One server with two ports: what comes in on the operators' is theirs alone."""

    async def choose(scope: dict[str, Any], receive: Any, send: Any) -> None:
        inside = scope["type"] == "http" and (scope.get("server") or (None, None))[1] == port
        await (operators if inside else public)(scope, receive, send)

    return choose
