"""Products, reviews and search."""

from typing import Any

from flask import Blueprint

from .. import options
from ..errors import Refusal
from ..forms import Page, ProductQuery, ReviewForm, SearchQuery, body, query
from ..identity import identify, requires
from ..services import catalog, reviews, search

blueprint = Blueprint("catalog", __name__, url_prefix="/api/v1")
PRODUCT = "/products/<sku>"


@blueprint.before_request
def greet() -> None:
    """Know whoever shows a token."""
    identify()


@blueprint.get("/categories")
def categories() -> dict[str, Any]:
    """All categories."""
    return {"categories": catalog.categories()}


@blueprint.get("/products")
def products() -> dict[str, Any]:
    """A page of products."""
    wanted = query(ProductQuery)
    return {"page": wanted.page, "products": catalog.products(wanted.category, wanted.page, wanted.sort)}


@blueprint.get(PRODUCT)
def product(sku: str) -> dict[str, Any]:
    """A product."""
    return catalog.product(sku)


@blueprint.get(f"{PRODUCT}/stock")
def stock(sku: str) -> dict[str, Any]:
    """How many there are."""
    return {"sku": sku, "quantity": catalog.stock(sku)}


@blueprint.get(f"{PRODUCT}/related")
def related(sku: str) -> dict[str, Any]:
    """What goes with it, when the feature is on."""
    if not options.flag("related-products"):
        raise Refusal(404, "not_available")
    return {"products": catalog.related(sku)}


@blueprint.get(f"{PRODUCT}/reviews")
def list_reviews(sku: str) -> dict[str, Any]:
    """A page of reviews."""
    page = query(Page).page
    return {"page": page, "reviews": reviews.of_product(sku, page)}


@blueprint.post(f"{PRODUCT}/reviews")
@requires()
def create_review(sku: str) -> tuple[dict[str, Any], int]:
    """A review of one's own."""
    return {"id": reviews.create(sku, body(ReviewForm))}, 201


@blueprint.get("/search")
def results() -> dict[str, Any]:
    """Products that match."""
    wanted = query(SearchQuery)
    return {"page": wanted.page, "products": search.products(wanted.q, wanted.page)}


@blueprint.get("/search/suggest")
def suggest() -> dict[str, Any]:
    """Names that begin so."""
    return {"suggestions": search.suggest(query(SearchQuery).q)}
