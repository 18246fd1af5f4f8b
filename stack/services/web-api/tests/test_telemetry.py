"""What the Collector gets."""

import logging

import pytest
from flask.testing import FlaskClient
from opentelemetry.sdk.resources import Resource
from opentelemetry.trace import SpanKind, StatusCode
from shop import CHECKOUT, CLERK, CUSTOMER, PARTNER, events, fill_cart, named, path

from web_api.telemetry import HashedOnce

TRACE = "0af7651916cd43dd8448eb211c80319c"
BROWSER = {
    "traceparent": f"00-{TRACE}-b7ad6b7169203331-01",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "X-Forwarded-For": "81.2.69.142",
    "Host": "www.northwind-market.com",
}


def test_a_resource_hashed_once_is_the_same_resource() -> None:
    resource = Resource.create({"service.version": "1.0.0"})
    assert HashedOnce(resource.attributes, resource.schema_url) == resource
    assert hash(HashedOnce(resource.attributes, resource.schema_url)) == hash(resource)


def test_a_plain_read_is_server_internal_client(client: FlaskClient, memory) -> None:
    client.get("/api/v1/products/P00003/stock", headers=BROWSER)
    spans = [
        span for span in memory.spans.get_finished_spans() if "settings" not in span.attributes.get("db.query.text", "")
    ]
    server = named(spans, "GET /api/v1/products/<sku>/stock")
    assert path(spans, named(spans, "SELECT")) == [
        "SERVER GET /api/v1/products/<sku>/stock",
        "INTERNAL catalog.stock",
        "CLIENT SELECT",
    ]
    assert f"{server.context.trace_id:032x}" == TRACE
    wanted = {
        "http.request.method": "GET",
        "http.route": "/api/v1/products/<sku>/stock",
        "http.response.status_code": 200,
        "url.path": "/api/v1/products/P00003/stock",
        "url.scheme": "http",
        "server.address": "www.northwind-market.com",
        "client.address": "81.2.69.142",
        "network.peer.address": "127.0.0.1",
        "user_agent.original": BROWSER["User-Agent"],
    }
    assert {name: server.attributes.get(name) for name in wanted} == wanted
    assert "client.port" not in server.attributes
    query = named(spans, "SELECT").attributes
    assert (query["db.system.name"], query["db.query.text"]) == (
        "postgresql",
        "SELECT quantity FROM stock WHERE sku = %s",
    )


def test_only_current_semantic_conventions_are_written(client: FlaskClient, memory) -> None:
    fill_cart(client)
    client.post("/api/v1/checkout", json=CHECKOUT, headers=CUSTOMER)
    old = {"http.method", "http.status_code", "http.url", "http.target", "net.peer.ip", "net.peer.name", "db.statement"}
    old |= {"db.system", "db.name"}
    for span in memory.spans.get_finished_spans():
        assert not old & set(span.attributes), span.name


def test_a_checkout_is_one_trace_down_to_the_queue(client: FlaskClient, broker, memory) -> None:
    fill_cart(client)
    memory.spans.clear()
    client.post("/api/v1/checkout", json=CHECKOUT, headers=CUSTOMER | {"traceparent": BROWSER["traceparent"]})
    spans = memory.spans.get_finished_spans()
    assert {f"{span.context.trace_id:032x}" for span in spans} == {TRACE}
    producer = named(spans, "apply_async/payments.charge")
    assert path(spans, producer) == [
        "SERVER POST /api/v1/checkout",
        "INTERNAL orders.checkout",
        "INTERNAL jobs.enqueue",
        "PRODUCER apply_async/payments.charge",
    ]
    assert f"{producer.context.span_id:016x}" in broker.lindex("payments", 0)
    assert {"POST /v1/verify", "HGETALL GET GET", "SELECT", "UPDATE", "INSERT", "LPUSH"} <= {
        span.name for span in spans
    }
    server = named(spans, "POST /api/v1/checkout")
    principal = {"user.id": "u100", "session.id": "s100", "tenant.id": 1}
    assert {name: server.attributes.get(name) for name in principal} == principal


def test_every_request_has_one_access_log_in_its_trace(client: FlaskClient, memory) -> None:
    client.get("/p/P00003", headers=BROWSER)
    client.get("/api/v1/orders", headers=CUSTOMER)
    client.get("/none/such")
    records = [r.log_record for r in memory.records.get_finished_logs() if r.log_record.event_name == "http.access"]
    assert [record.body for record in records] == [
        "GET /p/P00003 200",
        "GET /api/v1/orders 200",
        "GET /none/such 404",
    ]
    assert f"{records[0].trace_id:032x}" == TRACE
    wanted = {
        "http.request.method": "GET",
        "http.route": "/p/<sku>",
        "url.path": "/p/P00003",
        "http.response.status_code": 200,
        "client.address": "81.2.69.142",
        "user_agent.original": BROWSER["User-Agent"],
    }
    assert {name: records[0].attributes.get(name) for name in wanted} == wanted
    assert records[0].attributes["http.response.body.size"] > 300
    assert records[0].attributes["duration_ms"] > 0 and records[0].attributes["request.id"]
    assert (records[1].attributes["user.id"], records[1].attributes["session.id"]) == ("u100", "s100")
    servers = [span.name for span in memory.spans.get_finished_spans() if span.kind is SpanKind.SERVER]
    assert servers == ["GET /p/<sku>", "GET /api/v1/orders", "GET"]


def test_health_and_metrics_leave_no_trace(client: FlaskClient, memory) -> None:
    for quiet in ("/health", "/metrics"):
        response = client.get(quiet, headers=BROWSER)
        assert (response.status_code, response.headers["Connection"]) == (200, "close")
    assert not memory.spans.get_finished_spans()
    assert not memory.records.get_finished_logs()
    client.get("/help/health")
    assert len(events(memory, "http.access")) == 1


def test_a_refusal_is_no_error_of_the_span_and_a_failure_is(client: FlaskClient, memory, monkeypatch) -> None:
    client.get("/api/v1/products/P99999")
    refused = named(memory.spans.get_finished_spans(), "catalog.product")
    assert (refused.status.status_code, refused.attributes["error.type"]) == (StatusCode.UNSET, "unknown_product")
    memory.spans.clear()
    monkeypatch.setattr("web_api.services.catalog.row", lambda *_: 1 / 0)
    assert client.get("/api/v1/products/P00003/stock").get_json() == {"error": "internal_server_error"}
    failed = named(memory.spans.get_finished_spans(), "catalog.stock")
    assert (failed.status.status_code, failed.events[0].name) == (StatusCode.ERROR, "exception")
    errors = [r.log_record for r in memory.records.get_finished_logs() if r.log_record.severity_text == "ERROR"]
    assert errors[0].attributes["exception.type"] == "ZeroDivisionError"


def test_the_sdks_own_complaints_stay_out_of_the_telemetry(client: FlaskClient, memory) -> None:
    logging.getLogger("opentelemetry.exporter.otlp.proto.http").error("no Collector")
    assert not memory.records.get_finished_logs()


def test_forwarded_addresses_count_only_from_trusted_proxies(client: FlaskClient, memory) -> None:
    hops = {"X-Forwarded-For": "6.6.6.6, 81.2.69.142, 127.0.0.9"}
    client.get("/help/returns", headers=hops)
    client.get("/help/returns", headers=hops, environ_base={"REMOTE_ADDR": "203.0.113.7"})
    client.get("/help/returns", headers={"X-Forwarded-For": "nonsense"})
    found = [entry["client.address"] for entry in events(memory, "http.access")]
    assert found == ["81.2.69.142", "203.0.113.7", "127.0.0.1"]
    assert len(events(memory, "forwarded.ignored")) == 1


def test_request_ids_are_taken_over_when_they_look_like_one(client: FlaskClient) -> None:
    assert client.get("/cart", headers={"X-Request-Id": "abc-123456"}).headers["X-Request-Id"] == "abc-123456"
    assert client.get("/cart", headers={"X-Request-Id": "a b\tc"}).headers["X-Request-Id"] != "a b\tc"


def test_no_secret_gets_into_telemetry(client: FlaskClient, memory, caplog: pytest.LogCaptureFixture) -> None:
    secrets = [
        "correct horse",
        "wrong battery",
        "tok_5Qm2kVz8",
        "customer-token",
        "partner-key",
        "anna@northwind.example",
    ]
    login = {"email": "anna@northwind.example", "password": "correct horse"}
    client.post("/api/v1/auth/login", json=login)
    client.post("/api/v1/auth/login", json=login | {"password": "wrong battery"})
    client.post("/api/v1/auth/register", json={"email": "anna@northwind.example", "password": 7})
    fill_cart(client)
    secrets.append(client.get_cookie("cart").value)
    client.post("/api/v1/checkout", json=CHECKOUT, headers=CUSTOMER)
    client.post("/api/v1/checkout", json=CHECKOUT | {"postcode": "?"}, headers=CUSTOMER)
    client.get("/api/v1/account", headers=CUSTOMER)
    client.get("/api/v1/partner/catalog", headers=PARTNER)
    client.get("/api/v1/admin/users/u100", headers=CLERK)
    told = [span.to_json() for span in memory.spans.get_finished_spans()]
    told += [record.to_json() for record in memory.records.get_finished_logs()]
    told.append(caplog.text)
    assert not [secret for secret in secrets for text in told if secret in text]


def test_metrics_of_the_contract(client: FlaskClient, broker) -> None:
    fill_cart(client)
    client.post("/api/v1/checkout", json=CHECKOUT, headers=CUSTOMER)
    text = client.get("/metrics").get_data(as_text=True)
    for line in (
        'http_server_request_duration_seconds_count{http_request_method="POST",http_response_status_code="202"'
        ',http_route="/api/v1/checkout"}',
        "http_server_active_requests 0.0",
        'db_client_connections{state="idle"}',
        'cache_requests_total{cache="product",result="miss"}',
        'orders_total{channel="web",outcome="placed"}',
        'auth_verifications_total{result="verified"}',
        'jobs_enqueued_total{task="payments.charge"}',
        "process_resident_memory_bytes",
        "python_gc_collections_total",
    ):
        assert line in text, line
