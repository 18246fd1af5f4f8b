"""Charges and refunds. The provider knows each by a key, so a task that runs again does no harm."""

import logging
import time
from typing import Any

from payment_worker import provider
from payment_worker.app import ShopTask, app
from payment_worker.database import database
from payment_worker.events import event
from payment_worker.metrics import PAYMENTS
from payment_worker.provider import Decision, ProviderRefused, ProviderUnavailable
from payment_worker.retries import backoff
from payment_worker.stock import return_stock
from payment_worker.store import store
from payment_worker.tasks.orders import send_receipt
from payment_worker.tracing import annotate, traced

Row = dict[str, Any]


@app.task(bind=True, name="payments.charge")
def charge(self: ShopTask, order_id: int) -> None:
    """Have the order's amount authorised, then mark the order paid or declined."""
    order = load_order(order_id)
    if order is None or order["status"] != "pending":
        status = order["status"] if order else "missing"
        message = "order %(order.id)d is %(order.status)s, nothing to charge"
        event("payment.skipped", message, {"order.id": order_id, "order.status": status}, logging.WARNING)
        return
    begun = time.perf_counter()
    try:
        decision = authorise(order)
    except ProviderUnavailable as error:
        if self.request.retries >= self.max_retries:
            fail_charge(order, error.reason)
            raise
        raise again(self, "charge", order_id, error) from error
    except ProviderRefused as error:
        fail_charge(order, error.code)
        return
    if decision.authorised:
        complete_charge(order, decision, round((time.perf_counter() - begun) * 1000))
    else:
        decline_charge(order, decision)


@app.task(bind=True, name="payments.refund")
def refund(self: ShopTask, order_id: int) -> None:
    """Give back what was charged for a cancelled order."""
    payment = load_refundable(order_id)
    if payment is None:
        event("refund.skipped", "order %(order.id)d has no charge to refund", {"order.id": order_id})
        return
    try:
        reference = give_back(payment)
    except ProviderUnavailable as error:
        if self.request.retries >= self.max_retries:
            message = "refund of order %(order.id)d failed: %(error.type)s"
            event("refund.failed", message, {"order.id": order_id, "error.type": error.reason}, logging.ERROR)
            raise
        raise again(self, "refund", order_id, error) from error
    record_refund(payment, reference)


def again(task: ShopTask, operation: str, order_id: int, error: ProviderUnavailable) -> Exception:
    """Send the task once more, for later."""
    delay = backoff(task.request.retries, error.retry_after)
    event(
        "payment.retry",
        "%(provider.operation)s of order %(order.id)d: %(error.type)s, try %(retry.attempt)d in %(retry.delay_s).1f s",
        {
            "order.id": order_id,
            "provider.operation": operation,
            "error.type": error.reason,
            "retry.attempt": task.request.retries + 2,
            "retry.delay_s": round(delay, 3),
        },
        logging.WARNING,
    )
    retry: Exception = task.retry(exc=error, countdown=delay, throw=False)
    return retry


@traced("orders.load")
def load_order(order_id: int) -> Row | None:
    """Fetch what a charge needs to know."""
    annotate({"order.id": order_id})
    return (
        database()
        .execute("SELECT id, user_id, tenant_id, status, total_cents FROM orders WHERE id = %s", (order_id,))
        .fetchone()
    )


@traced("payments.authorise")
def authorise(order: Row) -> Decision:
    """Ask the provider, with the checkout's card or else the customer's account there."""
    annotate(about(order))
    token = store().get(f"card:{order['id']}")
    card = token.decode() if isinstance(token, bytes) else f"cus_{order['user_id']}"
    decision = provider.charge(order["id"], order["total_cents"], card)
    annotate({"payment.status": "authorised" if decision.authorised else "declined"})
    return decision


@traced("payments.complete")
def complete_charge(order: Row, decision: Decision, duration_ms: int) -> None:
    """Mark the order paid and have the receipt sent. When it was cancelled meanwhile, the money goes back."""
    annotate(about(order))
    connection = database()
    with connection.transaction():
        paid = connection.execute(
            "UPDATE orders SET status = 'paid', updated_at = now() WHERE id = %s AND status = 'pending'", (order["id"],)
        ).rowcount
        payment_id = record_payment(order, "charge", "authorised", decision.reference)
    if not paid:
        event("payment.late", "order %(order.id)d was cancelled while it was charged", about(order), logging.WARNING)
        refund.apply_async((order["id"],))
        return
    event(
        "payment.charged",
        "order %(order.id)d: %(payment.amount_cents)d cents charged in %(duration_ms)d ms",
        {
            **about(order),
            "payment.id": payment_id,
            "payment.reference": decision.reference,
            "duration_ms": duration_ms,
        },
    )
    send_receipt.apply_async((order["id"],))


@traced("payments.decline")
def decline_charge(order: Row, decision: Decision) -> None:
    """Mark the order declined and put its items back."""
    annotate({**about(order), "payment.decline_reason": decision.reason})
    connection = database()
    with connection.transaction():
        declined = connection.execute(
            "UPDATE orders SET status = 'declined', updated_at = now() WHERE id = %s AND status = 'pending'",
            (order["id"],),
        ).rowcount
        if not declined:
            return
        record_payment(order, "charge", "declined", decision.reference)
        return_stock(connection, order["id"])
    event(
        "payment.declined",
        "order %(order.id)d: card declined, %(payment.decline_reason)s",
        {**about(order), "payment.decline_reason": decision.reason},
        logging.WARNING,
    )


@traced("payments.give_up")
def fail_charge(order: Row, reason: str) -> None:
    """Leave the order unpaid; it expires unless the customer pays in another way."""
    annotate(about(order))
    record_payment(order, "charge", "failed", None)
    event(
        "payment.failed",
        "order %(order.id)d: charge given up, %(error.type)s",
        {**about(order), "error.type": reason},
        logging.ERROR,
    )


@traced("payments.find_charge")
def load_refundable(order_id: int) -> Row | None:
    """The order's authorised charge, unless it was refunded already."""
    annotate({"order.id": order_id})
    return (
        database()
        .execute(
            "SELECT p.id AS payment_id, p.order_id AS id, p.amount_cents AS total_cents, p.provider_reference,"
            " o.user_id, o.tenant_id FROM payments p JOIN orders o ON o.id = p.order_id"
            " WHERE p.order_id = %s AND p.kind = 'charge' AND p.status = 'authorised' AND NOT EXISTS"
            " (SELECT FROM payments r WHERE r.order_id = p.order_id AND r.kind = 'refund' AND r.status = 'authorised')"
            " ORDER BY p.id LIMIT 1",
            (order_id,),
        )
        .fetchone()
    )


@traced("payments.give_back")
def give_back(payment: Row) -> str:
    """Ask the provider."""
    annotate(about(payment))
    return provider.refund(payment["payment_id"], payment["provider_reference"], payment["total_cents"])


@traced("payments.record_refund")
def record_refund(payment: Row, reference: str) -> None:
    """Mark the order refunded."""
    annotate(about(payment))
    connection = database()
    with connection.transaction():
        refund_id = record_payment(payment, "refund", "authorised", reference)
        connection.execute(
            "UPDATE orders SET status = 'refunded', updated_at = now()"
            " WHERE id = %s AND status IN ('cancelled', 'paid')",
            (payment["id"],),
        )
    event(
        "refund.completed",
        "order %(order.id)d: %(payment.amount_cents)d cents refunded",
        {**about(payment), "payment.id": refund_id, "payment.reference": reference},
    )


def record_payment(order: Row, kind: str, status: str, reference: str | None) -> int | None:
    """Add a payment unless an earlier run of the task added it."""
    row = (
        database()
        .execute(
            "INSERT INTO payments (order_id, kind, status, amount_cents, provider_reference)"
            " SELECT %(order)s, %(kind)s, %(status)s, %(amount)s, %(reference)s WHERE NOT EXISTS"
            " (SELECT FROM payments WHERE order_id = %(order)s AND kind = %(kind)s AND status = %(status)s"
            " AND provider_reference = %(reference)s) RETURNING id",
            {
                "order": order["id"],
                "kind": kind,
                "status": status,
                "amount": order["total_cents"],
                "reference": reference,
            },
        )
        .fetchone()
    )
    PAYMENTS.labels(kind, status).inc()
    return row["id"] if row else None


def about(order: Row) -> dict[str, Any]:
    """What logs and spans say of an order's payment."""
    return {
        "order.id": order["id"],
        "user.id": order["user_id"],
        "tenant.id": order["tenant_id"],
        "payment.amount_cents": order["total_cents"],
    }
