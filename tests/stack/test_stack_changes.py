"""Deployments and changes of the ledger are found in the data set, with the right ids."""

from __future__ import annotations

import json
from typing import Any

import pyarrow.parquet as parquet
from recording import Recording

# So long a reloaded web-api lets its old worker answer what is under way.
HANDOVER_NS = 25_000_000_000


def nested(recording: Recording, folder: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = parquet.read_table(recording.data / "ocsf" / folder / "logs.parquet").to_pylist()
    return rows


def pair(recording: Recording, role: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The ledger's two lines of each action of a role."""
    started = {line["id"]: line for line in recording.ledger if line["event"] == "started" and line["role"] == role}
    finished = {line["id"]: line for line in recording.ledger if line["event"] == "finished" and line["role"] == role}
    assert started.keys() == finished.keys()
    return [(started[identity], finished[identity]) for identity in started]


def test_deployments_are_application_lifecycle_events(recording: Recording) -> None:
    events = [
        (row, json.loads(row["otel"]["attribute_map"]))
        for row in nested(recording, "application_lifecycle")
        if row["metadata"]["event_code"] == "deployment.finished"
    ]
    planned = recording.plan["releases"]
    actions = pair(recording, "deployer")
    assert len(events) == len(planned) == len(actions) > 0
    for release, (started, finished), (row, held) in zip(planned, actions, events, strict=True):
        assert (row["class_uid"], row["activity_name"], row["status"]) == (6002, "Update", "Success")
        assert started["target"] == row["app"]["name"] == release["service"]
        assert finished["params"]["version"] == row["app"]["version"] == release["to"]
        assert held["app.version.previous"] == release["from"]
        assert held["deployment.id"].startswith(f"{release['service']}-{release['to']}-")
        assert held["vcs.files_changed"] >= 2 and held["vcs.lines_changed"] >= 4
        assert row["actor"]["user"]["uid"] == release["user"]
        assert started["utc_ns"] < row["otel"]["time_nano"] < finished["utc_ns"]


def test_the_new_version_is_on_spans_from_the_deployment_on(recording: Recording) -> None:
    for release, (started, finished) in zip(recording.plan["releases"], pair(recording, "deployer"), strict=True):
        assert finished["params"]["first_span_seen"] is True
        spans = [span for span in recording.spans if span.service == release["service"]]
        new = [span.start_ns for span in spans if span.version == release["to"]]
        old = [span.start_ns for span in spans if span.version == release["from"]]
        assert old and new
        assert min(old) < started["utc_ns"] < min(new)
        assert max(old) < finished["utc_ns"] + HANDOVER_NS


def test_changes_are_entity_management_events(recording: Recording) -> None:
    events = [
        (row, json.loads(row["otel"]["attribute_map"]))
        for row in nested(recording, "entity_management")
        if row["metadata"]["event_code"] == "config.changed"
    ]
    planned = recording.plan["changes"]
    actions = pair(recording, "back office")
    assert len(events) == len(planned) == len(actions) > 0
    sent = {request["trace_id"] for request in recording.requests if request["session"] == "back office"}
    for change, (started, finished), (row, held) in zip(planned, actions, events, strict=True):
        assert (row["class_uid"], row["activity_name"], row["status"]) == (3004, "Update", "Success")
        assert started["params"]["key"] == row["entity"]["name"] == row["entity_result"]["name"] == change["key"]
        new = str(change["value"]).lower() if change["kind"] == "flag" else str(change["value"])
        assert held["config.value.new"] == new != held["config.value.old"]
        assert ("feature_flag.key" in held) == (change["kind"] == "flag")
        assert row["actor"]["user"]["uid"] == change["user"]
        assert row["trace"]["uid"] in sent
        assert started["utc_ns"] < row["otel"]["time_nano"] < finished["utc_ns"]
