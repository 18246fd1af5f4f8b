import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

ROOT = Path(__file__).parents[1]


def free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


class Provider:
    def __init__(self, **environment: str) -> None:
        port, operator = free(), free()
        self.url, self.operators = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{operator}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "payment_provider"],
            cwd=ROOT,
            env={
                **os.environ,
                "HOST": "127.0.0.1",
                "PORT": str(port),
                "OPERATORS": f"127.0.0.1:{operator}",
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 20
        while True:
            try:
                requests.get(f"{self.url}/health", timeout=1)
                return
            except requests.ConnectionError:
                assert time.monotonic() < deadline, "the provider did not start"
                time.sleep(0.05)

    def charge(self, reference: str = "order-1", key: str | None = None, **fields: Any) -> requests.Response:
        body = {"reference": reference, "amount_cents": 1200, "card_token": "tok_visa_1", **fields}
        return requests.post(
            f"{self.url}/v1/charges", json=body, headers={"Idempotency-Key": key or reference}, timeout=10
        )

    def quote(self) -> requests.Response:
        return requests.get(f"{self.url}/v1/quotes", {"postcode": "10115", "grams": "900"}, timeout=10)

    def operate(self, **conditions: Any) -> requests.Response:
        return requests.put(f"{self.operators}/conditions", json=conditions, timeout=5)

    def stop(self) -> tuple[str, int]:
        self.process.send_signal(signal.SIGTERM)
        output, _ = self.process.communicate(timeout=10)
        return output, self.process.returncode


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    started = Provider(RATE_LIMIT="500")
    yield started
    started.stop()


def test_a_charge_is_answered_once_for_a_key(provider: Provider) -> None:
    first, again = provider.charge("order-7"), provider.charge("order-7")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.json()["status"] in {"authorised", "declined"}
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert provider.charge("order-8", key="order-7").status_code == 409


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"amount_cents": 0}, "invalid_amount_cents"),
        ({"amount_cents": True}, "invalid_amount_cents"),
        ({"card_token": None}, "invalid_card_token"),
        ({"reference": ""}, "invalid_reference"),
    ],
)
def test_a_malformed_charge_is_refused(provider: Provider, fields: dict[str, Any], code: str) -> None:
    answer = provider.charge(key="malformed", **fields)
    assert (answer.status_code, answer.json()) == (422, {"error": code})


def test_what_is_no_json_is_refused(provider: Provider) -> None:
    assert requests.post(f"{provider.url}/v1/charges", data=b"{", timeout=5).status_code == 400


def test_a_refund_is_given(provider: Provider) -> None:
    body = {"charge_id": "ch_0123", "amount_cents": 5}
    answer = requests.post(f"{provider.url}/v1/refunds", json=body, timeout=10)
    assert answer.status_code == 201
    assert answer.json()["id"].startswith("re_")


def test_a_quote_depends_on_zone_and_weight(provider: Provider) -> None:
    def quote(postcode: str, grams: str) -> requests.Response:
        return requests.get(f"{provider.url}/v1/quotes", {"postcode": postcode, "grams": grams}, timeout=10)

    near, far = quote("10115", "900").json(), quote("80331", "5400").json()
    assert near["price_cents"] < far["price_cents"]
    assert near["days"] <= far["days"]
    assert quote("1011", "900").json() == {"error": "invalid_postcode"}
    assert quote("10115", "0").status_code == 422


def test_above_the_limit_callers_are_told_when_to_come_back() -> None:
    provider = Provider(RATE_LIMIT="1", RATE_BURST="2")
    answers = [provider.charge(f"order-{n}") for n in range(4)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)
    log, status = provider.stop()
    assert status == 0
    assert '"POST /v1/charges HTTP/1.1" 429' in log
    assert "/health" not in log


AGREED = {"rate_limit": 0.0, "burst": 0.0, "maintenance": 0.0, "slowdown": 1.0}


@pytest.fixture
def operated(provider: Provider) -> Iterator[Provider]:
    assert requests.get(f"{provider.operators}/conditions", timeout=5).json() == AGREED
    yield provider
    assert provider.operate().json() == AGREED
    assert provider.charge(f"order-{time.time_ns()}").status_code == 201


def test_operators_have_a_port_of_their_own(operated: Provider) -> None:
    assert requests.get(f"{operated.url}/conditions", timeout=5).status_code == 404
    assert requests.get(f"{operated.operators}/v1/quotes", timeout=5).status_code == 404


def test_less_capacity_refuses_more(operated: Provider) -> None:
    operated.operate(rate_limit=2, burst=2)
    answers = [operated.quote().status_code for _ in range(8)]
    assert answers.count(429) >= 4
    assert 200 in answers


def test_a_part_under_maintenance_answers_its_share(operated: Provider) -> None:
    operated.operate(maintenance=1)
    answer = operated.charge("order-maintenance")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    operated.operate(maintenance=0.5)
    answers = [operated.charge("order-replayed").status_code for _ in range(40)]
    assert 8 < answers.count(503) < 32


def test_slow_networks_take_so_many_times_as_long(operated: Provider) -> None:
    operated.charge("order-slow")
    operated.operate(slowdown=40)
    begun = time.monotonic()
    operated.charge("order-slow")  # from memory: 8 ms as a rule
    assert 0.05 < time.monotonic() - begun < 2


@pytest.mark.parametrize("given", [{"speed": 1}, {"maintenance": 2}, {"slowdown": 0}, {"rate_limit": "3"}])
def test_conditions_that_are_none_are_refused(operated: Provider, given: dict[str, Any]) -> None:
    assert operated.operate(**given).status_code == 422


def test_without_a_port_for_operators_there_is_none() -> None:
    provider = Provider(OPERATORS="")
    with pytest.raises(requests.ConnectionError):
        provider.operate(maintenance=1)
    provider.stop()
