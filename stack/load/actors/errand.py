"""A visit with a purpose: the ordinary pages and calls, at a pace of its own."""

from collections.abc import Callable, Iterator
from random import Random

from load import accounts, tables
from load.actors.order import Order
from load.itinerary import numbered, stream
from load.screens import Visit
from load.steps import Itinerary, Session

GUST_SECONDS = 2.0


class Errand(Visit):
    """Adds pages as `Visit` does, and says itself how long it waits before each."""

    def __init__(self, order: Order, session: Session) -> None:
        super().__init__(session, draws(order, session.n, "way"))
        self._order = order

    def go(self, name: str, think: float) -> None:
        """The next page, so many seconds after the last one's answer."""
        self.turn(name, round(think if self.pages else 0.0, 3))

    def sign_in(self, email: str, password: str, expect: int = 200) -> None:
        """What the tried pair is good for shows in the answer; later calls need its token."""
        step = accounts.login(email, password)
        step.expect = expect
        self.wave([step])
        self.token_at = self.clock if expect == 200 else None

    def done(self) -> Itinerary:
        """The way with its ids, drawn as everybody's are."""
        pages = [page for page in self.pages if page.waves]
        return numbered(Itinerary(self.session, pages), draws(self._order, self.session.n))


def draws(order: Order, number: int, *more: str) -> Random:
    """A generator of its own for each session of an actor."""
    return stream(order.seed, number, order.episode, order.actor, *more)


def pause(r: Random, median: float, sigma: float = 0.6, longest: float = 8.0) -> float:
    """Seconds between two clicks, or between two requests of a program."""
    return min(median * longest, median * r.lognormvariate(0.0, sigma))


def arrivals(r: Random, rate: float, level: Callable[[float], float] = lambda _: 1.0) -> Iterator[float]:
    """Times at which sessions begin: so many a second on average, in gusts as visitors come; the first at once.

    `level` says how much of the rate there is at a time, in seconds from the beginning.
    """
    yield 0.0
    begun, left = 0.0, r.expovariate(1.0)
    while True:
        gust = r.gammavariate(tables.NOISE_SHAPE, 1 / tables.NOISE_SHAPE)
        expected = rate * gust * level(begun + GUST_SECONDS / 2) * GUST_SECONDS
        at = 0.0
        while left <= expected * (1 - at / GUST_SECONDS):
            at += GUST_SECONDS * left / expected
            yield round(begun + at, 3)
            left = r.expovariate(1.0)
        left -= expected * (1 - at / GUST_SECONDS)
        begun += GUST_SECONDS
