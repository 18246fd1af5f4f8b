"""Checkout and a customer's orders."""

from typing import Any

from flask import Blueprint

from ..forms import CheckoutForm, Page, body, query
from ..identity import requires
from ..services import orders

blueprint = Blueprint("orders", __name__, url_prefix="/api/v1")


@blueprint.post("/checkout")
@requires()
def checkout() -> tuple[dict[str, Any], int]:
    """Order what is in the cart."""
    form = body(CheckoutForm)
    return {"order_id": orders.checkout(form.postcode, form.card_token.get_secret_value())}, 202


@blueprint.get("/orders")
@requires()
def index() -> dict[str, Any]:
    """One's own orders."""
    page = query(Page).page
    return {"page": page, "orders": orders.of_user(page)}


@blueprint.get("/orders/<int:order_id>")
@requires()
def read(order_id: int) -> dict[str, Any]:
    """One of them."""
    return orders.read(order_id)


@blueprint.post("/orders/<int:order_id>/cancel")
@requires()
def cancel(order_id: int) -> tuple[dict[str, Any], int]:
    """Think better of it."""
    orders.cancel(order_id)
    return {"order_id": order_id, "status": "cancelled"}, 202
