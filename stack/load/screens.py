"""Pages of the shop: which document and calls each click brings. How often comes from the tables."""

from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import quote_plus

from load import accounts, backoffice, tables
from load.products import misspelt, product_of, search_text, zipf_product
from load.steps import Page, Session, Step, Wave
from seed import catalogue, history
from seed.people import Person, person

PRODUCT = "/api/v1/products/<sku>"
SETTLING = 0.02  # seconds that an answer takes, for the times of the plan


class Visit:
    """A session on its way. Screens add pages; `walk` chains them by the tables."""

    def __init__(self, session: Session, r: Random) -> None:
        self.session, self.r = session, r
        self.kind = session.kind
        self.person: Person | None = person(session.user) if session.user else None
        self.signed: str = session.choices.get("signed", "never")
        self.pages: list[Page] = []
        self.clock = 0.0
        self.token_at: float | None = None  # when the last token came
        self.product = zipf_product(r)
        self.visitor = f"{r.getrandbits(48):012x}"  # by which the shop's own scripts know a browser
        self.cart: dict[str, int] = {}
        self.ordered = False  # in this session
        self.wishes: list[str] = []
        self.cursor = 0
        self.cut = False  # somebody has hung up on this page

    # --- building blocks ---------------------------------------------------------------------------------------

    @property
    def audience(self) -> str:
        if self.kind in ("partner", "clerk"):
            return self.kind
        return "guest" if self.token_at is None else "customer"

    def chance(self, probability: float) -> bool:
        return self.r.random() < probability

    def errs(self, mistake: str) -> bool:
        return self.chance(tables.MISTAKES[mistake])

    def lognormal(self, shape: tuple[float, float, float]) -> float:
        median, sigma, longest = shape
        return round(min(longest, median * self.r.lognormvariate(0.0, sigma)), 3)

    def page(self, name: str) -> None:
        think = 0.0
        if self.pages:
            pace = tables.MOBILE_PACE if self.kind == "mobile" else 1.0
            last = self.pages[-1].name
            think = round(self.lognormal(tables.THINK.get(last, tables.THINK_ELSE)) * pace, 3)
        self.turn(name, think)

    def turn(self, name: str, think: float) -> None:
        self.clock = round(self.clock + think, 3)
        self.pages.append(Page(name, self.clock, think))
        self.cut = False
        if self.token_at is not None and self.clock - self.token_at > tables.TOKEN_SECONDS:
            accounts.refresh(self, "{refresh_token}")

    def wave(self, steps: list[Step], pause: float | None = None) -> None:
        if self.cut or not steps:
            return
        waves = self.pages[-1].waves
        if pause is None:
            pause = self.lognormal(tables.RENDER) if waves else 0.0
        begun = self.clock + pause
        for i, step in enumerate(steps):
            step.delay = round(step.delay + (self.r.uniform(0.0, tables.STAGGER) if i else 0.0), 3)
            step.at = round(begun + step.delay, 3)
        waves.append(Wave(pause, steps))
        self.clock = round(max(step.at for step in steps) + SETTLING, 3)

    def document(self, route: str, path: str, expect: int = 200) -> bool:
        """Browsers load it first; apps have their own screens. False when nothing comes of it."""
        if self.kind == "mobile" and not route.startswith("/help"):
            return True
        first = not any(page.waves for page in self.pages)
        if first and self.signed != "remembered" and "?" not in path and self.chance(tables.CALLS["campaign"]):
            path += self.r.choice(tables.CAMPAIGNS).format(self.r.getrandbits(40))
        self.awaited(Step("GET", route, path, expect=expect), slow=route == "/search")
        if first and self.chance(tables.CALLS["icon"]):
            icon = "/apple-touch-icon.png" if "iPhone" in self.session.agent else "/favicon.ico"
            self.wave([Step("GET", "", icon, expect=404)])
        return not self.cut and expect < 400

    def awaited(self, step: Step, slow: bool) -> None:
        """Somebody waits for it; some hang up, and then nothing more of the page is asked."""
        hangs_up = self.errs("hang_up_slow" if slow else "hang_up")
        if hangs_up:
            step.hang_up = self.lognormal(tables.HANG_UP)
        self.wave([step])
        self.cut = self.cut or hangs_up

    def call(self, method: str, route: str, path: str | None = None, **more: Any) -> Step:
        more.setdefault("auth", "may" if self.token_at is not None else "")
        return Step(method, route, path or route, **more)

    def twice(self, step: Step, mistake: str, expect: int) -> list[Step]:
        """A double click sends it again before the first answer is there."""
        if not self.errs(mistake):
            return [step]
        path = step.path.replace("{shippable}", "{shipped}")
        again = Step(step.method, step.route, path, step.body, step.auth, expect)
        again.delay = round(self.r.uniform(0.12, 0.4), 3)
        return [step, again]

    def badge(self) -> list[Step]:
        return [self.call("GET", "/api/v1/cart")] if self.chance(tables.CALLS["cart_badge"]) else []

    # --- the way -----------------------------------------------------------------------------------------------

    def walk(self) -> list[Page]:
        screens: dict[str, Callable[[Visit], None]] = {**SCREENS, **backoffice.SCREENS}
        if self.signed in ("remembered", "password"):
            accounts.arrive(self)
        name = self.next("enter")
        while name != "out" and len(self.pages) < tables.LONGEST[self.kind]:
            screens[name](self)
            name = self.next(name)
        return [page for page in self.pages if page.waves]

    def next(self, name: str) -> str:
        rows = tables.WAYS[self.audience]
        row = rows.get(name) or rows["home"]
        found = self.r.choices(list(row), list(row.values()))[0]
        if found in ("checkout", "coupon", "change") and not self.cart:
            return "product"
        if found in ("checkout", "pay") and self.token_at is None and not accounts.sign_in_to_buy(self):
            return "out"
        if found == "pay" and not self.cart:
            return "out"
        return found


def home(v: Visit) -> None:
    v.page("home")
    if not v.document("/", "/"):
        return
    calls = [v.call("GET", "/api/v1/categories")] if v.chance(tables.CALLS["categories"]) else []
    if v.kind == "mobile":
        calls.append(v.call("GET", "/api/v1/products", "/api/v1/products?sort=popular"))
    if v.audience == "customer" and v.chance(tables.CALLS["recommendations"]):
        calls.append(v.call("GET", "/api/v1/recommendations", auth="must"))
    v.wave(calls + v.badge())


def category(v: Visit) -> None:
    v.page("category")
    v.product = zipf_product(v.r)
    slug = catalogue.categories()[v.product.category_id - 1].slug
    if v.errs("dead_category"):
        slug = v.r.choice((f"{slug}-sale", "outlet", "new-in", f"{slug[:-1]}"))
        found = v.document("/c/<slug>", f"/c/{slug}", 404)
        if found and v.kind == "mobile":
            v.wave([v.call("GET", "/api/v1/products", f"/api/v1/products?category={slug}", expect=404)])
        return
    query = ""
    if v.chance(tables.CALLS["listing_page_2"]):
        query += f"&page={2 + int(v.r.expovariate(1.1))}"
    if v.chance(tables.CALLS["listing_sorted"]):
        query += f"&sort={v.r.choice(tables.SORTS)}"
    if v.document("/c/<slug>", f"/c/{slug}" + (f"?{query[1:]}" if query else "")):
        calls = [v.call("GET", "/api/v1/products", f"/api/v1/products?category={slug}{query}")]
        if v.chance(tables.CALLS["categories"]):
            calls.append(v.call("GET", "/api/v1/categories"))
        v.wave(calls + v.badge())


def search(v: Visit) -> None:
    v.page("search")
    v.product = zipf_product(v.r)
    text = v.r.choice(tables.HARD_SEARCHES) if v.chance(0.03) else search_text(v.product, v.r)
    if v.errs("search_typo"):
        text = misspelt(text, v.r)
    if short := v.errs("short_search"):
        text = text[:1]
    typed = 0.0
    suggestions: list[Step] = []
    while len(suggestions) < 4 and (not suggestions or v.chance(tables.CALLS["suggest_more"])):
        length = min(len(text), 2 + len(suggestions) * 2 + v.r.randint(0, 2))
        path = f"/api/v1/search/suggest?q={quote_plus(text[:length])}&vid={v.visitor}"
        suggestions.append(v.call("GET", "/api/v1/search/suggest", path, delay=round(typed, 3)))
        typed += v.lognormal(tables.TYPING)
    v.wave(suggestions)
    query = f"q={quote_plus(text)}" + ("&page=2" if v.chance(tables.CALLS["search_page_2"]) else "")
    if v.document("/search", f"/search?{query}"):
        step = v.call("GET", "/api/v1/search", f"/api/v1/search?{query}", expect=422 if short else 200)
        v.wave([step, *v.badge()])


def product(v: Visit) -> None:
    if v.pages and v.pages[-1].name == "product":
        v.product = zipf_product(v.r)  # a related one, or the next of a list
    v.page("product")
    if v.errs("dead_link"):
        sku = f"P{v.r.randint(catalogue.PRODUCTS + 1, 99_999):05d}"
        v.document("/p/<sku>", f"/p/{sku}", 404)
        if v.kind == "mobile":
            v.wave([v.call("GET", PRODUCT, f"/api/v1/products/{sku}", expect=404)])
        return
    sku = v.product.sku
    base = f"/api/v1/products/{sku}"
    if not v.document("/p/<sku>", f"/p/{sku}"):
        return
    calls = [v.call("GET", PRODUCT, base), v.call("GET", f"{PRODUCT}/stock", f"{base}/stock")]
    if v.kind != "mobile" and v.chance(0.5):
        calls.pop(0)  # rendered into the document
    if v.chance(tables.CALLS["reviews"]):
        page = "?page=2" if v.chance(tables.CALLS["reviews_page_2"]) else ""
        calls.append(v.call("GET", f"{PRODUCT}/reviews", f"{base}/reviews{page}"))
    if v.chance(tables.CALLS["related"]):
        calls.append(v.call("GET", f"{PRODUCT}/related", f"{base}/related?vid={v.visitor}"))
    if v.audience == "customer" and v.chance(tables.CALLS["recently_viewed"]):
        calls.append(v.call("POST", "/api/v1/recently-viewed", body={"sku": sku}, auth="must", expect=202))
    v.wave(calls[:4])


def add(v: Visit) -> None:
    v.page("add")
    wanted = product_of(v.r.choice(catalogue.sold_out())) if v.errs("sold_out") else v.product
    quantity = v.r.choices((1, 2, 3), (82, 13, 5))[0]
    fits = v.cart.get(wanted.sku, 0) + quantity <= wanted.stock
    step = v.call("POST", "/api/v1/cart/items", body={"sku": wanted.sku, "quantity": quantity},
                  expect=201 if fits else 409, lasting="cart" if fits else "")  # fmt: skip
    if fits:
        v.cart[wanted.sku] = v.cart.get(wanted.sku, 0) + quantity
    v.wave(v.twice(step, "double_click", step.expect))
    v.wave([v.call("GET", "/api/v1/cart"), *_estimate(v, "added_estimate")])


def cart(v: Visit) -> None:
    v.page("cart")
    if v.document("/cart", "/cart"):
        v.wave([v.call("GET", "/api/v1/cart"), *_estimate(v, "cart_estimate")])


def _estimate(v: Visit, where: str) -> list[Step]:
    """What shipping will cost, shown beside a cart."""
    if not (v.cart and v.chance(tables.CALLS[where])):
        return []
    return [v.call("POST", "/api/v1/checkout/shipping-quote", body={"postcode": _postcode(v)})]


def change(v: Visit) -> None:
    v.page("change")
    sku = v.r.choice(list(v.cart))
    route, path = "/api/v1/cart/items/<sku>", f"/api/v1/cart/items/{sku}"
    if len(v.cart) > 1 and v.chance(0.4):
        del v.cart[sku]
        v.wave(v.twice(v.call("DELETE", route, path, expect=204, lasting="cart"), "double_click", 404))
    else:
        quantity = v.cart[sku] = v.r.choices((1, 2, 3, 4), (40, 35, 17, 8))[0]
        v.wave([v.call("PATCH", route, path, body={"quantity": quantity}, lasting="cart")])
    v.wave([v.call("GET", "/api/v1/cart")])


def coupon(v: Visit) -> None:
    v.page("coupon")
    bad = v.errs("bad_coupon")
    codes = (*tables.BAD_COUPONS, *catalogue.EXPIRED_COUPONS) if bad else catalogue.VALID_COUPONS
    code = v.r.choice(codes)
    v.wave([v.call("POST", "/api/v1/cart/coupon", body={"code": code}, expect=422 if bad else 200)])
    if not bad:
        v.wave([v.call("GET", "/api/v1/cart")])


def checkout(v: Visit) -> None:
    v.page("checkout")
    if not v.document("/checkout", "/checkout"):
        return
    v.wave([v.call("GET", "/api/v1/cart"), v.call("GET", "/api/v1/account", auth="must")])
    route, postcode = "/api/v1/checkout/shipping-quote", _postcode(v)
    if v.errs("bad_postcode"):
        v.wave([v.call("POST", route, body={"postcode": postcode[:-1]}, expect=422)], pause=v.r.uniform(3.0, 6.0))
    v.awaited(v.call("POST", route, body={"postcode": postcode}), slow=True)


def pay(v: Visit) -> None:
    v.page("pay")
    card = v.person.card_token if v.person else f"card_{v.r.getrandbits(96):024x}"
    step = v.call("POST", "/api/v1/checkout", body={"postcode": _postcode(v), "card_token": card}, auth="must",
                  expect=202, gives="order")  # fmt: skip
    v.wave(v.twice(step, "double_pay", 422))
    v.cart.clear()
    v.ordered = True
    if v.document("/account/orders/<int:order_id>", "/account/orders/{order}"):
        v.wave([v.call("GET", "/api/v1/orders/<int:order_id>", "/api/v1/orders/{order}", auth="must"),
                v.call("GET", "/api/v1/cart")])  # fmt: skip


def orders(v: Visit) -> None:
    v.page("orders")
    if v.document("/account/orders", "/account/orders"):
        v.wave([v.call("GET", "/api/v1/orders", auth="must"), *v.badge()])


def order(v: Visit) -> None:
    number, expect = _an_order(v), 200
    if v.errs("other_order"):
        number, expect = str(v.r.randint(history.FIRST_ORDER, history.FIRST_ORDER + history.ORDERS - 1)), 404
    if number is None:
        orders(v)
        return
    v.page("order")
    if v.document("/account/orders/<int:order_id>", f"/account/orders/{number}"):
        step = v.call("GET", "/api/v1/orders/<int:order_id>", f"/api/v1/orders/{number}", auth="must", expect=expect)
        v.wave([step, *v.badge()])


def cancel(v: Visit) -> None:
    past = history.orders_of(v.person.number) if v.person else ()
    if v.ordered:
        number, expect = "{order}", 202
    elif paid := [o.id for o in past if o.status == "paid"]:
        number, expect = str(paid[-1]), 202
    elif past and v.errs("too_late_to_cancel"):
        number, expect = str(past[-1].id), 409
    else:
        orders(v)
        return
    v.page("cancel")
    step = v.call("POST", "/api/v1/orders/<int:order_id>/cancel", f"/api/v1/orders/{number}/cancel", auth="must",
                  expect=expect)  # fmt: skip
    v.wave(v.twice(step, "double_click", 409))
    v.ordered = False
    v.wave([v.call("GET", "/api/v1/orders", auth="must")])


def review(v: Visit) -> None:
    v.page("review")
    mine = history.reviewed_by(v.person.number) if v.person else ()
    sku, expect = v.product.sku, 409 if v.product.sku in mine else 201
    if mine and v.errs("already_reviewed"):
        sku, expect = mine[0], 409
    rating = v.r.choices((1, 2, 3, 4, 5), (5, 6, 14, 32, 43))[0]
    body = " ".join(v.r.sample(history.SENTENCES, v.r.randint(1, 3)))
    step = v.call("POST", f"{PRODUCT}/reviews", f"/api/v1/products/{sku}/reviews", auth="must", expect=expect,
                  body={"rating": rating, "title": v.r.choice(history.TITLES), "body": body})  # fmt: skip
    v.wave(v.twice(step, "double_click", 409))
    v.wave([v.call("GET", f"{PRODUCT}/reviews", f"/api/v1/products/{sku}/reviews")])


def wishlist(v: Visit) -> None:
    v.page("wishlist")
    v.wave([v.call("GET", "/api/v1/wishlist", auth="must"), *v.badge()])


def wish(v: Visit) -> None:
    v.page("wish")
    sku = v.product.sku
    expect = 200 if sku in v.wishes else 201
    v.wishes.append(sku)
    v.wave([v.call("PUT", "/api/v1/wishlist/<sku>", f"/api/v1/wishlist/{sku}", auth="must", expect=expect)])


def unwish(v: Visit) -> None:
    if not v.wishes:
        wishlist(v)
        return
    v.page("unwish")
    sku = v.r.choice(v.wishes)
    v.wishes = [s for s in v.wishes if s != sku]
    v.wave([v.call("DELETE", "/api/v1/wishlist/<sku>", f"/api/v1/wishlist/{sku}", auth="must", expect=204)])


def help_page(v: Visit) -> None:
    v.page("help")
    dead = v.errs("dead_help")
    name = v.r.choice(("faq", "stores", "warranty") if dead else catalogue.HELP_PAGES)
    v.document("/help/<page>", f"/help/{name}", 404 if dead else 200)


def _postcode(v: Visit) -> str:
    return v.person.postcode if v.person else f"{v.r.randint(10000, 98999)}"


def _an_order(v: Visit) -> str | None:
    if v.ordered:
        return "{order}"
    past = history.orders_of(v.person.number) if v.person else ()
    return str(v.r.choice(past).id) if past else None


SCREENS: dict[str, Callable[[Visit], None]] = {
    "home": home, "category": category, "search": search, "product": product, "add": add, "cart": cart,
    "change": change, "coupon": coupon, "checkout": checkout, "pay": pay, "orders": orders, "order": order,
    "cancel": cancel, "review": review, "wishlist": wishlist, "wish": wish, "unwish": unwish, "help": help_page,
    **accounts.SCREENS,
}  # fmt: skip
