"""What one session will send, worked out before anything is sent: pages, waves of requests, and their ids.

Two generators belong to a session. One finds the way through the shop, the other draws trace and span ids for every
step in order; neither ever sees an answer, so the same seed and number give the same steps and the same ids. What only
an answer can tell (tokens, numbers of new orders) stays a reference in braces until the step is sent.
"""

from dataclasses import replace
from hashlib import sha256
from random import Random

from load.screens import Visit
from load.steps import Itinerary, Page, Session, Step, Wave

# What only a visitor with something in the cart can do.
ON_A_CART = ("/api/v1/checkout", "/api/v1/checkout/shipping-quote", "/api/v1/cart/items/<sku>")


def build(seed: int, session: Session) -> Itinerary:
    way = Visit(session, stream(seed, session.n, "way")).walk()
    return numbered(Itinerary(session, way), stream(seed, session.n))


def numbered(itinerary: Itinerary, ids: Random) -> Itinerary:
    """Give every step its number and its ids."""
    for number, step in enumerate(itinerary.steps()):
        step.number = number
        step.trace_id, step.span_id = trace_ids(ids)
    return itinerary


def stream(seed: int, number: int, *more: str) -> Random:
    name = "/".join((str(seed), str(number), *more))
    return Random(int.from_bytes(sha256(name.encode()).digest()))


def trace_ids(r: Random) -> tuple[str, str]:
    return f"{r.getrandbits(128) or 1:032x}", f"{r.getrandbits(64) or 1:016x}"


def due(itinerary: Itinerary, now: float = 0.0) -> list[Page]:
    """The pages still to come at `now` in the run's time; times are counted from `now`.

    Of what a session entered midway has done before, it repeats what the rest stands on: the sign-in, and the cart if
    something is still to be done with it.
    """
    begun = now - itinerary.session.start
    if begun <= 0:
        return itinerary.pages
    rest = [page for page in itinerary.pages if page.at >= begun]
    if not rest:
        return []
    past = [step for page in itinerary.pages if page.at < begun for step in page.steps()]
    first = rest[0]
    opening = Page("resume", first.at, first.at - begun, [Wave(0.0, [step]) for step in _left_behind(past, rest)])
    for step in opening.steps():
        step.at = first.at
    if opening.waves:
        return [opening, replace(first, think=0.0), *rest[1:]]
    return [replace(first, think=first.at - begun), *rest[1:]]


def _left_behind(past: list[Step], rest: list[Page]) -> list[Step]:
    kept: list[Step] = []
    for step in past:
        if step.gives == "tokens" and not step.when:
            kept = [s for s in kept if s.lasting != "session"]
        elif step.gives in ("order", "goodbye"):
            gone = "cart" if step.gives == "order" else "session"
            kept = [s for s in kept if s.lasting != gone]
        if step.lasting:
            kept.append(step)
    needed = any(step.route in ON_A_CART for page in rest for step in page.steps())
    return [step for step in kept if step.lasting == "session" or needed]
