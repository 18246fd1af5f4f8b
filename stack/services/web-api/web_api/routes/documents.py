"""Pages: small, rendered here, without resources from elsewhere. What belongs to a person comes by the API."""

from flask import Blueprint, abort, render_template

from .. import options
from ..forms import Page, ProductQuery, SearchQuery, query
from ..services import cart, catalog, reviews, search
from ..telemetry import traced

blueprint = Blueprint("documents", __name__)

HELP = {
    "shipping": "We ship on the next working day. The price is quoted at checkout.",
    "returns": "Send anything back within 30 days; we pay for it.",
    "payment": "Cards are charged by our payment provider when the order is accepted.",
    "contact": "Write to service@northwind-market.com or use the form in your account.",
    "privacy": "We keep what an order needs, and nothing else.",
}


@traced("documents.render")
def _page(template: str, **values: object) -> str:
    banner = options.flag("free-shipping-banner")
    return render_template(template, banner=banner, categories=catalog.categories(), **values)


@blueprint.get("/")
def home() -> str:
    """The front page."""
    return _page("home.html", products=catalog.popular())


@blueprint.get("/c/<slug>")
def category(slug: str) -> str:
    """A category."""
    wanted = query(ProductQuery)
    found = catalog.category(slug)
    products = catalog.products(slug, wanted.page, wanted.sort)
    return _page("category.html", category=found, products=products, page=wanted.page)


@blueprint.get("/p/<sku>")
def product(sku: str) -> str:
    """A product."""
    found = catalog.product(sku)
    return _page(
        "product.html",
        product=found,
        quantity=catalog.stock(sku),
        reviews=reviews.of_product(sku, 1) if found["reviews"] else [],
        ask_for_review=options.flag("review-prompts"),
    )


@blueprint.get("/search")
def results() -> str:
    """What was found; a text that is too short finds nothing."""
    wanted = query(SearchQuery)
    long_enough = len(wanted.q) >= options.number("search.min_length")
    found = search.products(wanted.q, wanted.page) if long_enough else []
    return _page("search.html", text=wanted.q, products=found, page=wanted.page)


@blueprint.get("/cart")
def basket() -> str:
    """The cart."""
    return _page("cart.html", cart=cart.read())


@blueprint.get("/checkout")
def checkout() -> str:
    """The last step."""
    return _page("checkout.html", cart=cart.read())


@blueprint.get("/account")
def account() -> str:
    """A shell that the API fills."""
    return _page("account.html")


@blueprint.get("/account/orders")
def orders() -> str:
    """A shell that the API fills."""
    return _page("orders.html", page=query(Page).page)


@blueprint.get("/account/orders/<int:order_id>")
def order(order_id: int) -> str:
    """A shell that the API fills."""
    return _page("order.html", order_id=order_id)


@blueprint.get("/help/<page>")
def help_page(page: str) -> str:
    """Answers to what people ask."""
    if page not in HELP:
        abort(404)
    return _page("help.html", title=page, text=HELP[page])
