"""Settlement: what was authorised is paid out to the tenants, in batches."""

import json
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from payment_worker.app import app
from payment_worker.database import database
from payment_worker.events import event
from payment_worker.metrics import SETTLED
from payment_worker.store import HOUR, store
from payment_worker.tracing import annotate, traced

BATCH = 400
FEE_PERCENT = 1.4
FEE_FIXED_CENTS = 25

Row = dict[str, Any]


@dataclass(slots=True)
class Payout:
    """What a tenant gets."""

    payments: int = 0
    gross_cents: int = 0
    fee_cents: int = 0


@app.task(name="payments.settle")
def settle() -> None:
    """Settle the oldest payments that are not yet. A batch is settled as a whole or, when it fails, not at all."""
    begun = time.perf_counter()
    connection = database()
    payouts: defaultdict[int, Payout] = defaultdict(Payout)
    with connection.transaction():
        batch = open_batch()
        if not batch:
            event("settlement.empty", "no payment waits for settlement")
            return
        event("settlement.started", "settling %(settlement.payments)d payments", {"settlement.payments": len(batch)})
        for payment in batch:
            settle_payment(payment, payouts[payment["tenant_id"]])
    for tenant_id, payout in sorted(payouts.items()):
        pay_out(tenant_id, payout)
    event(
        "settlement.finished",
        "settled %(settlement.payments)d payments of %(settlement.tenants)d tenants in %(duration_ms)d ms",
        {
            "settlement.payments": len(batch),
            "settlement.tenants": len(payouts),
            "settlement.gross_cents": sum(payout.gross_cents for payout in payouts.values()),
            "settlement.fee_cents": sum(payout.fee_cents for payout in payouts.values()),
            "duration_ms": round((time.perf_counter() - begun) * 1000),
        },
    )


@traced("settlement.open_batch")
def open_batch() -> list[Row]:
    """Lock the batch; payments that another settlement holds are left to it."""
    batch = (
        database()
        .execute(
            "SELECT p.id, p.order_id, p.kind, p.amount_cents, o.tenant_id FROM payments p"
            " JOIN orders o ON o.id = p.order_id WHERE p.settled_at IS NULL AND p.status = 'authorised'"
            " ORDER BY p.created_at, p.id LIMIT %s FOR UPDATE OF p SKIP LOCKED",
            (BATCH,),
        )
        .fetchall()
    )
    annotate({"settlement.payments": len(batch)})
    return batch


@traced("settlement.settle_payment")
def settle_payment(payment: Row, payout: Payout) -> None:
    """Mark one payment settled and count it for its tenant."""
    sign = -1 if payment["kind"] == "refund" else 1
    fee = 0 if sign < 0 else fee_cents(payment["amount_cents"])
    annotate(
        {
            "payment.id": payment["id"],
            "order.id": payment["order_id"],
            "tenant.id": payment["tenant_id"],
            "payment.amount_cents": payment["amount_cents"],
            "payment.fee_cents": fee,
        }
    )
    database().execute("UPDATE payments SET settled_at = now() WHERE id = %s", (payment["id"],))
    payout.payments += 1
    payout.gross_cents += sign * payment["amount_cents"]
    payout.fee_cents += fee
    SETTLED.labels(payment["kind"]).inc(payment["amount_cents"])


@traced("settlement.pay_out")
def pay_out(tenant_id: int, payout: Payout) -> None:
    """Leave the tenant's statement for the back office."""
    annotate({"tenant.id": tenant_id, "settlement.payments": payout.payments})
    statement = {"payments": payout.payments, "gross_cents": payout.gross_cents, "fee_cents": payout.fee_cents}
    store().set(f"settlement:{tenant_id}", json.dumps(statement), ex=24 * HOUR)
    event(
        "settlement.paid_out",
        "tenant %(tenant.id)d: %(settlement.gross_cents)d cents from %(settlement.payments)d payments",
        {
            "tenant.id": tenant_id,
            "settlement.payments": payout.payments,
            "settlement.gross_cents": payout.gross_cents,
            "settlement.fee_cents": payout.fee_cents,
        },
    )


def fee_cents(amount_cents: int) -> int:
    """The provider's fee."""
    return round(amount_cents * FEE_PERCENT / 100) + FEE_FIXED_CENTS
