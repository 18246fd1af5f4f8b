"""Carts: a Redis hash of quantities for a day, and beside it the coupon and the last shipping quote."""

import logging
import secrets
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from flask import g, request

from .. import options
from ..errors import Refusal
from ..logs import event
from ..stores import row, rows, stores
from ..telemetry import annotate, traced
from .catalog import product, stock

log = logging.getLogger(__name__)

COOKIE = "cart"
SECONDS = 24 * 3600
T = TypeVar("T")


def _now(answer: Awaitable[T] | T) -> T:
    """redis-py types every answer as if it might be awaited."""
    return cast(T, answer)


def cart_id() -> str:
    """The visitor's cart; a new one when the cookie is missing or not one of ours."""
    if "cart_id" not in g:
        sent = request.cookies.get(COOKIE, "")
        g.new_cart = not (len(sent) == 22 and sent.replace("-", "").replace("_", "").isalnum())
        g.cart_id = secrets.token_urlsafe(16) if g.new_cart else sent
    found: str = g.cart_id
    return found


def key(part: str = "") -> str:
    """Where the cart, its coupon or its quote is kept."""
    return f"cart:{cart_id()}{part}"


@traced("cart.read")
def read() -> dict[str, Any]:
    """The cart with prices."""
    client = stores().redis
    with client.pipeline(transaction=False) as pipe:
        pipe.hgetall(key())
        pipe.get(key(":coupon"))
        pipe.get(key(":shipping"))
        quantities, coupon, shipping = pipe.execute()
    items = []
    if quantities:
        for entry in rows(
            "SELECT sku, name, price_cents, weight_grams FROM products WHERE sku = ANY(%s) ORDER BY sku",
            list(quantities),
        ):
            items.append({**entry, "quantity": int(quantities[entry["sku"]])})
    code, _, percent = (coupon or "").partition(":")
    subtotal = sum(item["price_cents"] * item["quantity"] for item in items)
    discount = subtotal * int(percent or 0) // 100
    annotate({"cart.items": len(items), "cart.subtotal_cents": subtotal})
    return {
        "items": items,
        "subtotal_cents": subtotal,
        "coupon": code or None,
        "discount_cents": discount,
        "shipping_cents": int(shipping) if shipping is not None else None,
        "total_cents": subtotal - discount + int(shipping or 0),
    }


@traced("cart.add")
def add(sku: str, quantity: int) -> int:
    """Put so many more into the cart; the new quantity comes back."""
    client = stores().redis
    product(sku)
    available = stock(sku)
    held = _now(client.hmget(key(), [sku]))[0]
    wanted = int(held or 0) + quantity
    attributes = {"product.sku": sku, "cart.quantity": wanted, "stock.available": available}
    if wanted > available:
        event(
            log, "cart.item.refused", "only %d of %s in stock, %d wanted", available, sku, wanted, attributes=attributes
        )
        raise Refusal(409, "out_of_stock")
    if held is None and _now(client.hlen(key())) >= options.number("cart.max_items"):
        event(log, "cart.full", "cart is full, %s not added", sku, attributes=attributes)
        raise Refusal(409, "cart_full")
    with client.pipeline(transaction=False) as pipe:
        pipe.hset(key(), sku, str(wanted))
        pipe.expire(key(), SECONDS)
        pipe.execute()
    event(log, "cart.item.added", "added %d of %s, now %d", quantity, sku, wanted, attributes=attributes)
    return wanted


@traced("cart.change")
def change(sku: str, quantity: int) -> None:
    """Another quantity of what is in the cart."""
    client = stores().redis
    if not _now(client.hexists(key(), sku)):
        raise Refusal(404, "not_in_cart")
    if quantity > (available := stock(sku)):
        event(
            log,
            "cart.item.refused",
            "cannot set %s to %d, only %d in stock",
            sku,
            quantity,
            available,
            attributes={"product.sku": sku, "cart.quantity": quantity, "stock.available": available},
        )
        raise Refusal(409, "out_of_stock")
    client.hset(key(), sku, str(quantity))
    event(
        log,
        "cart.item.changed",
        "quantity of %s is now %d",
        sku,
        quantity,
        attributes={"product.sku": sku, "cart.quantity": quantity},
    )


@traced("cart.remove")
def remove(sku: str) -> None:
    """Take a product out."""
    if not _now(stores().redis.hdel(key(), sku)):
        raise Refusal(404, "not_in_cart")
    event(log, "cart.item.removed", "removed %s", sku, attributes={"product.sku": sku})


@traced("cart.coupon")
def apply_coupon(code: str) -> int:
    """The percentage that the coupon takes off."""
    found = row("SELECT percent, valid_until FROM coupons WHERE code = %s", code)
    if found is None or found["valid_until"] < datetime.now(UTC):
        reason = "unknown_coupon" if found is None else "expired_coupon"
        event(log, "cart.coupon.rejected", "coupon not accepted: %s", reason, attributes={"error.type": reason})
        raise Refusal(422, reason)
    percent: int = found["percent"]
    stores().redis.set(key(":coupon"), f"{code}:{percent}", ex=SECONDS)
    event(
        log,
        "cart.coupon.applied",
        "coupon %s takes %d %% off",
        code,
        percent,
        attributes={"coupon.code": code, "coupon.percent": percent},
    )
    return percent


@traced("cart.clear")
def clear() -> None:
    """After the order."""
    stores().redis.delete(key(), key(":coupon"), key(":shipping"))
