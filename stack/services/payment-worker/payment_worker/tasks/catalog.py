"""What search and recommendations are ranked by."""

import json
import logging
import math
from typing import Any

from payment_worker.app import app
from payment_worker.database import database
from payment_worker.events import event
from payment_worker.store import HOUR, store
from payment_worker.tracing import annotate, traced

RECENT = 20
RECOMMENDED = 12
LOW_RATING = 2.5
LOW_RATING_REVIEWS = 5

Row = dict[str, Any]


@app.task(name="catalog.reindex")
def reindex(sku: str) -> None:
    """Recompute a product's popularity and rating."""
    facts = measure(sku)
    if facts is None:
        message = "product %(product.sku)s is gone, not reindexed"
        event("catalog.product.missing", message, {"product.sku": sku}, logging.WARNING)
        return
    popularity = popularity_of(facts["sold"], facts["reviews"], facts["rating"])
    write_ranking(sku, popularity, facts)
    about = {
        "product.sku": sku,
        "product.popularity": round(popularity, 4),
        "product.popularity.old": round(facts["popularity"], 4),
        "product.rating": facts["rating"],
        "product.reviews": facts["reviews"],
    }
    message = "product %(product.sku)s reindexed: popularity %(product.popularity).2f"
    event("catalog.reindexed", message, about)
    if facts["reviews"] >= LOW_RATING_REVIEWS and facts["rating"] < LOW_RATING:
        message = "product %(product.sku)s is rated %(product.rating).1f by %(product.reviews)d customers"
        event("catalog.rating.low", message, about, logging.WARNING)


@traced("catalog.measure")
def measure(sku: str) -> Row | None:
    """Count sales of the last 30 days and reviews."""
    annotate({"product.sku": sku})
    return (
        database()
        .execute(
            "SELECT p.popularity, r.reviews, r.rating, s.sold FROM products p,"
            " LATERAL (SELECT count(*) AS reviews, coalesce(avg(rating), 0)::float8 AS rating FROM reviews"
            "  WHERE sku = p.sku) r,"
            " LATERAL (SELECT coalesce(sum(i.quantity), 0)::int8 AS sold FROM order_items i"
            "  JOIN orders o ON o.id = i.order_id WHERE i.sku = p.sku AND o.created_at > now() - interval '30 days') s"
            " WHERE p.sku = %s",
            (sku,),
        )
        .fetchone()
    )


def popularity_of(sold: int, reviews: int, rating: float) -> float:
    """Sales count by their logarithm; ratings pull up or down, the more the more there are."""
    return math.log1p(sold) + (rating - 3) * math.log1p(reviews) / 4 if reviews else math.log1p(sold)


@traced("catalog.write_ranking")
def write_ranking(sku: str, popularity: float, facts: Row) -> None:
    """Store both where search and product pages look."""
    annotate({"product.sku": sku, "product.popularity": popularity})
    database().execute("UPDATE products SET popularity = %s WHERE sku = %s", (max(0.0, popularity), sku))
    store().hset(f"rating:{sku}", mapping={"average": round(facts["rating"], 2), "count": facts["reviews"]})


@app.task(name="recommendations.update")
def update_recommendations(user_id: str, sku: str) -> None:
    """Remember what somebody looked at and find what goes with it."""
    recent = remember(user_id, sku)
    found = neighbours(sku, recent)
    about = {"user.id": user_id, "product.sku": sku, "recommendations.count": len(found)}
    if not found:
        message = "nobody bought anything with %(product.sku)s, no recommendations for %(user.id)s"
        event("recommendations.none", message, about)
        return
    store().set(f"recommendations:{user_id}", json.dumps(found), ex=HOUR)
    message = "%(recommendations.count)d recommendations for %(user.id)s after %(product.sku)s"
    event("recommendations.updated", message, about)


@traced("recommendations.remember")
def remember(user_id: str, sku: str) -> list[str]:
    """The newest first, each once."""
    annotate({"user.id": user_id, "product.sku": sku})
    key = f"recent:{user_id}"
    with store().pipeline() as pipeline:
        pipeline.lrem(key, 0, sku)
        pipeline.lpush(key, sku)
        pipeline.ltrim(key, 0, RECENT - 1)
        pipeline.expire(key, 24 * HOUR)
        pipeline.lrange(key, 0, -1)
        return [item.decode() for item in pipeline.execute()[-1]]


@traced("recommendations.neighbours")
def neighbours(sku: str, recent: list[str]) -> list[str]:
    """What others bought together with it and this customer has not just seen."""
    annotate({"product.sku": sku, "recommendations.seen": len(recent)})
    rows = database().execute(
        "SELECT other.sku FROM order_items item JOIN order_items other USING (order_id)"
        " WHERE item.sku = %s AND other.sku <> ALL(%s) GROUP BY other.sku ORDER BY count(*) DESC, other.sku LIMIT %s",
        (sku, [sku, *recent], RECOMMENDED),
    )
    return [row["sku"] for row in rows]
