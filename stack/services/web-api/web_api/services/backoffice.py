"""What clerks and admins do; every change leaves a row in the audit table."""

import json
import logging
import time
from typing import Any

from psycopg.errors import QueryCanceled
from redis.client import NEVER_DECODE

from .. import jobs, options
from ..errors import Refusal
from ..identity import current_user
from ..logs import event
from ..metrics import ORDERS
from ..stores import execute, row, rows, stores
from ..telemetry import annotate, traced

log = logging.getLogger(__name__)

PAGE_SIZE = 50
SLOW_REPORT_MS = 800


def _audit(action: str, target: str, detail: dict[str, Any] | None = None) -> None:
    execute(
        "INSERT INTO audit (user_id, action, target, detail) VALUES (%s, %s, %s, %s)",
        current_user().user_id,
        action,
        target,
        json.dumps(detail or {}),
    )


@traced("backoffice.orders")
def orders(status: str | None, page: int) -> list[dict[str, Any]]:
    """Orders of all customers."""
    return rows(
        "SELECT o.id, o.user_id, o.tenant_id, o.status, o.total_cents, o.created_at, count(i.sku) AS items"
        " FROM orders o LEFT JOIN order_items i ON i.order_id = o.id"
        " WHERE %s::text IS NULL OR o.status = %s GROUP BY o.id ORDER BY o.created_at DESC LIMIT %s OFFSET %s",
        status,
        status,
        PAGE_SIZE,
        PAGE_SIZE * (page - 1),
    )


@traced("backoffice.ship")
def ship(order_id: int) -> None:
    """Send a paid order on its way."""
    annotate({"order.id": order_id})
    shipped = execute(
        "UPDATE orders SET status = 'shipped', updated_at = now() WHERE id = %s AND status = 'paid'", order_id
    )
    if not shipped:
        found = row("SELECT status FROM orders WHERE id = %s", order_id)
        if found is None:
            raise Refusal(404, "unknown_order")
        event(
            log,
            "order.ship.refused",
            "order %d is %s, not shipped",
            order_id,
            found["status"],
            attributes={"order.id": order_id, "order.status": found["status"]},
        )
        raise Refusal(409, "not_paid")
    _audit("order.ship", str(order_id))
    ORDERS.labels("web", "shipped").inc()
    event(log, "order.shipped", "order %d shipped", order_id, attributes={"order.id": order_id})


@traced("backoffice.report")
def sales(days: int) -> list[dict[str, Any]]:
    """Sales by day and category."""
    begun = time.perf_counter()
    annotate({"report.days": days})
    try:
        found = rows(
            "SELECT date_trunc('day', o.created_at)::date AS day, c.slug AS category, count(DISTINCT o.id) AS orders,"
            " sum(i.quantity) AS items, sum(i.quantity * i.price_cents) AS revenue_cents,"
            " count(DISTINCT o.user_id) AS customers"
            " FROM orders o JOIN order_items i ON i.order_id = o.id JOIN products p ON p.sku = i.sku"
            " JOIN categories c ON c.id = p.category_id"
            " WHERE o.created_at > now() - make_interval(days => %s) AND o.status IN ('paid', 'shipped')"
            " GROUP BY 1, 2 ORDER BY 1 DESC, revenue_cents DESC",
            days,
        )
    except QueryCanceled as error:
        event(
            log,
            "report.timeout",
            "sales report of %d days gave up",
            days,
            level=logging.WARNING,
            attributes={"report.days": days},
        )
        raise Refusal(503, "report_timeout") from error
    elapsed = round((time.perf_counter() - begun) * 1000)
    attributes = {"report.days": days, "report.rows": len(found), "duration_ms": elapsed}
    if elapsed > SLOW_REPORT_MS:
        event(
            log,
            "report.slow",
            "sales report of %d days took %d ms",
            days,
            elapsed,
            level=logging.WARNING,
            attributes=attributes,
        )
    else:
        event(
            log,
            "report.built",
            "sales report of %d days: %d rows in %d ms",
            *attributes.values(),
            attributes=attributes,
        )
    return found


@traced("backoffice.export")
def request_export(kind: str) -> int:
    """Have the worker build it."""
    created = row(
        "INSERT INTO exports (user_id, kind, status) VALUES (%s, %s, 'queued') RETURNING id",
        current_user().user_id,
        kind,
    )
    assert created is not None
    export_id: int = created["id"]
    _audit("export.request", str(export_id), {"kind": kind})
    jobs.enqueue(jobs.build_export, export_id)
    event(
        log,
        "export.requested",
        "export %d of %s requested",
        export_id,
        kind,
        attributes={"export.id": export_id, "export.kind": kind},
    )
    return export_id


@traced("backoffice.export_status")
def export(export_id: int) -> dict[str, Any]:
    """How far an export is."""
    found = row("SELECT id, kind, status, rows, created_at FROM exports WHERE id = %s", export_id)
    if found is None:
        raise Refusal(404, "unknown_export")
    return found


@traced("backoffice.export_file")
def export_file(export_id: int) -> bytes:
    """What the worker has built; it keeps it for an hour."""
    found = row("SELECT kind, status FROM exports WHERE id = %s", export_id)
    if found is None:
        raise Refusal(404, "unknown_export")
    content = stores().redis.execute_command("GET", f"export:{export_id}", **{NEVER_DECODE: True})
    if content is None:
        code = "export_expired" if found["status"] == "ready" else "export_not_ready"
        event(
            log,
            "export.unavailable",
            "export %d is %s, not downloaded",
            export_id,
            "expired" if found["status"] == "ready" else found["status"],
            attributes={"export.id": export_id, "export.status": found["status"]},
        )
        raise Refusal(409, code)
    _audit("export.download", str(export_id), {"kind": found["kind"]})
    event(
        log,
        "export.downloaded",
        "%s downloaded export %d of %s, %d bytes",
        current_user().user_id,
        export_id,
        found["kind"],
        len(content),
        attributes={"export.id": export_id, "export.kind": found["kind"], "export.bytes": len(content)},
    )
    return bytes(content)


@traced("backoffice.user")
def user(user_id: str) -> dict[str, Any]:
    """A customer, as a clerk on the telephone needs it."""
    found = row(
        "SELECT u.id, u.tenant_id, u.name, regexp_replace(u.email, '^(.).*@', '\\1***@') AS email, u.roles,"
        " u.locked_until, u.created_at, (SELECT count(*) FROM orders o WHERE o.user_id = u.id) AS orders"
        " FROM users u WHERE u.id = %s",
        user_id,
    )
    if found is None:
        event(log, "user.missing", "no user %s", user_id[:20], attributes={"user.target.id": user_id[:20]})
        raise Refusal(404, "unknown_user")
    _audit("user.view", user_id)
    event(
        log,
        "user.viewed",
        "%s viewed the data of %s",
        current_user().user_id,
        user_id,
        attributes={"user.target.id": user_id},
    )
    return found


@traced("backoffice.audit")
def audit() -> list[dict[str, Any]]:
    """The last changes."""
    return rows("SELECT id, at, user_id, action, target, detail FROM audit ORDER BY id DESC LIMIT %s", PAGE_SIZE)


@traced("backoffice.settings")
def settings() -> dict[str, Any]:
    """All settings and flags, and who changed them last."""
    return {
        "settings": rows("SELECT key, value, updated_at, updated_by FROM settings ORDER BY key"),
        "flags": rows("SELECT key, enabled, updated_at, updated_by FROM flags ORDER BY key"),
    }


@traced("backoffice.change_setting")
def change_setting(key: str, value: str | int) -> None:
    """A new value; all settings are whole numbers."""
    try:
        new = str(int(value))
    except ValueError:
        event(log, "setting.invalid", "setting %s must be a whole number", key[:60], attributes={"setting.key": key})
        raise Refusal(422, "invalid_value") from None
    old = row("SELECT value FROM settings WHERE key = %s", key)
    if old is None or int(new) < 1:
        event(log, "setting.refused", "setting %s not changed", key[:60], attributes={"setting.key": key[:60]})
        raise Refusal(404, "unknown_setting") if old is None else Refusal(422, "invalid_value")
    execute(
        "UPDATE settings SET value = %s, updated_at = now(), updated_by = %s WHERE key = %s",
        new,
        current_user().user_id,
        key,
    )
    _changed("setting", key, old["value"], new)


@traced("backoffice.change_flag")
def change_flag(key: str, enabled: bool) -> None:
    """Switch a feature on or off."""
    old = row("SELECT enabled FROM flags WHERE key = %s", key)
    if old is None:
        event(log, "flag.unknown", "no feature flag %s", key[:60], attributes={"flag.key": key[:60]})
        raise Refusal(404, "unknown_flag")
    execute(
        "UPDATE flags SET enabled = %s, updated_at = now(), updated_by = %s WHERE key = %s",
        enabled,
        current_user().user_id,
        key,
    )
    _changed("flag", key, str(old["enabled"]).lower(), str(enabled).lower())


def _changed(kind: str, key: str, old: str, new: str) -> None:
    options.expire()
    _audit(f"{kind}.change", key, {"old": old, "new": new})
    attributes = {"config.key": key, "config.value.old": old, "config.value.new": new}
    message = "setting %s changed from %s to %s"
    if kind == "flag":
        attributes["feature_flag.key"] = key
        message = "feature flag %s changed from %s to %s"
    event(log, "config.changed", message, key, old, new, attributes=attributes)
