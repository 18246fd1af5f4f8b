from __future__ import annotations

import json
import math
import random
from collections import Counter
from itertools import accumulate

import duckdb
import pytest

from conductor.realism import Row, measure, zipf_exponent


@pytest.mark.parametrize(
    ("value", "low", "high", "verdict"),
    [
        (5, 5, 15, "in"),
        (15, 5, 15, "in"),
        (4.99, 5, 15, "out"),
        (15.01, 5, 15, "out"),
        (1e9, 5, None, "in"),
        (4, 5, None, "out"),
        (-1, None, 0, "in"),
        (1, None, 0, "out"),
        (None, 5, 15, "out"),
        (math.nan, 5, 15, "out"),
        (7, None, None, None),
        (None, None, None, None),
    ],
)
def test_verdicts(value, low, high, verdict):
    row = Row("anything", value, low, high)
    assert row.verdict == verdict
    assert row.to_dict() == {"name": "anything", "value": value, "band": [low, high], "verdict": verdict}


@pytest.mark.parametrize("exponent", [0.6, 0.95, 1.3])
def test_a_zipf_exponent_is_found_again(exponent):
    weights = list(accumulate(rank**-exponent for rank in range(1, 1001)))
    drawn = Counter(random.Random(7).choices(range(1000), cum_weights=weights, k=60_000))
    assert zipf_exponent(sorted(drawn.values(), reverse=True)) == pytest.approx(exponent, abs=0.05)


def test_no_exponent_without_ranks():
    assert zipf_exponent([]) is None
    assert zipf_exponent([4]) is None
    assert zipf_exponent([10] * 50) == pytest.approx(0, abs=0.01)


def span(trace, number, parent, kind, service, **more):
    held = {
        "record_kind": "span",
        "trace_id": trace,
        "span_id": f"{trace}-{number}",
        "parent_span_id": parent and f"{trace}-{parent}",
        "span_kind": kind,
        "service": service,
        "duration_ns": 1_000_000,
        "time_unix_nano": 0,
    }
    return held | more


@pytest.fixture
def data(tmp_path):
    """Forty requests of two routes; every fifth goes on to a second service, a third and a database."""
    spans, logs = [], []
    for number in range(40):
        trace = f"t{number}"
        route = "/p/<sku>" if number % 2 else "/"
        code = 500 if number == 0 else 404 if number == 2 else 200
        spans.append(
            span(trace, 1, None, "Server", "web-api", http_route=route, http_request_url_path=f"/p/P{number % 4:05}",
                 http_response_code=code, src_endpoint_ip=f"198.51.100.{number % 10}",
                 time_unix_nano=number * 100_000_000)
        )  # fmt: skip
        spans.append(span(trace, 2, 1, "Internal", "web-api"))
        spans.append(span(trace, 3, 2, "Client", "web-api"))
        if number % 5 == 0:
            spans.append(span(trace, 4, 3, "Server", "auth-service"))
            spans.append(span(trace, 5, 4, "Consumer", "payment-worker"))
        outcome = "Failure" if number == 1 else "Success"
        login = {"event_name": "auth.login", "status": outcome, "message": f"order {number} of a@b.net"}
        logs.append({"trace_id": trace, "service": "web-api", "actor_user_uid": f"u{number % 8}"} | login)
    logs.append({"trace_id": "nowhere", "service": "auth-service", "message": 'said "no"', "event_name": "other"})
    spans.append(span("t1", 9, 8, "Client", "web-api"))  # an orphan
    # An attacker; nothing of it counts.
    spans.append(
        span("a1", 1, None, "Server", "web-api", http_route="/login", http_request_url_path="/login",
             http_response_code=401, src_endpoint_ip="203.0.113.9", time_unix_nano=50_000_000)
    )  # fmt: skip
    attempt = {"event_name": "auth.login", "status": "Failure", "message": "order 1 of c@d.net"}
    logs.append({"trace_id": "a1", "service": "web-api", "actor_user_uid": "u1"} | attempt)
    (tmp_path / "actors.jsonl").write_text(json.dumps({"trace_id": "a1", "actor": "stuffing"}) + "\n")
    empty = dict.fromkeys(("http_route", "http_request_url_path", "http_request_method", "http_response_code",
                           "src_endpoint_ip", "dst_endpoint_svc_name"))  # fmt: skip
    tables = {
        "traces": [empty | one for one in spans],
        "logs": [{"http_request_user_agent": None, "actor_user_uid": None, "status": None} | one for one in logs],
        "metrics": [{"metric_name": name, "attributes": "{}", "resource": "{}"} for name in ("a", "b", "b")],
    }
    for name, rows in tables.items():
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        duckdb.execute(
            f"COPY (SELECT * FROM read_json('{tmp_path}/{name}.jsonl', format = 'newline_delimited'))"
            f" TO '{tmp_path}/ocsf_{name}.parquet'"
        )
    requests = [{"trace_id": f"t{number}", "status": 200, "ms": 1.5} for number in range(40)]
    requests += [{"trace_id": "unseen", "status": 200, "ms": 1.5}, {"trace_id": "given up", "error": "hung up"}]
    (tmp_path / "requests.jsonl").write_text("".join(json.dumps(request) + "\n" for request in requests))
    return tmp_path


def test_a_small_data_set_is_measured(data):
    rows = {row.name: row for row in measure(data, data)}
    values = {name: row.value for name, row in rows.items()}
    assert values["spans per trace, median"] == 3
    assert values["spans per trace, largest of any trace"] == 5
    assert values["depth of a trace, median"] == 3
    assert values["depth of a trace, largest"] == 5
    assert values["traces over 3 or more services"] == pytest.approx(8 / 40)
    assert values["share of the top 10 routes"] == 1
    assert values["share of 5xx"] == values["share of 4xx"] == pytest.approx(1 / 40)
    assert values["logins that fail"] == pytest.approx(1 / 40)
    assert values["requests a second, mean"] == pytest.approx(40 / 3.9)
    assert values["time between requests, coefficient of variation"] == pytest.approx(0)
    assert values["index of dispersion at 1 s"] == pytest.approx(0)
    assert values["number of routes"] == 2
    assert values["number of client addresses"] == 10
    assert values["number of people"] == 8
    assert values["number of log templates"] == 2
    assert values["number of services that log"] == 2
    assert values["number of metric series"] == 2
    assert values["logs whose trace exists"] == pytest.approx(41 / 42)  # the attacker's, too
    assert values["spans whose parent exists"] == pytest.approx(96 / 97)
    assert values["requests found of those answered"] == pytest.approx(40 / 41)
    assert rows["logs whose trace exists"].verdict == rows["number of routes"].verdict == "out"
    assert rows["depth of a trace, median"].verdict == "in"
