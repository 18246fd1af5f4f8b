"""What sellers do by program: read the catalogue, report stock, pass on orders."""

import logging
from typing import Any

from psycopg.errors import DeadlockDetected, LockNotAvailable

from .. import jobs
from ..errors import Refusal
from ..forms import PartnerOrder, StockLevel
from ..identity import current_user
from ..logs import event
from ..stores import rows, stores
from ..telemetry import annotate, traced
from .orders import FLAT_SHIPPING_CENTS, place

log = logging.getLogger(__name__)

PAGE_SIZE = 200
REINDEX_EVERY = 20


@traced("partner.catalog")
def catalog(cursor: str) -> dict[str, Any]:
    """The whole catalogue, page by page, after the sku in the cursor."""
    found = rows(
        "SELECT p.sku, p.name, p.price_cents, p.weight_grams, s.quantity FROM products p"
        " LEFT JOIN stock s ON s.sku = p.sku WHERE p.sku > %s ORDER BY p.sku LIMIT %s",
        cursor,
        PAGE_SIZE,
    )
    event(
        log,
        "partner.catalog.read",
        "read %d products after %s",
        len(found),
        cursor or "the start",
        attributes={"partner.products": len(found)},
    )
    return {"products": found, "cursor": found[-1]["sku"] if len(found) == PAGE_SIZE else None}


@traced("partner.stock")
def report_stock(levels: list[StockLevel]) -> int:
    """Set the stock of one's own products; all of them or none."""
    quantities = {level.sku: level.quantity for level in levels}
    skus = sorted(quantities)
    tenant = current_user().tenant_id
    annotate({"stock.products": len(skus)})
    try:
        with stores().pool.connection() as connection, connection.transaction():
            owned = connection.execute(
                "SELECT count(*) AS n FROM products WHERE sku = ANY(%s) AND tenant_id = %s", (skus, tenant)
            ).fetchone()
            if owned is None or owned["n"] != len(skus):
                event(
                    log,
                    "partner.stock.denied",
                    "stock report names %d products of others",
                    len(skus) - (owned["n"] if owned else 0),
                    level=logging.WARNING,
                    attributes={"stock.products": len(skus)},
                )
                raise Refusal(403, "not_your_product")
            connection.execute("SELECT sku FROM stock WHERE sku = ANY(%s) ORDER BY sku FOR UPDATE", (skus,))
            connection.execute(
                "UPDATE stock s SET quantity = w.quantity, updated_at = now()"
                " FROM unnest(%s::text[], %s::int[]) AS w(sku, quantity) WHERE s.sku = w.sku",
                (skus, [quantities[sku] for sku in skus]),
            )
    except (LockNotAvailable, DeadlockDetected) as error:
        event(
            log,
            "partner.stock.busy",
            "stock of %d products not set, rows are locked",
            len(skus),
            level=logging.WARNING,
            attributes={"stock.products": len(skus)},
        )
        raise Refusal(503, "stock_busy") from error
    for sku in skus[::REINDEX_EVERY]:
        jobs.enqueue(jobs.reindex, sku)
    event(log, "partner.stock.updated", "stock of %d products set", len(skus), attributes={"stock.products": len(skus)})
    return len(skus)


@traced("partner.orders")
def order(orders: list[PartnerOrder]) -> list[int]:
    """Place orders one after the other; the first that fails ends it."""
    placed = []
    for entry in orders:
        quantities: dict[str, int] = {}
        for item in entry.items:
            quantities[item.sku] = quantities.get(item.sku, 0) + item.quantity
        terms = {"postcode": entry.postcode, "shipping_cents": FLAT_SHIPPING_CENTS}
        placed.append(place(current_user(), quantities, terms, channel="partner"))
        jobs.enqueue(jobs.charge, placed[-1])
    event(log, "partner.orders.accepted", "accepted %d orders", len(placed), attributes={"partner.orders": len(placed)})
    return placed
