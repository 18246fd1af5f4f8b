"""Placing, listing and cancelling orders."""

import logging
from collections.abc import Mapping
from typing import Any

from psycopg import Connection
from psycopg.errors import DeadlockDetected, LockNotAvailable
from psycopg.rows import DictRow

from .. import jobs
from ..errors import Refusal
from ..identity import Principal, current_user
from ..logs import event
from ..metrics import ORDERS
from ..stores import row, rows, stores
from ..telemetry import annotate, traced
from . import cart

log = logging.getLogger(__name__)

PAGE_SIZE = 20
ATTEMPTS = 2
FLAT_SHIPPING_CENTS = 490
CARD_SECONDS = 3600
SUMMARY = "id, status, total_cents, shipping_cents, coupon, created_at, updated_at"


@traced("orders.checkout")
def checkout(postcode: str, card_token: str) -> int:
    """Turn the cart into an order and have it charged."""
    user = current_user()
    content = cart.read()
    if not content["items"]:
        event(log, "checkout.empty", "%s checked out an empty cart", user.user_id)
        raise Refusal(422, "empty_cart")
    shipping = content["shipping_cents"] if content["shipping_cents"] is not None else FLAT_SHIPPING_CENTS
    order_id = place(
        user,
        {item["sku"]: item["quantity"] for item in content["items"]},
        {
            "postcode": postcode,
            "coupon": content["coupon"],
            "shipping_cents": shipping,
            "discount_cents": content["discount_cents"],
        },
        channel="web",
    )
    stores().redis.set(f"card:{order_id}", card_token, ex=CARD_SECONDS)
    cart.clear()
    jobs.enqueue(jobs.charge, order_id)
    return order_id


@traced("orders.place")
def place(user: Principal, quantities: Mapping[str, int], terms: Mapping[str, Any], channel: str) -> int:
    """Reserve the stock and write the order, in one transaction; a row that stays locked is tried once more."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with stores().pool.connection() as connection, connection.transaction():
                order_id, total = _write(connection, user, quantities, terms)
            break
        except Refusal:
            ORDERS.labels(channel, "out_of_stock").inc()
            raise
        except (LockNotAvailable, DeadlockDetected) as error:
            attributes = {"stock.attempt": attempt, "error.type": type(error).__name__, "order.channel": channel}
            if attempt == ATTEMPTS:
                ORDERS.labels(channel, "stock_busy").inc()
                event(
                    log,
                    "stock.busy",
                    "stock rows still locked at attempt %d, order given up",
                    attempt,
                    level=logging.ERROR,
                    attributes=attributes,
                )
                raise Refusal(503, "stock_busy") from error
            event(
                log, "stock.retry", "stock rows are locked, trying again", level=logging.WARNING, attributes=attributes
            )
    ORDERS.labels(channel, "placed").inc()
    placed: dict[str, str | int] = {
        "order.id": order_id,
        "order.items": len(quantities),
        "order.total_cents": total,
        "order.channel": channel,
    }
    annotate(placed)
    event(log, "order.placed", "order %d placed: %d items for %d cents by %s", *placed.values(), attributes=placed)
    return order_id


def _write(
    connection: Connection[DictRow], user: Principal, quantities: Mapping[str, int], terms: Mapping[str, Any]
) -> tuple[int, int]:
    skus = sorted(quantities)  # always locked in this order, so that two orders cannot wait for each other
    found = connection.execute(
        "SELECT s.sku, s.quantity, p.price_cents FROM stock s JOIN products p ON p.sku = s.sku"
        " WHERE s.sku = ANY(%s) ORDER BY s.sku FOR UPDATE OF s",
        (skus,),
    ).fetchall()
    prices = {entry["sku"]: entry["price_cents"] for entry in found}
    if unknown := [sku for sku in skus if sku not in prices]:
        event(
            log,
            "order.refused",
            "cannot order %d unknown products",
            len(unknown),
            attributes={"order.items": len(skus), "order.unknown": len(unknown)},
        )
        raise Refusal(404, "unknown_product")
    if short := [entry["sku"] for entry in found if entry["quantity"] < quantities[entry["sku"]]]:
        event(
            log,
            "stock.conflict",
            "%d of %d products out of stock, first %s",
            len(short),
            len(skus),
            short[0],
            level=logging.WARNING,
            attributes={"product.sku": short[0], "order.items": len(skus)},
        )
        raise Refusal(409, "out_of_stock")
    amounts = [quantities[sku] for sku in skus]
    connection.execute(
        "UPDATE stock s SET quantity = s.quantity - w.quantity, updated_at = now()"
        " FROM unnest(%s::text[], %s::int[]) AS w(sku, quantity) WHERE s.sku = w.sku",
        (skus, amounts),
    )
    total = sum(prices[sku] * quantities[sku] for sku in skus)
    total += terms["shipping_cents"] - terms.get("discount_cents", 0)
    order = connection.execute(
        "INSERT INTO orders (user_id, tenant_id, status, total_cents, shipping_cents, coupon, postcode)"
        " VALUES (%s, %s, 'pending', %s, %s, %s, %s) RETURNING id",
        (user.user_id, user.tenant_id, total, terms["shipping_cents"], terms.get("coupon"), terms["postcode"]),
    ).fetchone()
    assert order is not None
    connection.execute(
        "INSERT INTO order_items (order_id, sku, quantity, price_cents)"
        " SELECT %s, * FROM unnest(%s::text[], %s::int[], %s::int[])",
        (order["id"], skus, amounts, [prices[sku] for sku in skus]),
    )
    return order["id"], total


@traced("orders.list")
def of_user(page: int) -> list[dict[str, Any]]:
    """The newest first."""
    return rows(
        f"SELECT {SUMMARY} FROM orders WHERE user_id = %s ORDER BY created_at DESC LIMIT %s OFFSET %s",
        current_user().user_id,
        PAGE_SIZE,
        PAGE_SIZE * (page - 1),
    )


@traced("orders.read")
def read(order_id: int) -> dict[str, Any]:
    """An order of one's own with its items; somebody else's is not there."""
    annotate({"order.id": order_id})
    order = row(
        f"SELECT {SUMMARY}, postcode FROM orders WHERE id = %s AND user_id = %s", order_id, current_user().user_id
    )
    if order is None:
        event(
            log,
            "order.missing",
            "no order %d of %s",
            order_id,
            current_user().user_id,
            attributes={"order.id": order_id},
        )
        raise Refusal(404, "unknown_order")
    items = rows(
        "SELECT i.sku, p.name, i.quantity, i.price_cents FROM order_items i JOIN products p ON p.sku = i.sku"
        " WHERE i.order_id = %s ORDER BY i.sku",
        order_id,
    )
    return {**order, "items": items}


@traced("orders.cancel")
def cancel(order_id: int) -> None:
    """Possible until it is shipped; the stock comes back and so does the money."""
    annotate({"order.id": order_id})
    try:
        with stores().pool.connection() as connection, connection.transaction():
            order = connection.execute(
                "SELECT status FROM orders WHERE id = %s AND user_id = %s FOR UPDATE",
                (order_id, current_user().user_id),
            ).fetchone()
            if order is None:
                raise Refusal(404, "unknown_order")
            if order["status"] not in ("pending", "paid"):
                event(
                    log,
                    "order.cancel.refused",
                    "order %d is %s, not cancelled",
                    order_id,
                    order["status"],
                    attributes={"order.id": order_id, "order.status": order["status"]},
                )
                raise Refusal(409, "not_cancellable")
            connection.execute("UPDATE orders SET status = 'cancelled', updated_at = now() WHERE id = %s", (order_id,))
            connection.execute(
                "UPDATE stock s SET quantity = s.quantity + i.quantity, updated_at = now()"
                " FROM (SELECT sku, quantity FROM order_items WHERE order_id = %s ORDER BY sku) i WHERE s.sku = i.sku",
                (order_id,),
            )
    except (LockNotAvailable, DeadlockDetected) as error:
        event(
            log,
            "order.cancel.busy",
            "order %d not cancelled, its rows are locked",
            order_id,
            level=logging.WARNING,
            attributes={"order.id": order_id},
        )
        raise Refusal(503, "stock_busy") from error
    jobs.enqueue(jobs.refund, order_id)
    ORDERS.labels("web", "cancelled").inc()
    event(
        log,
        "order.cancelled",
        "order %d cancelled, was %s",
        order_id,
        order["status"],
        attributes={"order.id": order_id, "order.status.previous": order["status"]},
    )
