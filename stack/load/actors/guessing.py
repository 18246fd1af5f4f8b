"""Guessing one account's password, and the people who have forgotten theirs."""

from collections.abc import Iterator

from load import accounts, crowd
from load.actors.errand import Errand, arrivals, draws, pause
from load.actors.order import Order
from load.actors.stuffing import leaked
from load.steps import Itinerary, Session
from seed import people

GUESSED = ("123456", "password", "qwerty123", "northwind", "welcome1", "letmein1", "iloveyou", "summer2026")


def guess(order: Order) -> Iterator[Itinerary]:
    """One account from one address, rate tries a second; it goes on when the shop has locked it."""
    r = draws(order, 0, "campaign")
    person = people.person(r.choice(people.CUSTOMERS))
    kind = r.choice(("shopper", "mobile"))
    errand = Errand(order, Session(1, 0.0, kind, None, crowd.exits(r, 1)[0], crowd.agent(kind, r), {"signed": "never"}))
    rate = order.number("rate")
    if kind == "shopper":
        errand.go("signin", 0.0)
        errand.document("/account", "/account")
    tried = 0
    while errand.clock < order.seconds:
        errand.go("signin", pause(errand.r, 1 / rate, 0.5))
        known = r.sample(GUESSED, len(GUESSED))
        errand.sign_in(person.email, known[tried] if tried < len(known) else leaked(r, person.number), 401)
        tried += 1
    yield errand.done()


def forget(order: Order) -> Iterator[Itinerary]:
    """People (a second: rate) who try what they remember, tries at most; most find it, some lock themselves out."""
    r = draws(order, 0, "campaign")
    tries, found = int(order.number("tries")), order.share("remembered")
    for n, start in enumerate(arrivals(r, order.number("rate")), 1):
        person = people.person(r.choice(people.CUSTOMERS))
        which = r.choice((0, 0, 1, 2))
        kind, address, agent = crowd.device(person.number, which)
        session = Session(n, start, kind, person.number, address, agent, {"signed": "later", "device": which})
        errand = Errand(order, session)
        if kind == "shopper":
            errand.go("signin", 0.0)
            errand.document("/account", "/account")
        for _ in range(errand.r.randint(2, tries)):
            errand.go("signin", pause(errand.r, 4.0, 0.5))
            errand.sign_in(person.email, accounts.mistyped(errand, person.password), 401)
        if errand.chance(found):
            errand.go("signin", pause(errand.r, 6.0, 0.5))
            errand.sign_in(person.email, person.password)
            errand.go("orders", pause(errand.r, 3.0))
            errand.document("/account/orders", "/account/orders")
            errand.wave([errand.call("GET", "/api/v1/orders", auth="must")])
        yield errand.done()
