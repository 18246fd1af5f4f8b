from __future__ import annotations

import json

import pytest

from conductor.summary import visits


@pytest.fixture
def requests(tmp_path):
    def write(*outcomes):
        lines = [{"sent_ns": second * 10**9, **outcome} for second, outcome in enumerate(outcomes)]
        path = tmp_path / "requests.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return path

    return write


def test_visits_are_summed_up(requests):
    found = visits(requests(*({"status": 200, "ms": float(number)} for number in range(1, 201))))
    assert (found.sent, found.answered, found.p50_ms, found.p99_ms) == (200, 200, 101.0, 199.0)
    assert str(found) == "200 requests, 1.0 a second; all answered; p50 101 ms, p99 199 ms"


def test_who_had_no_answer_is_counted_and_has_no_latency(requests):
    found = visits(requests({"status": 503, "ms": 5.0}, {"error": "refused", "ms": 9000.0}, {"error": "hung up"}))
    assert str(found) == "3 requests, 1.5 a second; 1 refused, 1 hung up; p50 5 ms, p99 5 ms"


def test_a_run_without_visitors_has_no_latencies(requests):
    assert str(visits(requests())) == "0 requests, 0.0 a second; all answered"
