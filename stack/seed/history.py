"""What happened before the shop opened: orders, payments and reviews. Times are days before the opening."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from seed.catalogue import VALID_COUPONS, by_popularity, product
from seed.draw import digest, rng
from seed.people import CUSTOMERS, person

ORDERS = 4000
FIRST_ORDER = 96_001  # the table's own numbers start at 100001
UNSETTLED = 160  # of the newest payments
REVIEWS = 5200
HISTORY_DAYS = 90.0
STATUSES = {"shipped": 0.83, "cancelled": 0.04, "refunded": 0.05, "declined": 0.03, "paid": 0.05}
SHIPPING_CENTS = (0, 490, 690, 990)
TITLES = (
    "Very happy", "Good value", "Does the job", "Better than expected", "Not for me", "Would buy again", "A bit small",
    "Lovely colour", "Well made", "Arrived quickly", "Feels sturdy", "Just right",
)  # fmt: skip
SENTENCES = (
    "I have used it every day for a month.", "The finish is excellent.", "It is lighter than it looks.",
    "Packaging could be simpler.", "Bought a second one for my sister.", "The colour differs a little from the photo.",
    "Instructions were easy to follow.", "Customer service answered within an hour.", "It has held up well so far.",
    "Delivery took longer than promised.", "Exactly as described.", "I would like it in other sizes.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Order:
    id: int
    user: int
    items: tuple[tuple[str, int, int], ...]  # sku, quantity, price in cents
    status: str
    shipping_cents: int
    coupon: str | None
    days_ago: float

    @property
    def total_cents(self) -> int:
        return sum(quantity * price for _, quantity, price in self.items) + self.shipping_cents


@dataclass(frozen=True, slots=True)
class Payment:
    order: Order
    kind: str
    status: str
    reference: str | None


@dataclass(frozen=True, slots=True)
class Review:
    sku: str
    user: int
    rating: int
    title: str
    body: str
    days_ago: float


@cache
def _popular() -> tuple[list[int], list[float]]:
    numbers = list(by_popularity())
    return numbers, list(accumulate(product(n).popularity for n in numbers))


@cache
def orders() -> tuple[Order, ...]:
    """Oldest first, so that ids rise with time."""
    r = rng("orders")
    numbers, weights = _popular()
    ages = sorted((0.05 + HISTORY_DAYS * r.random() ** 1.3 for _ in range(ORDERS)), reverse=True)
    found = []
    for i, age in enumerate(ages):
        chosen = dict.fromkeys(r.choices(numbers, cum_weights=weights, k=1 + min(5, int(r.expovariate(0.9)))))
        items = tuple((product(n).sku, r.choice((1, 1, 1, 2, 3)), product(n).price_cents) for n in chosen)
        status = r.choices(list(STATUSES), list(STATUSES.values()))[0]
        if age < 3 and status == "shipped":
            status = "paid"
        coupon = r.choice(VALID_COUPONS) if r.random() < 0.08 else None
        user = r.choice(CUSTOMERS)
        found.append(Order(FIRST_ORDER + i, user, items, status, r.choice(SHIPPING_CENTS), coupon, age))
    return tuple(found)


@cache
def _orders_by_user() -> dict[int, tuple[Order, ...]]:
    found: dict[int, tuple[Order, ...]] = {}
    for order in orders():
        found[order.user] = (*found.get(order.user, ()), order)
    return found


def orders_of(user: int) -> tuple[Order, ...]:
    return _orders_by_user().get(user, ())


def payments() -> Iterator[Payment]:
    for order in orders():
        reference = f"ch_{digest('charge', order.id).hex()[:20]}"
        if order.status == "declined":
            yield Payment(order, "charge", "declined", reference)
        elif order.status != "cancelled":
            yield Payment(order, "charge", "authorised", reference)
        if order.status == "refunded":
            yield Payment(order, "refund", "authorised", f"re_{digest('refund', order.id).hex()[:20]}")


@cache
def reviews() -> tuple[Review, ...]:
    r = rng("reviews")
    numbers, weights = _popular()
    found: dict[tuple[str, int], Review] = {}
    while len(found) < REVIEWS:
        sku, user = product(r.choices(numbers, cum_weights=weights)[0]).sku, r.choice(CUSTOMERS)
        rating = r.choices((1, 2, 3, 4, 5), (4, 6, 14, 33, 43))[0]
        body = " ".join(r.sample(SENTENCES, r.randint(1, 4)))
        review = Review(sku, user, rating, r.choice(TITLES), body, 1 + 300 * r.random())
        found.setdefault((sku, user), review)
    return tuple(found.values())


def reviewed_by(user: int) -> tuple[str, ...]:
    return _reviewed().get(user, ())


@cache
def _reviewed() -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for review in reviews():
        found[review.user] = (*found.get(review.user, ()), review.sku)
    return found


def postcode_of(order: Order) -> str:
    return person(order.user).postcode
