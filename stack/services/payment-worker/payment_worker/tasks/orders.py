"""Receipts, and orders that nobody paid."""

import logging
from typing import Any

from payment_worker.app import app
from payment_worker.database import database
from payment_worker.events import event
from payment_worker.stock import return_stock
from payment_worker.store import HOUR, store
from payment_worker.tracing import annotate, traced

UNPAID_MINUTES = 10
EXPIRED_AT_ONCE = 50

Row = dict[str, Any]


@app.task(name="orders.send_receipt")
def send_receipt(order_id: int) -> None:
    """Write the order's receipt and leave it for the account page."""
    lines = load_lines(order_id)
    if not lines:
        message = "order %(order.id)d has no items, no receipt"
        event("receipt.skipped", message, {"order.id": order_id}, logging.WARNING)
        return
    text = render(order_id, lines)
    store().set(f"receipt:{order_id}", text, ex=HOUR)
    event(
        "receipt.sent",
        "receipt of order %(order.id)d sent, %(receipt.lines)d lines",
        {
            "order.id": order_id,
            "user.id": lines[0]["user_id"],
            "tenant.id": lines[0]["tenant_id"],
            "receipt.lines": len(lines),
            "receipt.bytes": len(text.encode()),
        },
    )


@traced("receipts.load_lines")
def load_lines(order_id: int) -> list[Row]:
    """Fetch the items with the order they belong to."""
    annotate({"order.id": order_id})
    return (
        database()
        .execute(
            "SELECT o.user_id, o.tenant_id, o.total_cents, o.shipping_cents, i.sku, i.quantity, i.price_cents, p.name"
            " FROM orders o JOIN order_items i ON i.order_id = o.id JOIN products p ON p.sku = i.sku"
            " WHERE o.id = %s ORDER BY i.sku",
            (order_id,),
        )
        .fetchall()
    )


@traced("receipts.render")
def render(order_id: int, lines: list[Row]) -> str:
    """Lay the receipt out as text."""
    annotate({"order.id": order_id, "receipt.lines": len(lines)})
    rows = [f"Receipt for order {order_id}", ""]
    rows += [f"{line['quantity']:>3} x {line['name']:<50.50} {euros(line['price_cents'])}" for line in lines]
    if lines[0]["shipping_cents"]:
        rows.append(f"      {'Shipping':<50} {euros(lines[0]['shipping_cents'])}")
    rows.append(f"      {'Total':<50} {euros(lines[0]['total_cents'])}")
    return "\n".join(rows) + "\n"


@app.task(name="orders.expire_unpaid")
def expire_unpaid() -> None:
    """Cancel orders whose payment never came, and put their items back."""
    expired = [order_id for order_id in find_unpaid() if expire(order_id)]
    event(
        "orders.expiry.finished",
        "%(orders.expired)d unpaid orders expired",
        {"orders.expired": len(expired), "orders.unpaid_minutes": UNPAID_MINUTES},
    )


@traced("orders.find_unpaid")
def find_unpaid() -> list[int]:
    """The oldest of them."""
    rows = database().execute(
        "SELECT id FROM orders WHERE status = 'pending' AND created_at < now() - make_interval(mins => %s)"
        " ORDER BY created_at LIMIT %s",
        (UNPAID_MINUTES, EXPIRED_AT_ONCE),
    )
    return [row["id"] for row in rows]


@traced("orders.expire")
def expire(order_id: int) -> bool:
    """Cancel one, unless it was paid this moment."""
    annotate({"order.id": order_id})
    connection = database()
    with connection.transaction():
        order = connection.execute(
            "UPDATE orders SET status = 'cancelled', updated_at = now() WHERE id = %s AND status = 'pending'"
            " RETURNING user_id, tenant_id, total_cents",
            (order_id,),
        ).fetchone()
        if order is None:
            return False
        return_stock(connection, order_id)
    event(
        "order.expired",
        "order %(order.id)d expired unpaid",
        {
            "order.id": order_id,
            "user.id": order["user_id"],
            "tenant.id": order["tenant_id"],
            "payment.amount_cents": order["total_cents"],
        },
        logging.WARNING,
    )
    return True


def euros(cents: int) -> str:
    """Format an amount."""
    return f"{cents / 100:>10.2f} EUR"
