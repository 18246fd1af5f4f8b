"""What a session is made of: pages, waves of requests that leave together, and the requests."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Session:
    """One visit, as the plan holds it."""

    n: int
    start: float  # seconds; negative when it began before the run
    kind: str  # shopper, mobile, partner, clerk
    user: int | None
    address: str
    agent: str
    choices: dict[str, Any] = field(default_factory=dict)  # signed: remembered, password, later, never; device

    @classmethod
    def of(cls, entry: dict[str, Any]) -> "Session":
        return cls(**entry)


@dataclass(slots=True)
class Step:
    """One request."""

    method: str
    route: str  # the template that web-api will match; empty: none
    path: str
    body: Any = None
    auth: str = ""  # may: a token if there is one; must: only with one; key: the partner's key
    expect: int = 200
    gives: str = ""  # what later steps need of the answer: tokens, order, shippable, export, goodbye
    when: str = ""  # signed-out: only if there is no token by then
    lasting: str = ""  # session or cart: what it leaves behind at the shop
    delay: float = 0.0  # after its wave has begun
    hang_up: float | None = None  # seconds of patience
    number: int = 0
    at: float = 0.0  # seconds after the session's start, if answers took no time
    trace_id: str = ""
    span_id: str = ""


@dataclass(slots=True)
class Wave:
    """Requests that leave together, `pause` seconds after the wave before was answered."""

    pause: float
    steps: list[Step]


@dataclass(slots=True)
class Page:
    """What one click brings: a document and the calls it makes, or the calls of an app's screen."""

    name: str
    at: float
    think: float = 0.0  # before it, counted from the answer of the page before
    waves: list[Wave] = field(default_factory=list)

    def steps(self) -> Iterator[Step]:
        for wave in self.waves:
            yield from wave.steps


@dataclass(slots=True)
class Itinerary:
    session: Session
    pages: list[Page]

    def steps(self) -> Iterator[Step]:
        for page in self.pages:
            yield from page.steps()

    @property
    def duration(self) -> float:
        return max((step.at for step in self.steps()), default=0.0)
