"""The sales report, and exports for the back office."""

import csv
import gzip
import io
import json
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, LiteralString

from payment_worker.app import app
from payment_worker.database import database
from payment_worker.events import event
from payment_worker.store import HOUR, store
from payment_worker.tracing import annotate, traced

REPORT_SECONDS = 600
SLOW_MS = 500
BATCH = 500
# Each ordered by its first column, after which the next batch begins. Customers come without addresses.
EXPORTS: dict[str, tuple[LiteralString, int | str]] = {
    "orders": (
        "SELECT id, user_id, tenant_id, status, total_cents, created_at FROM orders WHERE id > %s ORDER BY id LIMIT %s",
        0,
    ),
    "payments": (
        "SELECT id, order_id, kind, status, amount_cents, settled_at FROM payments WHERE id > %s ORDER BY id LIMIT %s",
        0,
    ),
    "reviews": ("SELECT id, sku, user_id, rating, created_at FROM reviews WHERE id > %s ORDER BY id LIMIT %s", 0),
    "products": (
        "SELECT sku, tenant_id, name, price_cents, popularity FROM products WHERE sku > %s ORDER BY sku LIMIT %s",
        "",
    ),
    "stock": ("SELECT sku, quantity, updated_at FROM stock WHERE sku > %s ORDER BY sku LIMIT %s", ""),
    "customers": ("SELECT id, tenant_id, created_at FROM users WHERE id > %s ORDER BY id LIMIT %s", ""),
}

Row = dict[str, Any]


@app.task(name="reports.sales")
def sales() -> None:
    """Add up the last day's orders by tenant and leave them for the dashboard."""
    begun = time.perf_counter()
    tenants, products = sum_by_tenant(), best_sellers()
    report = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "tenants": tenants, "products": products}
    store().set("report:sales", json.dumps(report), ex=REPORT_SECONDS)
    about = {
        "report.tenants": len(tenants),
        "report.orders": sum(row["orders"] for row in tenants),
        "report.total_cents": sum(row["total_cents"] for row in tenants),
        "duration_ms": round((time.perf_counter() - begun) * 1000),
    }
    event("report.finished", "sales report: %(report.orders)d orders, %(report.total_cents)d cents", about)
    if about["duration_ms"] > SLOW_MS:
        event("report.slow", "sales report took %(duration_ms)d ms", about, logging.WARNING)


@traced("reports.sum_by_tenant")
def sum_by_tenant() -> list[Row]:
    """Orders that were paid for."""
    return (
        database()
        .execute(
            "SELECT tenant_id, count(*) AS orders, sum(total_cents)::int8 AS total_cents FROM orders"
            " WHERE created_at > now() - interval '1 day' AND status IN ('paid', 'shipped')"
            " GROUP BY tenant_id ORDER BY total_cents DESC"
        )
        .fetchall()
    )


@traced("reports.best_sellers")
def best_sellers() -> list[Row]:
    """The last day's."""
    return (
        database()
        .execute(
            "SELECT i.sku, sum(i.quantity)::int8 AS sold FROM orders o JOIN order_items i ON i.order_id = o.id"
            " WHERE o.created_at > now() - interval '1 day' GROUP BY i.sku ORDER BY sold DESC, i.sku LIMIT 10"
        )
        .fetchall()
    )


@app.task(name="exports.build")
def build_export(export_id: int) -> None:
    """Write the rows that a clerk asked for as CSV."""
    begun = time.perf_counter()
    export = database().execute("SELECT user_id, kind, status FROM exports WHERE id = %s", (export_id,)).fetchone()
    kind = export["kind"] if export else None
    about = {"export.id": export_id, "export.kind": kind, "user.id": export["user_id"] if export else None}
    if kind not in EXPORTS:
        event("export.rejected", "export %(export.id)d asks for nothing known", about, logging.WARNING)
        return
    event("export.started", "export %(export.id)d of %(export.kind)s begins", about)
    text = io.StringIO()
    rows = sum(write_rows(text, batch) for batch in batches(kind))
    content = gzip.compress(text.getvalue().encode(), mtime=0)
    publish_export(export_id, content, rows)
    event(
        "export.ready",
        "export %(export.id)d is ready: %(export.rows)d rows of %(export.kind)s",
        {
            **about,
            "export.rows": rows,
            "export.bytes": len(content),
            "duration_ms": round((time.perf_counter() - begun) * 1000),
        },
    )


def batches(kind: str) -> Iterator[list[Row]]:
    """All rows of a kind, some at a time."""
    _, after = EXPORTS[kind]
    while batch := read_batch(kind, after):
        yield batch
        after = next(iter(batch[-1].values()))


@traced("exports.read_batch")
def read_batch(kind: str, after: int | str) -> list[Row]:
    """The rows after a key."""
    query, _ = EXPORTS[kind]
    batch = database().execute(query, (after, BATCH)).fetchall()
    annotate({"export.kind": kind, "export.rows": len(batch)})
    return batch


def write_rows(text: io.StringIO, batch: list[Row]) -> int:
    """Append rows, with a header before the first."""
    writer = csv.DictWriter(text, batch[0])
    if not text.tell():
        writer.writeheader()
    writer.writerows(batch)
    return len(batch)


@traced("exports.publish")
def publish_export(export_id: int, content: bytes, rows: int) -> None:
    """Leave the file for the back office and say that it is there."""
    annotate({"export.id": export_id, "export.rows": rows, "export.bytes": len(content)})
    store().set(f"export:{export_id}", content, ex=HOUR)
    database().execute("UPDATE exports SET status = 'ready', rows = %s WHERE id = %s", (rows, export_id))
