"""Products and categories."""

import logging
from typing import Any

from .. import options
from ..errors import Refusal
from ..logs import event
from ..stores import cached, forget, row, rows
from ..telemetry import annotate, traced

log = logging.getLogger(__name__)

CATEGORIES_SECONDS = 300
LISTING_SECONDS = 30

ORDERS = {
    "popular": "p.popularity DESC, p.sku",
    "price": "p.price_cents, p.sku",
    "-price": "p.price_cents DESC, p.sku",
    "new": "p.created_at DESC, p.sku",
}
CARD = "p.sku, p.name, p.price_cents, p.popularity, c.slug AS category"


@traced("catalog.categories")
def categories() -> list[dict[str, Any]]:
    """All of them, in order."""
    found: list[dict[str, Any]] = cached(
        "categories",
        "categories",
        CATEGORIES_SECONDS,
        lambda: rows("SELECT id, slug, name FROM categories ORDER BY id"),
    )
    return found


def category(slug: str) -> dict[str, Any]:
    """One category."""
    for entry in categories():
        if entry["slug"] == slug:
            return entry
    event(log, "category.missing", "no category %s", slug[:40], attributes={"category.slug": slug[:40]})
    raise Refusal(404, "unknown_category")


@traced("catalog.products")
def products(slug: str | None, page: int, sort: str) -> list[dict[str, Any]]:
    """One page of a category, or of everything."""
    size = options.number("catalog.page_size")
    annotate({"catalog.category": slug or "all", "catalog.page": page, "catalog.sort": sort})
    where, parameters = ("WHERE p.category_id = %s ", [category(slug)["id"]]) if slug else ("", [])
    sql = (
        f"SELECT {CARD} FROM products p JOIN categories c ON c.id = p.category_id {where}"
        f"ORDER BY {ORDERS[sort]} LIMIT %s OFFSET %s"
    )
    listing: list[dict[str, Any]] = cached(
        "listing",
        f"listing:{slug}:{sort}:{size}:{page}",
        LISTING_SECONDS,
        lambda: rows(sql, *parameters, size, size * (page - 1)),
    )
    return listing


@traced("catalog.product")
def product(sku: str) -> dict[str, Any]:
    """One product with its rating."""
    annotate({"product.sku": sku})
    found: dict[str, Any] | None = cached(
        "product",
        f"product:{sku}",
        options.number("cache.product_ttl"),
        lambda: row(
            "SELECT p.sku, p.tenant_id, p.name, p.description, p.price_cents, p.weight_grams, p.popularity,"
            " c.slug AS category, c.name AS category_name,"
            " (SELECT round(avg(rating), 2)::float FROM reviews r WHERE r.sku = p.sku) AS rating,"
            " (SELECT count(*) FROM reviews r WHERE r.sku = p.sku) AS reviews"
            " FROM products p JOIN categories c ON c.id = p.category_id WHERE p.sku = %s",
            sku,
        ),
    )
    if found is None:
        event(log, "product.missing", "no product %s", sku[:20], attributes={"product.sku": sku[:20]})
        raise Refusal(404, "unknown_product")
    return found


def forget_product(sku: str) -> None:
    """Something about it has changed."""
    forget(f"product:{sku}")


@traced("catalog.stock")
def stock(sku: str) -> int:
    """How many there are, now."""
    found = row("SELECT quantity FROM stock WHERE sku = %s", sku)
    if found is None:
        event(log, "stock.unknown", "no stock kept of %s", sku[:20], attributes={"product.sku": sku[:20]})
        raise Refusal(404, "unknown_product")
    quantity: int = found["quantity"]
    return quantity


@traced("catalog.related")
def related(sku: str) -> list[dict[str, Any]]:
    """What people bought together with it, else what is popular in its category."""
    together = rows(
        f"SELECT {CARD}, count(*) AS times FROM order_items a JOIN order_items b USING (order_id)"
        " JOIN products p ON p.sku = b.sku JOIN categories c ON c.id = p.category_id"
        " WHERE a.sku = %s AND b.sku <> a.sku GROUP BY p.sku, c.slug ORDER BY times DESC, p.sku LIMIT 6",
        sku,
    )
    if together:
        return together
    return rows(
        f"SELECT {CARD} FROM products p JOIN categories c ON c.id = p.category_id"
        " WHERE p.category_id = (SELECT category_id FROM products WHERE sku = %s) AND p.sku <> %s"
        " ORDER BY p.popularity DESC LIMIT 6",
        sku,
        sku,
    )


@traced("catalog.popular")
def popular() -> list[dict[str, Any]]:
    """For the front page."""
    found: list[dict[str, Any]] = cached(
        "popular",
        "popular",
        LISTING_SECONDS,
        lambda: rows(
            f"SELECT {CARD} FROM products p JOIN categories c ON c.id = p.category_id"
            " ORDER BY p.popularity DESC, p.sku LIMIT 12"
        ),
    )
    return found
