"""Finding products by words."""

import hashlib
import logging
import time
from typing import Any

from psycopg.errors import QueryCanceled

from .. import options
from ..errors import Refusal
from ..logs import event
from ..stores import cached, rows
from ..telemetry import annotate, traced

log = logging.getLogger(__name__)

SLOW_SECONDS = 0.4
SUGGEST_SECONDS = 120
SUGGESTIONS = 8
PAGE_SIZE = 24
CARD = "p.sku, p.name, p.price_cents, p.popularity"


def _pattern(text: str) -> str:
    return "%" + text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"


@traced("search.products")
def products(text: str, page: int) -> list[dict[str, Any]]:
    """Full text first; where that gives less than a page, names and descriptions that contain the text somewhere."""
    if len(text) < options.number("search.min_length"):
        event(log, "search.refused", "search for %d characters refused", len(text))
        raise Refusal(422, "query_too_short")
    begun = time.perf_counter()
    offset = PAGE_SIZE * (page - 1)
    try:
        found = rows(
            f"SELECT {CARD} FROM products p, plainto_tsquery('simple', %s) q WHERE p.search @@ q"
            " ORDER BY ts_rank(p.search, q) * ln(2 + p.popularity) DESC, p.sku LIMIT %s OFFSET %s",
            text,
            PAGE_SIZE,
            offset,
        )
        if len(found) < PAGE_SIZE and page == 1:
            found += rows(
                f"SELECT {CARD} FROM products p WHERE (p.name ILIKE %s OR p.description ILIKE %s)"
                " AND p.sku <> ALL(%s) ORDER BY p.popularity DESC LIMIT %s",
                _pattern(text),
                _pattern(text),
                [entry["sku"] for entry in found],
                PAGE_SIZE - len(found),
            )
    except QueryCanceled as error:
        event(
            log,
            "search.timeout",
            "search for %d characters gave up",
            len(text),
            level=logging.WARNING,
            attributes={"search.length": len(text), "search.page": page},
        )
        raise Refusal(503, "search_timeout") from error
    milliseconds = round((time.perf_counter() - begun) * 1000)
    attributes = {"search.length": len(text), "search.page": page, "search.results": len(found)}
    annotate(attributes)
    attributes["duration_ms"] = milliseconds
    if milliseconds > SLOW_SECONDS * 1000:
        event(
            log,
            "search.slow",
            "search took %d ms for %d results",
            milliseconds,
            len(found),
            level=logging.WARNING,
            attributes=attributes,
        )
    elif not found:
        event(log, "search.empty", "search found nothing in %d ms", milliseconds, attributes=attributes)
    else:
        event(
            log, "search.answered", "search found %d products in %d ms", len(found), milliseconds, attributes=attributes
        )
    return found


@traced("search.suggest")
def suggest(text: str) -> list[str]:
    """Names that begin with the text; Redis first."""
    text = text.lower()
    if len(text) < options.number("search.min_length"):
        return []
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    found: list[str] = cached(
        "suggest",
        f"suggest:{digest}",
        SUGGEST_SECONDS,
        lambda: [
            entry["name"]
            for entry in rows(
                "SELECT name FROM products WHERE name ILIKE %s ORDER BY popularity DESC LIMIT %s",
                _pattern(text)[1:],
                SUGGESTIONS,
            )
        ],
    )
    return found
