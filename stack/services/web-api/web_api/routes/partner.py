"""The partners' API."""

from typing import Any

from flask import Blueprint, request

from ..forms import PARTNER_ORDERS, STOCK_LEVELS, bodies
from ..identity import requires
from ..services import partner

blueprint = Blueprint("partner", __name__, url_prefix="/api/v1/partner")


@blueprint.get("/catalog")
@requires("partner", key=True)
def catalog() -> dict[str, Any]:
    """The catalogue in large pages."""
    return partner.catalog(request.args.get("cursor", "")[:20])


@blueprint.put("/stock")
@requires("partner", key=True)
def stock() -> dict[str, Any]:
    """How many one has."""
    return {"updated": partner.report_stock(bodies(STOCK_LEVELS))}


@blueprint.post("/orders")
@requires("partner", key=True)
def orders() -> tuple[dict[str, Any], int]:
    """Orders of one's own customers."""
    return {"order_ids": partner.order(bodies(PARTNER_ORDERS))}, 202
