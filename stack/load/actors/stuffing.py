"""Credential stuffing: pairs of e-mail and password that leaked elsewhere, tried by a rented network of devices.

Most of the people on such a list never were customers, most of the others use another password here. The few pairs that
open an account are looked at: who it is, what was ordered.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from load import accounts, crowd
from load.actors.errand import Errand, arrivals, draws, pause
from load.actors.order import Order
from load.steps import Itinerary, Session
from seed import history, people

RAMP = 3.0  # seconds until all devices are at work
APART = 25  # tries between two of the same e-mail
MANNERS = ("page", "app", "mixed")
NEVER_HERE = 20_000  # numbers of mailboxes that the shop has given to nobody
SAME_AGENT = 0.8  # of the tries through one device


@dataclass(frozen=True, slots=True)
class Pair:
    email: str
    password: str
    person: int | None  # whom it opens


def sessions(order: Order) -> Iterator[Itinerary]:
    """Each try is a session: rate (tries a second), addresses, workers, known, success (shares of e-mails), manner."""
    r = draws(order, 0, "campaign")
    manner = order.choice("manner", MANNERS)
    exits = crowd.exits(r, int(order.number("addresses")))
    agents = [(kind, crowd.agent(kind, r)) for kind in ("shopper", "mobile") for _ in exits]
    tried = pairs(r, order.share("known"), order.share("success"))
    for n, start in enumerate(arrivals(r, order.number("rate"), lambda t: min(1.0, 0.2 + 0.8 * t / RAMP)), 1):
        which = r.randrange(len(exits))
        app = manner == "app" or (manner == "mixed" and r.random() < 0.4)
        kind, agent = agents[which + len(exits) * app]
        if r.random() > SAME_AGENT:
            agent = crowd.agent(kind, r)
        session = Session(n, start, kind, None, exits[which], agent, {"signed": "never"})
        yield _try(order, session, next(tried))


def pairs(r: Random, known: float, success: float) -> Iterator[Pair]:
    """The list: everybody once, twice or three times, with a password each; `success` of the e-mails with theirs."""
    again: deque[tuple[int, str, int | None, int]] = deque()  # when, e-mail, person, tries left
    customers = r.sample(people.CUSTOMERS, len(people.CUSTOMERS))
    n, met, due = 0, 0, r.uniform(0.4, 1.0)
    while True:
        n += 1
        if again and again[0][0] <= n:
            _, email, person, left = again.popleft()
            yield Pair(email, leaked(r, person), None)
        else:
            person = customers[met % len(customers)] if r.random() < known else None
            email = people.person(person).email if person else _stranger(r)
            left, met, due = r.choices((0, 1, 2), (65, 25, 10))[0], met + 1, due + success
            if person and due >= 1.0:
                due, left = due - 1.0, 0
                yield Pair(email, people.person(person).password, person)
            else:
                yield Pair(email, leaked(r, person), None)
        if left:
            again.append((n + APART + r.randrange(APART), email, person, left - 1))


def leaked(r: Random, person: int | None) -> str:
    """A password that somebody had at another shop."""
    while True:
        one, other = r.sample(people.PASSWORD_WORDS, 2)
        name = r.choice(people.FIRST_NAMES)
        found = r.choice((
            f"{one}{r.randint(1, 9999)}", f"{one.title()}{r.randint(1950, 2012)}!", f"{one}-{other}",
            f"{one.title()}-{other}-{r.randint(1000, 9999)}", f"{name}{r.randint(1, 99):02d}",
        ))  # fmt: skip
        if person is None or found != people.person(person).password:
            return found


def _stranger(r: Random) -> str:
    first, last = r.choice(people.FIRST_NAMES), r.choice(people.LAST_NAMES)
    tail = r.choice(("", str(r.randint(1, 99)), str(r.randint(NEVER_HERE, 99_999))))
    return accounts.mail_address(first, last, tail, r)


def _try(order: Order, session: Session, pair: Pair) -> Itinerary:
    errand = Errand(order, session)
    r = errand.r
    if session.kind == "shopper":
        errand.go("signin", 0.0)
        errand.document("/account", "/account")
    errand.go("signin", pause(r, 1.6))
    errand.sign_in(pair.email, pair.password, 200 if pair.person else 401)
    if pair.person:
        _look_around(errand, pair.person)
    return errand.done()


def _look_around(errand: Errand, person: int) -> None:
    r = errand.r
    errand.go("account", pause(r, 1.2))
    errand.document("/account", "/account")
    errand.wave([errand.call("GET", "/api/v1/account", auth="must")])
    errand.go("orders", pause(r, 2.0))
    errand.document("/account/orders", "/account/orders")
    errand.wave([errand.call("GET", "/api/v1/orders", auth="must")])
    past = history.orders_of(person)
    for order in r.sample(past, min(len(past), r.randint(0, 2))):
        errand.go("order", pause(r, 2.0))
        errand.document("/account/orders/<int:order_id>", f"/account/orders/{order.id}")
        path = f"/api/v1/orders/{order.id}"
        errand.wave([errand.call("GET", "/api/v1/orders/<int:order_id>", path, auth="must")])
