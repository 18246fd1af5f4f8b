"""A rush of sign-ins: the shop's own people on a Monday morning, when what their devices remembered has run out.

Some mistype their password. About half only look where their order is; the others stay and shop.
"""

from collections.abc import Iterator

from load import accounts, crowd, tables
from load.actors.errand import arrivals, draws
from load.actors.order import Order
from load.itinerary import numbered
from load.screens import Visit
from load.steps import Itinerary, Session
from seed.people import CUSTOMERS

RISE, FALL = 8.0, 90.0  # seconds until most come, and until a third as many still do
ONLY_ORDERS = 0.5


class Rusher(Visit):
    """One of them: ordinary in all but when they come and how carefully they type."""

    def __init__(self, order: Order, session: Session) -> None:
        super().__init__(session, draws(order, session.n, "way"))
        self._mistakes = {
            **tables.MISTAKES, "stale_token": 1.0, "wrong_password": order.share("typos"), "wrong_again": 0.3,
        }  # fmt: skip

    def errs(self, mistake: str) -> bool:
        return self.chance(self._mistakes[mistake])

    def way(self) -> Itinerary:
        if self.chance(ONLY_ORDERS):
            accounts.arrive(self)
            self.page("orders")
            if self.document("/account/orders", "/account/orders"):
                self.wave([self.call("GET", "/api/v1/orders", auth="must")])
        else:
            self.walk()
        return Itinerary(self.session, [page for page in self.pages if page.waves])


def sessions(order: Order) -> Iterator[Itinerary]:
    """rate (people a second at the height), typos, expired (shares of them), office (share that sits at work)."""
    r = draws(order, 0, "campaign")
    expired, office = order.share("expired"), order.share("office")

    def level(t: float) -> float:
        return min(1.0, 0.3 + 0.7 * t / RISE) / 3 ** (max(0.0, t - RISE) / FALL)

    for n, start in enumerate(arrivals(r, order.number("rate"), level), 1):
        user, which = r.choice(CUSTOMERS), r.choice((0, 0, 0, 1, 1, 2))
        kind, address, agent = crowd.device(user, which)
        if kind == "shopper" and r.random() < office:
            address = crowd.office(r)
        signed = "remembered" if r.random() < expired else "password"
        session = Session(n, start, kind, user, address, agent, {"signed": signed, "device": which})
        yield numbered(Rusher(order, session).way(), draws(order, n))
