"""Stock that an order had reserved."""

from typing import Any

from psycopg import Connection

from payment_worker.events import event
from payment_worker.tracing import annotate, traced


@traced("stock.return")
def return_stock(connection: Connection[Any], order_id: int) -> None:
    """Put an order's items back, within the caller's transaction; rows are locked in the order all lock them."""
    annotate({"order.id": order_id})
    connection.execute(
        "SELECT sku FROM stock WHERE sku IN (SELECT sku FROM order_items WHERE order_id = %s) ORDER BY sku FOR UPDATE",
        (order_id,),
    )
    returned = connection.execute(
        "UPDATE stock SET quantity = stock.quantity + item.quantity, updated_at = now()"
        " FROM order_items item WHERE item.order_id = %s AND item.sku = stock.sku",
        (order_id,),
    ).rowcount
    event(
        "stock.returned",
        "%(order.items)d items of order %(order.id)d are back in stock",
        {"order.id": order_id, "order.items": returned},
    )
