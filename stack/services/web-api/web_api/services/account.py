"""What belongs to one customer: the account, the wishlist, what the shop recommends."""

import json
import logging
from typing import Any, cast

from redis.exceptions import RedisError

from .. import jobs
from ..errors import Refusal
from ..identity import current_user
from ..logs import event
from ..metrics import CACHE_REQUESTS
from ..stores import execute, row, rows, stores
from ..telemetry import annotate, traced
from .catalog import CARD, product

log = logging.getLogger(__name__)

RECOMMENDED = 8


@traced("account.read")
def read() -> dict[str, Any]:
    """One's own account."""
    found = row(
        "SELECT u.id, u.name, u.email, t.name AS tenant, u.roles, u.created_at,"
        " (SELECT count(*) FROM orders o WHERE o.user_id = u.id) AS orders"
        " FROM users u JOIN tenants t ON t.id = u.tenant_id WHERE u.id = %s",
        current_user().user_id,
    )
    if found is None:
        event(log, "account.missing", "no account %s", current_user().user_id, level=logging.WARNING)
        raise Refusal(404, "unknown_user")
    return found


@traced("account.rename")
def rename(name: str) -> None:
    """Another name."""
    execute("UPDATE users SET name = %s WHERE id = %s", name, current_user().user_id)
    event(
        log,
        "account.changed",
        "%s changed the name on the account",
        current_user().user_id,
        attributes={"account.fields": ["name"]},
    )


@traced("wishlist.read")
def wishlist() -> list[dict[str, Any]]:
    """The newest wish first."""
    return rows(
        f"SELECT {CARD}, w.created_at FROM wishlist w JOIN products p ON p.sku = w.sku"
        " JOIN categories c ON c.id = p.category_id WHERE w.user_id = %s ORDER BY w.created_at DESC LIMIT 100",
        current_user().user_id,
    )


@traced("wishlist.add")
def wish(sku: str) -> bool:
    """Whether it was not on the list before."""
    product(sku)
    added = execute(
        "INSERT INTO wishlist (user_id, sku) VALUES (%s, %s) ON CONFLICT DO NOTHING", current_user().user_id, sku
    )
    if added:
        event(log, "wishlist.added", "%s wishes for %s", current_user().user_id, sku, attributes={"product.sku": sku})
    return bool(added)


@traced("wishlist.remove")
def unwish(sku: str) -> None:
    """Take it off the list."""
    if not execute("DELETE FROM wishlist WHERE user_id = %s AND sku = %s", current_user().user_id, sku):
        raise Refusal(404, "not_on_wishlist")
    event(
        log,
        "wishlist.removed",
        "%s no longer wishes for %s",
        current_user().user_id,
        sku,
        attributes={"product.sku": sku},
    )


@traced("recommendations.viewed")
def viewed(sku: str) -> None:
    """Let the worker learn from it."""
    product(sku)
    jobs.enqueue(jobs.update_recommendations, current_user().user_id, sku)


@traced("recommendations.read")
def recommendations() -> list[dict[str, Any]]:
    """What the worker has worked out, else what is popular among the customer's categories."""
    user_id = current_user().user_id
    try:
        text = stores().redis.get(f"recommendations:{user_id}")
    except RedisError:
        text = None
    skus = json.loads(cast(str, text)) if text else []
    CACHE_REQUESTS.labels("recommendations", "hit" if skus else "miss").inc()
    annotate({"recommendations.source": "store" if skus else "database"})
    if skus:
        return rows(
            f"SELECT {CARD} FROM products p JOIN categories c ON c.id = p.category_id WHERE p.sku = ANY(%s)"
            " ORDER BY array_position(%s, p.sku) LIMIT %s",
            skus,
            skus,
            RECOMMENDED,
        )
    event(log, "recommendations.fallback", "nothing prepared for %s, asking the database", user_id)
    return rows(
        f"SELECT {CARD} FROM products p JOIN categories c ON c.id = p.category_id WHERE p.category_id IN"
        " (SELECT b.category_id FROM orders o JOIN order_items i ON i.order_id = o.id"
        " JOIN products b ON b.sku = i.sku WHERE o.user_id = %s)"
        " ORDER BY p.popularity DESC, p.sku LIMIT %s",
        user_id,
        RECOMMENDED,
    )
