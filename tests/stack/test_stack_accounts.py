"""Nothing is lost on the way: from the visitors through the Collector into the data set, and all of it is valid."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from recording import SIGNALS, Recording

CORE_EVENTS = 20_000


def test_the_command_succeeds(recording: Recording) -> None:
    assert recording.status == 0, recording.output
    assert recording.summary["faults"] == []


@pytest.mark.parametrize("signal", SIGNALS)
def test_what_the_collector_counted_is_what_was_written(recording: Recording, signal: str) -> None:
    counted = recording.json(recording.truth / "collector.json")
    held = recording.conversion["signals"][signal]
    assert counted["lost"][signal] == {}
    assert counted["received"][signal] == counted["written"][signal] == held["records_read"] > 0
    assert held["records_read"] == held["records_written"] + held["records_rejected"]
    assert held["records_rejected"] == 0


@pytest.mark.parametrize("signal", SIGNALS)
def test_every_event_is_in_the_parquet_files(recording: Recording, signal: str) -> None:
    (rows,) = recording.tables.execute(f"SELECT count(*) FROM {signal}").fetchone() or (0,)
    assert rows == recording.conversion["signals"][signal]["events"]


def test_every_answered_request_is_a_span_of_the_entrance(recording: Recording) -> None:
    entrance = [span for span in recording.spans if span.service == "web-api" and span.kind == "SERVER"]
    answered = [request for request in recording.requests if "status" in request]
    assert len(answered) > 0.9 * recording.plan["rate"] * recording.plan["duration_s"]
    status = {span.trace: span.attributes["http.response.status_code"] for span in entrance}
    assert len(status) == len(entrance), "a request has one SERVER span"
    missing = [request for request in answered if request["trace_id"] not in status]
    assert missing == []
    assert [request for request in answered if request["status"] != status[request["trace_id"]]] == []


def test_every_request_of_the_entrance_was_sent(recording: Recording) -> None:
    sent = {request["trace_id"] for request in recording.requests}
    assert {span.trace for span in recording.spans if span.service == "web-api" and span.kind == "SERVER"} <= sent


def test_the_data_set_has_no_invalid_event(recording: Recording) -> None:
    report = validated(recording.data / "ocsf")
    assert report["faults"] == [] and report["valid"]
    assert report["events"] == sum(recording.conversion["signals"][signal]["events"] for signal in SIGNALS)


@pytest.mark.parametrize("signal", SIGNALS)
def test_core_events_are_valid_too(recording: Recording, signal: str) -> None:
    limit = str(CORE_EVENTS // len(SIGNALS))
    report = validated(recording.otel, "--schema", "core", "--signal", signal, "--limit", limit)
    assert report["faults"] == [] and report["valid"] and report["events"] > 0


def validated(path: Path, *options: str) -> dict[str, object]:
    command = [sys.executable, "-m", "ocsfconv", "validate", str(path), "--json", "--quiet", *options]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode in (0, 1), done.stderr
    report: dict[str, object] = json.loads(done.stdout)
    return report
