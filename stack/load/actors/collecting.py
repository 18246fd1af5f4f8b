"""Exfiltration, and work that looks like it: a clerk's account reads the orders and customers of the whole shop.

Both come through the same routes of the back office. Whoever collects takes list after list, customer after customer
and every export; whoever closes the month compares lists with a report and takes the exports that the books need.
"""

from collections.abc import Callable, Iterator
from itertools import count

from load import crowd
from load.actors.errand import Errand, draws, pause
from load.actors.order import Order
from load.backoffice import ADMIN
from load.steps import Itinerary, Session, Step
from seed import people

PLACES = ("desk", "home", "rented")
STATUSES = ("shipped", "paid", "", "cancelled", "refunded", "declined")
ORDER_PAGES = {"shipped": 66, "paid": 8, "": 82, "cancelled": 4, "refunded": 5, "declined": 3}  # at the opening
EXPORTS = ("customers", "orders", "products")
BUILDING = 6.0  # seconds that somebody gives an export before the first look


def collect(order: Order) -> Iterator[Itinerary]:
    """pace (seconds between two steps), at_once (calls a step), customers (share of steps), exports, place."""
    r = draws(order, 0, "campaign")
    errand = Errand(order, _session(order, r.choice(people.CLERKS), 1, 0.0))
    _enter(errand)
    pace, at_once, lookups = order.number("pace"), int(order.number("at_once")), order.share("customers")
    lists = _lists(errand, r.sample(STATUSES, len(STATUSES)))
    customers = _customers(errand, r.randint(people.CUSTOMERS.start, 1500))
    exports = list(EXPORTS[: int(order.params.get("exports", 0))])
    asked, due = False, pause(r, BUILDING)
    while errand.clock < order.seconds:
        if exports and errand.clock > due:  # the worker builds while more is taken
            if asked:
                _fetch(errand, pause(r, pace))
                exports.pop(0)
            else:
                _request(errand, exports[0], pause(r, pace))
            asked, due = not asked, errand.clock + pause(r, BUILDING, 0.4)
            continue
        steps = customers if r.random() < lookups else lists
        errand.go("collect", pause(r, pace))
        errand.wave([next(steps) for _ in range(at_once)])
    yield errand.done()


def close_month(order: Order) -> Iterator[Itinerary]:
    """people (who do it at once), pace (seconds between two steps), place."""
    r = draws(order, 0, "campaign")
    clerks = r.sample((*people.ADMINS, *people.CLERKS), int(order.number("people")))
    for n, clerk in enumerate(clerks, 1):
        start = 0.0 if n == 1 else round(r.uniform(0.5, 12.0), 3)
        errand = Errand(order, _session(order, clerk, n, start))
        _enter(errand)
        pace, at_once = order.number("pace"), int(order.number("at_once"))
        lists = _lists(errand, ["shipped", *errand.r.sample(("paid", "refunded", "cancelled"), 3)])
        customers = _customers(errand, errand.r.choice(people.CUSTOMERS[:1500]), jump=True)
        exports = errand.r.sample(EXPORTS, len(EXPORTS))
        while errand.clock < order.seconds:
            _report(errand, pause(errand.r, 2 * pace))
            if exports:
                _request(errand, exports.pop(), pause(errand.r, 2.0))
                _fetch(errand, pause(errand.r, BUILDING, 0.4))
            for _ in range(errand.r.randint(4, 10)):
                errand.go("compare", pause(errand.r, pace))
                errand.wave([next(lists) for _ in range(at_once)])
            for _ in range(errand.r.randint(0, 2)):
                errand.go("lookup", pause(errand.r, pace))
                errand.wave([next(customers)])
        yield errand.done()


def _session(order: Order, clerk: int, n: int, start: float) -> Session:
    r = draws(order, n, "who")
    place = order.choice("place", PLACES)
    address, agent = crowd.clerk(clerk)
    if place != "desk":
        address = crowd.address("shopper", r) if place == "home" else crowd.exits(r, 1)[0]
        agent = crowd.agent("shopper", r)
    return Session(n, start, "clerk", clerk, address, agent, {"signed": "password"})


def _enter(errand: Errand) -> None:
    assert errand.person is not None
    errand.go("signin", 0.0)
    errand.sign_in(errand.person.email, errand.person.password)
    errand.go("desk", pause(errand.r, 1.5))
    errand.wave([errand.call("GET", f"{ADMIN}/orders", f"{ADMIN}/orders?status=paid", auth="must")])


def _lists(errand: Errand, statuses: list[str]) -> Iterator[Step]:
    for status in (status for _ in count() for status in statuses):
        for page in range(1, ORDER_PAGES[status] + 1):
            query = f"?status={status}&page={page}" if status else f"?page={page}"
            yield errand.call("GET", f"{ADMIN}/orders", f"{ADMIN}/orders{query}", auth="must")


def _customers(errand: Errand, first: int, jump: bool = False) -> Iterator[Step]:
    stride: Callable[[], int] = (lambda: errand.r.randint(1, 400)) if jump else (lambda: 1)
    number = first
    while True:
        yield errand.call("GET", f"{ADMIN}/users/<user_id>", f"{ADMIN}/users/u{number}", auth="must")
        number = people.CUSTOMERS.start + (number + stride() - people.CUSTOMERS.start) % len(people.CUSTOMERS)


def _request(errand: Errand, kind: str, think: float) -> None:
    path = f"{ADMIN}/exports"
    errand.go("export", think)
    errand.wave([errand.call("POST", path, body={"kind": kind}, auth="must", expect=202, gives="export")])


def _fetch(errand: Errand, think: float) -> None:
    route, path = f"{ADMIN}/exports/<int:export_id>", f"{ADMIN}/exports/{{export}}"
    errand.go("check", think)
    errand.wave([errand.call("GET", route, path, auth="must")])
    errand.go("download", pause(errand.r, 1.0))
    errand.wave([errand.call("GET", f"{route}/file", f"{path}/file", auth="must")])


def _report(errand: Errand, think: float) -> None:
    days = errand.r.choice((30, 30, 90))
    errand.go("reports", think)
    path = f"{ADMIN}/reports/sales"
    errand.wave([errand.call("GET", path, f"{path}?days={days}", auth="must")])
