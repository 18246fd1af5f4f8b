"""The worker and beat as processes: traces joined, metrics added up, a warm stop that loses nothing."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from celery import Celery
from running import ROOT, Answers, Collector, Process, Provider, Shop, answers, free_port, wait_for

from payment_provider.ledger import decide

SERVER, CLIENT, PRODUCER, CONSUMER, INTERNAL = 2, 3, 4, 5, 1
AUTHORISED = [n for n in range(1, 1000) if decide(f"order-{n}")[0] == "authorised"]
TELEMETRY = {
    "OTEL_SERVICE_NAME": "payment-worker",
    "OTEL_RESOURCE_ATTRIBUTES": "service.namespace=shop,service.instance.id=payment-worker-1,host.name=worker-1",
    "OTEL_SEMCONV_STABILITY_OPT_IN": "http,database",
    "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "otel",
    "OTEL_BSP_SCHEDULE_DELAY": "200",
    "OTEL_BLRP_SCHEDULE_DELAY": "200",
}


class Worker(Process):
    def __init__(self, state: Path, provider: str, collector: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.producer = Celery(broker=os.environ["BROKER_URL"])
        super().__init__(
            ["payment_worker", "worker"],
            ROOT,
            **TELEMETRY,
            HOST="127.0.0.1",
            PORT=str(port),
            PROVIDER_URL=provider,
            STATE_DIR=str(state),
            OTEL_EXPORTER_OTLP_ENDPOINT=collector,
        )
        wait_for("the worker", lambda: answers(f"{self.url}/health"), 30)

    def send(self, task: str, *arguments: object, trace: str = "") -> str:
        """As web-api does, in a trace; returns the trace's id."""
        trace = trace or os.urandom(16).hex()
        queue = "payments" if task.startswith("payments.") else "default"
        headers = {"traceparent": f"00-{trace}-{'ab' * 8}-01"}
        self.producer.send_task(task, arguments, queue=queue, headers=headers)
        return trace

    def metric(self, series: str) -> float:
        for line in requests.get(f"{self.url}/metrics", timeout=5).text.splitlines():
            if line.startswith(f"{series} "):
                return float(line.rsplit(" ", 1)[1])
        return 0.0


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    started = Collector()
    yield started
    started.close()


@pytest.fixture(scope="module")
def api(provider: Provider) -> Iterator[Answers]:
    started = Answers(behind=provider.url)
    yield started
    started.close()


@pytest.fixture
def start(owner: object, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    started: list[Worker] = []

    def begin(provider: str, collector: str) -> Worker:
        started.append(Worker(tmp_path, provider, collector))
        return started[-1]

    yield begin
    for worker in started:
        if worker.process.poll() is None:
            worker.stop()


def names(spans: list[dict[str, Any]]) -> set[str]:
    return {span["name"] for span in spans}


def test_a_checkouts_trace_goes_on_to_the_provider_and_the_receipt(
    shop: Shop, api: Answers, collector: Collector, start: Callable[..., Worker]
) -> None:
    worker = start(api.url, collector.url)
    order = shop.order(AUTHORISED[0])
    api.script = [(503, {"error": "unavailable"})]  # the first try fails
    trace = worker.send("payments.charge", order)
    wait_for("the receipt", lambda: "run/orders.send_receipt" in names(collector.trace(trace)))
    spans = collector.trace(trace)

    by_id = {span["id"]: span for span in spans}
    runs = [span for span in spans if span["name"] == "run/payments.charge"]
    assert [span["kind"] for span in runs] == [CONSUMER, CONSUMER]
    assert runs[0]["parent"] == "ab" * 8
    retry = by_id[runs[1]["parent"]]
    assert (retry["kind"], retry["parent"]) == (PRODUCER, runs[0]["id"])
    assert all(span["parent"] == "ab" * 8 or span["parent"] in by_id for span in spans)

    call = next(span for span in spans if span["attributes"].get("http.response.status_code") == 201)
    assert (call["kind"], call["name"]) == (CLIENT, "POST /v1/charges")
    assert by_id[call["parent"]]["name"] == "payments.authorise"
    assert by_id[call["parent"]]["kind"] == INTERNAL
    assert any(span["attributes"].get("db.system.name") == "postgresql" for span in spans)
    assert {"orders.load", "payments.complete", "receipts.load_lines", "receipts.render"} <= names(spans)

    resource = runs[0]["resource"]
    assert resource["service.version"] == (ROOT / "VERSION").read_text().strip()
    assert (resource["service.name"], resource["host.name"]) == ("payment-worker", "worker-1")
    machine = os.uname().nodename
    assert not any(machine in str(span) for span in spans), "a span names the machine"
    assert runs[0]["attributes"]["celery.hostname"] == "worker@payment-worker"

    charged = wait_for("the log", lambda: collector.events("payment.charged"))[0]
    assert charged["trace"] == trace
    assert charged["attributes"]["order.id"] == order
    assert [log["trace"] for log in collector.events("payment.retry")] == [trace]
    assert (
        wait_for("the start", lambda: collector.events("service.started"))[0]["attributes"]["service.role"] == "worker"
    )

    assert worker.metric('celery_tasks_total{state="success",task="payments.charge"}') == 1
    assert worker.metric('celery_tasks_total{state="retry",task="payments.charge"}') == 1
    assert worker.metric('celery_task_duration_seconds_count{task="orders.send_receipt"}') == 1
    assert worker.metric('provider_requests_total{operation="charge",outcome="server_error"}') == 1
    assert worker.metric('celery_queue_length{queue="payments"}') == 0
    assert worker.metric("process_resident_memory_bytes") > 60e6  # parent and two more


def test_a_settlement_is_one_trace_of_more_than_a_hundred_spans(
    shop: Shop, api: Answers, collector: Collector, start: Callable[..., Worker]
) -> None:
    worker = start(api.url, collector.url)
    for order_id in range(1, 121):
        shop.order(order_id, status="paid")
        shop.payment(order_id)
    trace = worker.send("payments.settle")
    wait_for("the batch", lambda: "run/payments.settle" in names(collector.trace(trace)))
    spans = wait_for("its spans", lambda: len(found := collector.trace(trace)) > 240 and found)
    assert sum(span["name"] == "settlement.settle_payment" for span in spans) == 120


def test_a_warm_stop_finishes_what_runs_and_leaves_the_rest_in_the_queue(
    shop: Shop, api: Answers, collector: Collector, start: Callable[..., Worker]
) -> None:
    worker = start(api.url, collector.url)
    before = len(api.calls)
    api.delay = 1.0
    ids = [shop.order(n) for n in AUTHORISED[:6]]
    traces = [worker.send("payments.charge", n) for n in ids]
    wait_for("two running charges", lambda: len(api.calls) == before + 2)
    status, _, output = worker.stop()
    api.delay = 0.0
    assert status == 0, output
    assert [shop.status(n) for n in ids].count("paid") == 2
    assert len(collector.events("service.stopped")) >= 1
    done = [n for n in ids if shop.status(n) == "paid"]
    assert all(collector.trace(traces[ids.index(n)]) for n in done), "the last spans were not sent"

    start(api.url, collector.url)
    wait_for("the rest", lambda: all(shop.status(n) == "paid" for n in ids))
    assert len({key for _, key, _ in api.calls[before:]}) == 6


def test_a_missing_collector_holds_nobody_up(shop: Shop, api: Answers, start: Callable[..., Worker]) -> None:
    worker = start(api.url, f"http://127.0.0.1:{free_port()}")
    order = shop.order(AUTHORISED[0])
    worker.send("payments.charge", order)
    wait_for("the charge", lambda: shop.status(order) == "paid")
    status, seconds, output = worker.stop()
    assert status == 0, output
    assert seconds < 9  # 3 on an idle machine; the exporters alone would go on for 10
    assert "Failed to export" in output or "while exporting" in output


def test_health_tells_of_broker_and_processes(
    shop: Shop, api: Answers, collector: Collector, start: Callable[..., Worker]
) -> None:
    worker = start(api.url, collector.url)
    assert requests.get(f"{worker.url}/health", timeout=5).json() == {
        "status": "ok",
        "version": (ROOT / "VERSION").read_text().strip(),
        "broker": True,
        "processes": 2,
    }
    assert requests.get(f"{worker.url}/nothing", timeout=5).status_code == 404


def test_beat_shows_that_it_ticks_and_tells_of_its_end(owner: object, collector: Collector, tmp_path: Path) -> None:
    beat = Process(
        ["payment_worker", "beat"],
        ROOT,
        **TELEMETRY,
        STATE_DIR=str(tmp_path),
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
    )
    wait_for("a tick", (tmp_path / "beat-alive").exists)
    check = Process(["payment_worker.fresh"], ROOT, STATE_DIR=str(tmp_path)).process
    check.communicate()
    assert check.returncode == 0
    stale = time.time() - 60
    time.sleep(0.5)
    status, _, output = beat.stop()
    assert status == 0, output
    os.utime(tmp_path / "beat-alive", (stale, stale))
    check = Process(["payment_worker.fresh"], ROOT, STATE_DIR=str(tmp_path)).process
    check.communicate()
    assert check.returncode == 1
    roles = [log["attributes"]["service.role"] for log in collector.events("service.stopped")]
    assert "beat" in roles
    assert list(tmp_path.glob("beat-schedule*"))
