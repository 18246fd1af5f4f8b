"""The tasks, run in this process against a real database, Redis and provider."""

import gzip
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import Task
from running import Answers, Provider, Shop

from payment_provider.ledger import decide
from payment_worker import provider as client
from payment_worker.app import app, timetable
from payment_worker.beat import Scheduler
from payment_worker.settings import settings
from payment_worker.tasks import catalog, orders, payments, reports, settlement

DECLINED = next(n for n in range(1, 10_000) if decide(f"order-{n}")[0] == "declined")
AUTHORISED = next(n for n in range(1, 10_000) if decide(f"order-{n}")[0] == "authorised")


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> list[tuple[str, tuple[Any, ...]]]:
    """Tasks that a task sends on are noted, not run."""
    caplog.set_level(logging.INFO)
    found: list[tuple[str, tuple[Any, ...]]] = []
    for task in (payments.refund, orders.send_receipt):
        monkeypatch.setattr(task, "apply_async", lambda args, name=task.name: found.append((name, args)))
    return found


@pytest.fixture
def live(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    point_at(provider.url, monkeypatch)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    answers = Answers()
    point_at(answers.url, monkeypatch)
    monkeypatch.setattr(payments, "backoff", lambda *_: 0.0)
    yield answers
    answers.close()


def point_at(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config = replace(settings(), provider_url=url)
    monkeypatch.setattr(client, "settings", lambda: config)


def run(task: Task, *arguments: object, state: str = "SUCCESS") -> None:
    result = task.apply(arguments)
    assert result.state == state, result.traceback


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    names = [vars(record).get("otel.event.name") for record in caplog.records]
    return [name for name in names if name and name != "database.connected"]


def test_an_authorised_charge_pays_the_order(
    shop: Shop, live: None, sent: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    run(payments.charge, shop.order(AUTHORISED))
    assert shop.status(AUTHORISED) == "paid"
    assert shop.payments(AUTHORISED) == [("charge", "authorised")]
    assert sent == [("orders.send_receipt", (AUTHORISED,))]
    assert "payment.charged" in events(caplog)
    record = next(r for r in caplog.records if vars(r).get("otel.event.name") == "payment.charged")
    assert vars(record)["order.id"] == AUTHORISED
    assert "2590 cents charged" in record.getMessage()


def test_a_declined_charge_gives_the_stock_back(shop: Shop, live: None, caplog: pytest.LogCaptureFixture) -> None:
    run(payments.charge, shop.order(DECLINED))
    assert shop.status(DECLINED) == "declined"
    assert shop.payments(DECLINED) == [("charge", "declined")]
    assert (shop.stock("P00001"), shop.stock("P00002"), shop.stock("P00003")) == (12, 11, 10)
    assert {"payment.declined", "stock.returned"} <= set(events(caplog))


def test_a_charge_that_runs_twice_charges_once(shop: Shop, live: None, caplog: pytest.LogCaptureFixture) -> None:
    shop.order(AUTHORISED)
    for _ in range(2):
        run(payments.charge, AUTHORISED)
    assert shop.payments(AUTHORISED) == [("charge", "authorised")]
    assert events(caplog)[-1] == "payment.skipped"


def test_an_order_cancelled_during_the_charge_is_refunded(
    shop: Shop, scripted: Answers, sent: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted.script = [(201, {"id": "ch_1", "status": "authorised", "reason": None})]
    shop.order(1)
    load = payments.load_order

    def load_then_cancel(order_id: int) -> Any:
        order = load(order_id)
        shop.sql("UPDATE orders SET status = 'cancelled' WHERE id = %s", (order_id,))
        return order

    monkeypatch.setattr(payments, "load_order", load_then_cancel)
    run(payments.charge, 1)
    assert shop.status(1) == "cancelled"
    assert sent == [("payments.refund", (1,))]


@pytest.mark.parametrize(("status", "reason"), [(429, "rate_limited"), (503, "server_error")])
def test_a_passing_failure_is_tried_again_under_the_same_key(
    shop: Shop, scripted: Answers, caplog: pytest.LogCaptureFixture, status: int, reason: str
) -> None:
    scripted.script = [(status, {"error": reason}), (201, {"id": "ch_1", "status": "authorised", "reason": None})]
    run(payments.charge, shop.order(1))
    assert shop.status(1) == "paid"
    assert [key for _, key, _ in scripted.calls] == ["charge-1", "charge-1"]
    record = next(r for r in caplog.records if vars(r).get("otel.event.name") == "payment.retry")
    assert vars(record)["error.type"] == reason


def test_a_charge_is_given_up_after_five_tries(shop: Shop, scripted: Answers, caplog: pytest.LogCaptureFixture) -> None:
    scripted.script = [(503, {"error": "down"})] * 9
    run(payments.charge, shop.order(1), state="FAILURE")
    assert len(scripted.calls) == 5
    assert shop.status(1) == "pending"
    assert shop.payments(1) == [("charge", "failed")]
    assert events(caplog).count("payment.retry") == 4
    assert "payment.failed" in events(caplog)


def test_a_refused_charge_is_not_repeated(shop: Shop, scripted: Answers) -> None:
    scripted.script = [(422, {"error": "invalid_card_token"})]
    run(payments.charge, shop.order(1))
    assert len(scripted.calls) == 1
    assert shop.payments(1) == [("charge", "failed")]


def test_the_checkouts_card_is_charged_else_the_customers_account(shop: Shop, scripted: Answers) -> None:
    scripted.script = [(201, {"id": "ch_1", "status": "authorised"}), (201, {"id": "ch_2", "status": "authorised"})]
    shop.store.set("card:1", "tok_visa")
    for order_id in (1, 2):
        run(payments.charge, shop.order(order_id))
    assert [body["card_token"] for _, _, body in scripted.calls] == ["tok_visa", "cus_u1001"]


def test_the_card_token_is_nowhere_in_the_logs(shop: Shop, live: None, caplog: pytest.LogCaptureFixture) -> None:
    shop.store.set(f"card:{AUTHORISED}", "tok_9431_secret")
    run(payments.charge, shop.order(AUTHORISED))
    assert caplog.records
    assert not any("tok_9431_secret" in str(vars(record)) for record in caplog.records)


def test_a_cancelled_order_is_refunded_once(shop: Shop, live: None, caplog: pytest.LogCaptureFixture) -> None:
    shop.order(5, status="cancelled")
    shop.payment(5)
    for _ in range(2):
        run(payments.refund, 5)
    assert shop.status(5) == "refunded"
    assert shop.payments(5) == [("charge", "authorised"), ("refund", "authorised")]
    assert events(caplog)[-2:] == ["refund.completed", "refund.skipped"]


def test_a_receipt_lists_what_was_bought(shop: Shop) -> None:
    run(orders.send_receipt, shop.order(6, status="paid"))
    receipt = shop.store.get("receipt:6")
    assert isinstance(receipt, bytes)
    assert b"2 x Lamp" in receipt
    assert b"25.90 EUR" in receipt
    assert 0 < shop.store.ttl("receipt:6") <= 3600  # type: ignore[operator]


def test_settlement_takes_the_oldest_and_no_more_than_a_batch(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(settlement, "BATCH", 4)
    for order_id in range(1, 6):
        shop.order(order_id, status="paid")
        shop.payment(order_id)
    shop.payment(1, kind="refund")
    shop.payment(1, status="declined")
    run(settlement.settle)
    unsettled = "SELECT count(*) FROM payments WHERE settled_at IS NULL"
    assert shop.value(unsettled) == 3
    assert shop.value("SELECT min(order_id) FROM payments WHERE settled_at IS NULL AND status = 'authorised'") == 1
    run(settlement.settle)
    assert shop.value(unsettled) == 1
    statement = json.loads(shop.store.get("settlement:1"))  # type: ignore[arg-type]
    assert statement == {"payments": 2, "gross_cents": 0, "fee_cents": settlement.fee_cents(2590)}
    run(settlement.settle)
    assert events(caplog)[-1] == "settlement.empty"


def test_unpaid_orders_expire_and_give_their_stock_back(shop: Shop) -> None:
    shop.order(7, age="11 minutes")
    shop.order(8, age="9 minutes")
    shop.order(9, age="11 minutes", status="paid")
    run(orders.expire_unpaid)
    assert [shop.status(n) for n in (7, 8, 9)] == ["cancelled", "pending", "paid"]
    assert shop.stock("P00001") == 12


def test_reindexing_ranks_by_sales_and_rating(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    for order_id in (1, 2):
        shop.order(order_id, status="paid")
    shop.sql("INSERT INTO reviews (sku, user_id, rating, title, body) VALUES ('P00001', 'u1001', 5, '', '')")
    for sku in ("P00001", "P00003", "P99999"):
        run(catalog.reindex, sku)
    first, third = (shop.value("SELECT popularity FROM products WHERE sku = %s", sku) for sku in ("P00001", "P00003"))
    assert first > third == 0
    assert shop.store.hgetall("rating:P00001") == {b"average": b"5.0", b"count": b"1"}
    assert events(caplog) == ["catalog.reindexed", "catalog.reindexed", "catalog.product.missing"]


def test_recommendations_are_what_others_bought_with_it(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    shop.order(1, status="paid")
    run(catalog.update_recommendations, "u1001", "P00001")
    assert json.loads(shop.store.get("recommendations:u1001")) == ["P00002"]  # type: ignore[arg-type]
    for sku in ("P00003", "P00001"):
        run(catalog.update_recommendations, "u1001", sku)
    assert shop.store.lrange("recent:u1001", 0, -1) == [b"P00001", b"P00003"]
    assert "recommendations.none" in events(caplog)


def test_the_sales_report_counts_paid_orders_of_the_last_day(shop: Shop) -> None:
    shop.order(1, status="paid")
    shop.order(2, status="declined")
    shop.order(3, status="paid", age="25 hours")
    run(reports.sales)
    report = json.loads(shop.store.get("report:sales"))  # type: ignore[arg-type]
    assert report["tenants"] == [{"tenant_id": 1, "orders": 1, "total_cents": 2590}]


@pytest.mark.parametrize("kind", reports.EXPORTS)
def test_an_export_holds_every_row(shop: Shop, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(reports, "BATCH", 2)
    for order_id in range(1, 4):
        shop.order(order_id, status="paid")
        shop.payment(order_id)
    table = {"customers": "users"}.get(kind, kind)
    shop.sql("INSERT INTO exports (user_id, kind, status) VALUES ('u1001', %s, 'queued')", (kind,))
    export_id = shop.value("SELECT max(id) FROM exports")
    run(reports.build_export, export_id)
    rows = shop.value(f"SELECT count(*) FROM {table}")
    assert shop.value("SELECT rows FROM exports WHERE id = %s AND status = 'ready'", export_id) == rows
    text = gzip.decompress(shop.store.get(f"export:{export_id}")).decode()  # type: ignore[arg-type]
    assert len(text.splitlines()) == (rows + 1 if rows else 0)
    assert "a@b.c" not in text


def test_an_unknown_export_is_rejected(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    run(reports.build_export, 404)
    assert events(caplog) == ["export.rejected"]


def test_a_lost_database_connection_is_made_anew(shop: Shop) -> None:
    run(reports.sales)
    shop.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'payment-worker'")
    run(reports.sales)  # tried again, since it can run twice


def test_the_first_settlement_comes_early_and_the_rest_by_its_interval() -> None:
    scheduler = Scheduler(app, schedule_filename="unused", lazy=True)
    entry = scheduler._maybe_entry("settle", timetable()["settle"])
    assert timedelta(seconds=95) < entry.schedule.remaining_estimate(entry.last_run_at) <= timedelta(seconds=100)
    assert entry.schedule.run_every == timedelta(seconds=120)
    assert entry.options["queue"] == "payments"


def test_beat_sends_what_the_timetable_says_and_nothing_of_its_own(tmp_path: Path) -> None:
    scheduler = Scheduler(app, schedule_filename=str(tmp_path / "schedule"))
    try:
        assert set(scheduler.schedule) == set(timetable())
    finally:
        scheduler.close()
