"""The real limits: time-outs, locks, the pool, neighbours that are slow or away."""

import contextlib
import dataclasses
import socket
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from flask.testing import FlaskClient
from kombu import pools
from neighbours import Neighbours
from opentelemetry.trace import StatusCode
from shop import CHECKOUT, CLERK, CUSTOMER, PARTNER, error, events, fill_cart, named

from web_api import create_app
from web_api.jobs import celery
from web_api.stores import POOL_SIZE


@pytest.fixture
def slow_products(owner: psycopg.Connection) -> Iterator[None]:
    """Reading products takes longer than any statement may."""
    owner.execute("ALTER TABLE products ENABLE ROW LEVEL SECURITY")
    owner.execute("CREATE POLICY slow ON products USING (pg_sleep(0.3) IS NOT NULL)")
    yield
    owner.execute("DROP POLICY slow ON products")
    owner.execute("ALTER TABLE products DISABLE ROW LEVEL SECURITY")


@contextlib.contextmanager
def locked_stock(url: str, seconds: float | None = None) -> Iterator[None]:
    """Another session holds a stock row, for so long or until the end."""
    with psycopg.connect(url) as connection:
        connection.execute("SELECT 1 FROM stock WHERE sku = 'P00003' FOR UPDATE")
        if seconds is not None:
            threading.Timer(seconds, connection.rollback).start()
        yield
        if seconds is None:
            connection.rollback()


def patch_broker(url: str) -> str:
    """Another broker, with new connections; the old one's address comes back."""
    old: str = celery.conf.broker_url
    celery.conf.broker_url = url
    celery.pool.force_close_all()
    celery._pool = celery.amqp._producer_pool = None
    pools.reset()
    return old


def test_search_gives_up_after_the_statement_timeout(client: FlaskClient, memory, slow_products) -> None:
    assert error(client.get("/api/v1/search?q=tea")) == (503, "search_timeout")
    assert events(memory, "search.timeout")


def test_report_gives_up_after_the_statement_timeout(
    client: FlaskClient, memory, owner: psycopg.Connection, slow_products
) -> None:
    owner.execute("INSERT INTO orders (user_id, tenant_id, status, total_cents) VALUES ('u100', 1, 'paid', 1)")
    owner.execute("INSERT INTO order_items SELECT (SELECT max(id) FROM orders), sku, 1, 1 FROM stock")
    assert error(client.get("/api/v1/admin/reports/sales", headers=CLERK)) == (503, "report_timeout")
    assert events(memory, "report.timeout")


def test_checkout_tries_a_locked_stock_row_once_more(client: FlaskClient, memory, owner_url: str) -> None:
    fill_cart(client)
    with locked_stock(owner_url, seconds=0.9):
        assert client.post("/api/v1/checkout", json=CHECKOUT, headers=CUSTOMER).status_code == 202
    assert len(events(memory, "stock.retry")) == 1


def test_checkout_gives_up_on_a_stock_row_that_stays_locked(client: FlaskClient, memory, owner_url: str) -> None:
    fill_cart(client)
    with locked_stock(owner_url):
        assert error(client.post("/api/v1/checkout", json=CHECKOUT, headers=CUSTOMER)) == (503, "stock_busy")
        stock = [{"sku": "P00003", "quantity": 1}]
        assert error(client.put("/api/v1/partner/stock", json=stock, headers=PARTNER)) == (503, "stock_busy")
    assert client.get("/api/v1/orders", headers=CUSTOMER).json["orders"] == []
    assert [entry["stock.attempt"] for entry in events(memory, "stock.retry") + events(memory, "stock.busy")] == [1, 2]


def test_a_pool_without_free_connections_answers_busy_after_two_seconds(client: FlaskClient, memory) -> None:
    pool = client.application.extensions["stores"].pool
    with contextlib.ExitStack() as stack:
        for _ in range(POOL_SIZE):
            stack.enter_context(pool.connection(timeout=10))
        begun = time.monotonic()
        assert error(client.get("/api/v1/products/P00003/stock")) == (503, "busy")
        assert 1.9 < time.monotonic() - begun < 4
    assert events(memory, "database.pool.exhausted")
    assert client.get("/api/v1/products/P00003/stock").status_code == 200


def test_shipping_quote_has_a_deadline(client: FlaskClient, memory, neighbours: Neighbours) -> None:
    def late(_: dict[str, object]) -> tuple[int, None]:
        threading.Event().wait(0.8)
        return 200, None

    fill_cart(client)
    neighbours.answers["/v1/quotes"] = late
    quote = {"postcode": "10115"}
    assert error(client.post("/api/v1/checkout/shipping-quote", json=quote)) == (504, "quote_timeout")
    assert events(memory, "quote.timeout")
    for status, expected in ((422, (422, "unknown_postcode")), (429, (503, "quote_unavailable"))):
        neighbours.answers["/v1/quotes"] = lambda _, status=status: (status, {})
        assert error(client.post("/api/v1/checkout/shipping-quote", json=quote)) == expected


def test_auth_service_may_be_away_for_six_seconds(client: FlaskClient, config, memory) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = create_app(dataclasses.replace(config, auth_url=f"http://127.0.0.1:{port}"))
    begun = time.monotonic()
    assert error(app.test_client().get("/api/v1/orders", headers=CUSTOMER)) == (503, "auth_unavailable")
    assert 2 < time.monotonic() - begun < 6
    assert len(events(memory, "upstream.retry")) >= 4
    returned: list[Neighbours] = []
    timer = threading.Timer(0.8, lambda: returned.append(Neighbours(port)))
    timer.start()
    assert app.test_client().get("/api/v1/orders", headers=CUSTOMER).status_code == 200
    timer.join()
    returned[0].close()
    app.extensions["stores"].pool.close()


def test_without_redis_the_catalogue_goes_on_and_carts_do_not(client: FlaskClient, config, memory) -> None:
    app = create_app(dataclasses.replace(config, redis_url="redis://127.0.0.1:1/0"))
    visitor = app.test_client()
    assert visitor.get("/p/P00003").status_code == 200
    assert error(visitor.get("/api/v1/cart")) == (503, "store_unavailable")
    assert events(memory, "cache.unavailable") and events(memory, "store.unavailable")
    app.extensions["stores"].pool.close()


def test_without_a_broker_the_answer_says_that_the_queue_is_away(client: FlaskClient, memory) -> None:
    review = {"rating": 4, "title": "Good", "body": "Tastes like tea."}
    unreachable = patch_broker("redis://127.0.0.1:1/0")
    try:
        answer = client.post("/api/v1/products/P00003/reviews", json=review, headers=CUSTOMER)
    finally:
        patch_broker(unreachable)
    assert error(answer) == (503, "queue_unavailable")
    assert events(memory, "job.enqueue.failed")
    spans = memory.spans.get_finished_spans()
    assert named(spans, "apply_async/catalog.reindex").status.status_code is StatusCode.ERROR
