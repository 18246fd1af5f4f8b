"""The fast mapper against a slow one that was written from the documentation alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import naive
import ocsfconv
import pyarrow as pa
import pytest
from google.protobuf.message import Message
from hypothesis import HealthCheck, Phase, given, settings
from naive import flat
from ocsfconv import _core
from otlp_strategies import SIGNALS, collector_json, requests

HERE = Path(__file__).parent
GOLDEN = sorted((HERE / "golden").glob("*.json"))
SAMPLES = sorted(
    path for folder in ("plain", "stable-semconv", "grouped") for path in (HERE / "data/otel" / folder).rglob("*.jsonl")
)
# The naive mapper takes what is valid; of a faulty record there is nothing to map.
FAULTY = {"logs_translation_error"}
MODES = pytest.mark.parametrize("mode", ["ext", "core"])

Json = dict[str, Any]
Convert = Callable[[Json, str], list[Json]]


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Convert:
    """Convert a request with the fast mapper."""
    path = tmp_path_factory.mktemp("fast") / "in.jsonl"

    def convert(request: Json, mode: str) -> list[Json]:
        path.write_text(json.dumps(request) + "\n")
        blocks = _core.events([str(path)], signal="all", schema=mode)
        return [json.loads(line) for block in blocks for line in block.splitlines()]

    return convert


def text(events: list[Json]) -> list[str]:
    """Return events in a form that tells 1 from 1.0 and one order of members from another."""
    return [json.dumps(event, indent=1, ensure_ascii=False) for event in events]


@MODES
@pytest.mark.parametrize("path", [path for path in GOLDEN if path.stem not in FAULTY], ids=lambda path: path.stem)
def test_a_golden_request_gives_its_golden_events(path: Path, mode: str) -> None:
    golden = json.loads(path.read_text())
    assert text(naive.events(golden["request"], mode)) == text(golden[mode])


@MODES
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_a_collector_wrote_gives_the_same_events(path: Path, mode: str, fast: Convert) -> None:
    for line in path.read_text().splitlines():
        request = json.loads(line)
        slow, quick = text(naive.events(request, mode)), text(fast(request, mode))
        assert len(slow) == len(quick)
        for index, pair in enumerate(zip(slow, quick, strict=True)):
            assert pair[0] == pair[1], f"event {index}"


def test_flat_rows_of_numbers_that_are_not_finite_have_nulls(tmp_path: Path) -> None:
    values = [{"quantile": 0.5, "value": "-Infinity"}, {"quantile": "NaN", "value": 1}]
    point = {"count": "1", "sum": "Infinity", "quantileValues": values}
    metric = {"name": "m", "summary": {"dataPoints": [point]}}
    request = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps(request) + "\n")
    ((_, slow),) = flat.rows(request)
    (quick,) = pa.table(ocsfconv.read(path)["metrics"]).to_pylist()
    assert slow == quick
    assert (quick["sum"], quick["quantiles"], quick["quantile_values"]) == (None, [0.5, None], [None, 1.0])


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_flat_rows_are_what_the_contract_says_of_the_events(path: Path) -> None:
    tables = {name: pa.table(table).to_pylist() for name, table in ocsfconv.read(path).items()}
    rows: dict[str, list[Json]] = {name: [] for name in tables}
    for line in path.read_text().splitlines():
        for signal, row in flat.rows(json.loads(line)):
            rows[signal].append(row)
    for signal, found in rows.items():
        assert len(found) == len(tables[signal])
        for index, (slow, quick) in enumerate(zip(found, tables[signal], strict=True)):
            # repr: it tells 1 from 1.0, and NaN is itself.
            differing = {name: (slow[name], quick[name]) for name in quick if repr(slow[name]) != repr(quick[name])}
            assert list(slow) == list(quick)
            assert not differing, f"{signal}, row {index}"


def held(attributes: dict[str, str]) -> list[Json]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]


@MODES
def test_white_space_is_unicodes_and_not_pythons(mode: str, fast: Convert) -> None:
    def server(attributes: dict[str, str]) -> Json:
        return {"resourceSpans": [{"scopeSpans": [{"spans": [{"kind": 2, "attributes": held(attributes)}]}]}]}

    called = {"rpc.service": "orders", "rpc.method": "Get", "client.address": "10.0.0.9"}
    hops = "http.request.header.x-forwarded-for"
    # A separator that only Python takes for white space, then two that Unicode does, too.
    for space in ("\x1f", "\x85", "\u2003"):
        for request in (
            server({"db.collection.name": "orders", "db.query.summary": f"{space}SELECT{space}orders"}),
            server({**called, "user_agent.original": f"{space}curl{space}8"}),
            server(
                {
                    "http.request.method": "GET",
                    "http.response.status_code": "200",
                    hops: f"10.0.0.1,{space}10.0.0.2{space}",
                }
            ),
        ):
            assert text(naive.events(request, mode)) == text(fast(request, mode)), repr(space)


def log(attributes: dict[str, str], **fields: str) -> Json:
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": [{**fields, "attributes": held(attributes)}]}]}]}


@MODES
@pytest.mark.parametrize(
    "address",
    ["a:1", "[::1]", "[::1]:1", ":1", "[]", "[]:1", "[a]", "[a]:1", "[::1]a", "[::1]:", "[::1]:99999", "a:000080"],
)
def test_a_port_is_cut_from_a_host_alone_and_brackets_from_an_ip(address: str, mode: str, fast: Convert) -> None:
    sent = log({"messaging.message.id": "m", "messaging.operation.type": "send", "server.address": address})
    events = fast(sent, mode)
    assert text(naive.events(sent, mode)) == text(events)
    whole = address not in ("a:1", "[::1]", "[::1]:1")
    assert (events[-1]["dst_endpoint"].get("hostname") == address) == whole


def exception(escaped: str) -> Json:
    event = {"name": "exception", "attributes": held({"exception.type": "E", "exception.escaped": escaped})}
    return {"resourceSpans": [{"scopeSpans": [{"spans": [{"events": [event]}]}]}]}


SENT = {"messaging.destination.name": "orders", "messaging.destination_kind": "Queue"}
TOKEN = {"auth.token.id": "t1", "auth.token.expiration_time": "2026-01-20T15:12:32.03٨Z"}


@MODES
@pytest.mark.parametrize(
    ("request_", "path", "expected"),
    [
        pytest.param(log({}, severityText="ERROR2"), "severity_id", 5, id="severity with its step"),
        pytest.param(log({}, severityText="ERROR22"), "severity_id", 0, id="severity with two steps"),
        pytest.param(exception("TRUE"), "severity_id", 4, id="true in any case"),
        pytest.param(log({"db.query.text": "ſELECT 1"}), "activity_id", 99, id="a letter whose capital is an S"),
        pytest.param(
            log(TOKEN, eventName="token issued"),
            "authentication_token.expiration_time",
            None,
            id="digits of other scripts",
        ),
        pytest.param(
            log({"feature_flag.key": "new", "feature_flag.version": ""}), "entity.version", None, id="empty version"
        ),
        pytest.param(
            log({"db.system.name": "Redis", "db.collection.name": "a"}), "database.name", "0", id="a system in any case"
        ),
        pytest.param(
            log({**SENT, "messaging.operation.type": "Send"}), "activity_id", 99, id="an operation as it is spelt"
        ),
    ],
)
def test_texts_that_mean_less_or_more_than_they_seem_to(
    request_: Json, path: str, expected: int | str | None, mode: str, fast: Convert
) -> None:
    events = fast(request_, mode)
    found: Any = events[-1]
    for name in path.split("."):
        found = (found or {}).get(name)
    assert found == expected
    assert text(naive.events(request_, mode)) == text(events)


@MODES
@pytest.mark.parametrize("signal", SIGNALS)
def test_generated_requests_give_the_same_events(signal: str, mode: str, fast: Convert) -> None:
    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(requests(signal))
    def same(message: Message) -> None:
        request = json.loads(collector_json(message))
        assert text(naive.events(request, mode)) == text(fast(request, mode))

    same()
