"""The back office."""

from typing import Any

from flask import Blueprint, Response

from ..forms import ExportForm, FlagForm, OrderFilter, ReportQuery, SettingForm, body, query
from ..identity import requires
from ..services import backoffice

blueprint = Blueprint("admin", __name__, url_prefix="/api/v1/admin")
clerks = requires("clerk", "admin")


@blueprint.get("/orders")
@clerks
def orders() -> dict[str, Any]:
    """Orders of all customers."""
    wanted = query(OrderFilter)
    return {"page": wanted.page, "orders": backoffice.orders(wanted.status, wanted.page)}


@blueprint.post("/orders/<int:order_id>/ship")
@clerks
def ship(order_id: int) -> dict[str, Any]:
    """Send it on its way."""
    backoffice.ship(order_id)
    return {"order_id": order_id, "status": "shipped"}


@blueprint.get("/reports/sales")
@clerks
def sales() -> dict[str, Any]:
    """Sales by day and category."""
    days = query(ReportQuery).days
    return {"days": days, "sales": backoffice.sales(days)}


@blueprint.post("/exports")
@clerks
def request_export() -> tuple[dict[str, Any], int]:
    """Have one built."""
    return {"export_id": backoffice.request_export(body(ExportForm).kind)}, 202


@blueprint.get("/exports/<int:export_id>")
@clerks
def export(export_id: int) -> dict[str, Any]:
    """How far it is."""
    return backoffice.export(export_id)


@blueprint.get("/exports/<int:export_id>/file")
@clerks
def export_file(export_id: int) -> Response:
    """What was exported, as CSV under gzip."""
    disposition = f'attachment; filename="export-{export_id}.csv.gz"'
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
    return Response(backoffice.export_file(export_id), mimetype="application/gzip", headers=headers)


@blueprint.get("/users/<user_id>")
@clerks
def user(user_id: str) -> dict[str, Any]:
    """A customer."""
    return backoffice.user(user_id)


@blueprint.get("/audit")
@clerks
def audit() -> dict[str, Any]:
    """Who changed what."""
    return {"audit": backoffice.audit()}


@blueprint.get("/settings")
@clerks
def settings() -> dict[str, Any]:
    """Settings and flags."""
    return backoffice.settings()


@blueprint.put("/settings/<key>")
@clerks
def change_setting(key: str) -> dict[str, Any]:
    """A new value."""
    value = body(SettingForm).value
    backoffice.change_setting(key, value)
    return {"key": key, "value": str(value)}


@blueprint.put("/flags/<key>")
@clerks
def change_flag(key: str) -> dict[str, Any]:
    """On or off."""
    enabled = body(FlagForm).enabled
    backoffice.change_flag(key, enabled)
    return {"key": key, "enabled": enabled}
