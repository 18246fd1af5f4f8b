"""What customers think."""

import logging
from typing import Any

from .. import jobs
from ..errors import Refusal
from ..forms import ReviewForm
from ..identity import current_user
from ..logs import event
from ..stores import row, rows
from ..telemetry import annotate, traced
from .catalog import forget_product, product

log = logging.getLogger(__name__)

PAGE_SIZE = 10


@traced("reviews.list")
def of_product(sku: str, page: int) -> list[dict[str, Any]]:
    """The newest first; names are shortened by the reader's right to privacy."""
    return rows(
        "SELECT r.id, r.rating, r.title, r.body, r.created_at, split_part(u.name, ' ', 1) AS author"
        " FROM reviews r JOIN users u ON u.id = r.user_id WHERE r.sku = %s"
        " ORDER BY r.created_at DESC LIMIT %s OFFSET %s",
        sku,
        PAGE_SIZE,
        PAGE_SIZE * (page - 1),
    )


@traced("reviews.create")
def create(sku: str, form: ReviewForm) -> int:
    """One review a person and product."""
    product(sku)
    user = current_user()
    created = row(
        "INSERT INTO reviews (sku, user_id, rating, title, body) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (sku, user_id) DO NOTHING RETURNING id",
        sku,
        user.user_id,
        form.rating,
        form.title,
        form.body,
    )
    if created is None:
        event(log, "review.duplicate", "%s has reviewed %s already", user.user_id, sku, attributes={"product.sku": sku})
        raise Refusal(409, "already_reviewed")
    forget_product(sku)
    jobs.enqueue(jobs.reindex, sku)
    attributes = {"review.id": created["id"], "product.sku": sku, "review.rating": form.rating}
    annotate(attributes)
    event(log, "review.created", "review %d of %s with %d stars", *attributes.values(), attributes=attributes)
    number: int = created["id"]
    return number
