"""The cart and the shipping quote."""

from typing import Any

from flask import Blueprint, Response, g

from ..forms import CartItem, CartQuantity, Coupon, Destination, body
from ..identity import identify
from ..services import cart, shipping

blueprint = Blueprint("cart", __name__, url_prefix="/api/v1")


@blueprint.before_request
def greet() -> None:
    """Know whoever shows a token."""
    identify()


@blueprint.after_app_request
def give_cookie(response: Response) -> Response:
    """A visitor who has used a cart for the first time keeps it."""
    if g.get("new_cart"):
        response.set_cookie(cart.COOKIE, cart.cart_id(), max_age=cart.SECONDS, httponly=True, samesite="Lax", path="/")
    return response


@blueprint.get("/cart")
def read() -> dict[str, Any]:
    """The cart."""
    return cart.read()


@blueprint.post("/cart/items")
def add() -> tuple[dict[str, Any], int]:
    """More of a product."""
    item = body(CartItem)
    return {"sku": item.sku, "quantity": cart.add(item.sku, item.quantity)}, 201


@blueprint.patch("/cart/items/<sku>")
def change(sku: str) -> dict[str, Any]:
    """Another quantity."""
    quantity = body(CartQuantity).quantity
    cart.change(sku, quantity)
    return {"sku": sku, "quantity": quantity}


@blueprint.delete("/cart/items/<sku>")
def remove(sku: str) -> tuple[str, int]:
    """None any more."""
    cart.remove(sku)
    return "", 204


@blueprint.post("/cart/coupon")
def coupon() -> dict[str, Any]:
    """A coupon."""
    return {"percent": cart.apply_coupon(body(Coupon).code)}


@blueprint.post("/checkout/shipping-quote")
def quote() -> dict[str, Any]:
    """What sending costs."""
    return shipping.quote(body(Destination).postcode)
