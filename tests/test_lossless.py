"""Nothing is lost: OTLP records come back from nested events, and each way to write a request gives the same events.

What comes back is compared with what official protobuf classes read from the input; `rebuild` has the form of both.
"""

from __future__ import annotations

import base64
import json
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ocsfconv
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from conftest import DATA
from google.protobuf.json_format import ParseDict
from google.protobuf.message import DecodeError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from ocsfconv import _core
from ocsfconv.schema import Schemas, texts
from otlp_strategies import REQUESTS, SIGNALS, collector_json, framed_proto, loose_json, requests
from rebuild import Json, is_derived, parse, rebuilt, records

OTEL = DATA / "otel"
SAMPLES = sorted(path.name for path in OTEL.iterdir() if path.is_dir())
# A time of the generated input that is not in this century is the input's, not the mapping's.
OF_THE_INPUT = "time_implausible"


def examples(count: int) -> settings:
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def events(content: bytes, schema: str = "ext") -> list[Json]:
    """The events of one file with this content, in order."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "in"
        path.write_bytes(content)
        blocks = _core.events([str(path)], signal="all", schema=schema)
        return [parse(line) for block in blocks for line in block.splitlines()]


def came_back(found: list[Json]) -> list[Json]:
    return [rebuilt(event) for event in found if not is_derived(event)]


# --- Nested Parquet, read with pyarrow alone -------------------------------------------------------------------------


def without_nulls(value: Any, kind: pa.DataType) -> Any:
    """A Parquet value as the event's JSON: absent is null there, and JSON is text."""
    if value is None:
        return None
    if pa.types.is_struct(kind):
        found = {field.name: without_nulls(value[field.name], field.type) for field in kind}
        return {name: held for name, held in found.items() if held is not None}
    if pa.types.is_list(kind):
        return [without_nulls(held, kind.value_type) for held in value]
    return parse(value) if str(kind) == "extension<arrow.json>" else value


def nested(folder: Path) -> dict[str, list[Json]]:
    """The events of each nested file: `http_activity/traces`."""
    found = {}
    for path in sorted((folder / "ocsf").rglob("*.parquet")):
        table = pq.read_table(path)
        rows = table.to_pylist()
        kind = pa.struct(list(table.schema))
        found[f"{path.parent.name}/{path.stem}"] = [without_nulls(row, kind) for row in rows]
    return found


# --- The samples, read with the official protobuf classes alone ------------------------------------------------------


def with_base64_ids(node: Any) -> Any:
    """OTLP/JSON as protobuf's JSON form: ids are base64 there."""
    if isinstance(node, list):
        return [with_base64_ids(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: base64.b64encode(bytes.fromhex(held)).decode()
        if key in ("traceId", "spanId", "parentSpanId")
        else with_base64_ids(held)
        for key, held in node.items()
    }


def from_json(line: bytes) -> Any:
    node = json.loads(line)
    signal = {"resourceLogs": "logs", "resourceSpans": "traces", "resourceMetrics": "metrics"}[next(iter(node))]
    return ParseDict(with_base64_ids(node), REQUESTS[signal]())


def from_protobuf(body: bytes) -> Any:
    """The request of the one signal that knows every field of it."""
    for kind in REQUESTS.values():
        request = kind()
        try:
            request.ParseFromString(body)
        except DecodeError:
            continue
        size = request.ByteSize()
        request.DiscardUnknownFields()
        if request.ByteSize() == size:
            return request
    raise AssertionError("no signal has these fields")


def requests_in(path: Path) -> Iterator[Any]:
    content = path.read_bytes()
    if content.startswith(b"{"):
        yield from map(from_json, content.splitlines())
        return
    while content:
        (length,) = struct.unpack(">I", content[:4])
        body, content = content[4 : 4 + length], content[4 + length :]
        if body.startswith(b"\x28\xb5\x2f\xfd"):
            body = zstandard.decompress(body)
        yield from_json(body) if body.startswith(b"{") else from_protobuf(body)


def canonical(found: list[Json]) -> list[str]:
    return sorted(json.dumps(record, sort_keys=True) for record in found)


@pytest.mark.parametrize("folder", SAMPLES)
def test_every_record_of_a_sample_comes_back_from_its_nested_files(folder: str, tmp_path: Path) -> None:
    paths = [path for path in sorted((OTEL / folder).rglob("*")) if path.is_file()]
    wanted = [record for path in paths for request in requests_in(path) for record in records(request)]
    ocsfconv.convert(OTEL / folder, out=tmp_path, layout="nested")
    found = came_back([event for held in nested(tmp_path).values() for event in held])
    for one, other in zip(canonical(found), canonical(wanted), strict=True):
        assert one == other


# --- Generated requests ----------------------------------------------------------------------------------------------


def exceptions_in(record: Json) -> int:
    return sum(event.get("name") == "exception" for event in record.get("events", ()))


@pytest.mark.parametrize("signal", SIGNALS)
def test_every_generated_record_comes_back_from_its_event(signal: str) -> None:
    @examples(80)
    @given(requests(signal))
    def check(request: Any) -> None:
        found, wanted = events(collector_json(request)), records(request)
        for one, other in zip(came_back(found), wanted, strict=True):
            assert one == other
        assert sum(map(is_derived, found)) == sum(map(exceptions_in, wanted))

    check()


def log(*attributes: tuple[str, Json], **fields: Any) -> Json:
    record = {"attributes": [{"key": key, "value": value} for key, value in attributes], **fields}
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}


def summary(**fields: Any) -> Json:
    metric = {"name": "a", "summary": {"dataPoints": [fields]}}
    return {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}


GET, PATH = ("http.request.method", {"stringValue": "GET"}), ("url.path", {"stringValue": "/a"})
# What was lost once.
LOST = {
    "the order of an attribute and an empty one of its name": log(("http.request.method", {}), GET),
    "a path beside the list that stands under url.full": log(GET, PATH, ("url.full", {"arrayValue": {}})),
    "a path beside an empty http.target": log(GET, PATH, ("http.target", {})),
    "an event name that an attribute repeats": log(("event.name", {"stringValue": "a"}), eventName="a"),
    "no event name beside the attribute": log(("event.name", {"stringValue": "a"})),
    "a sum of minus zero": summary(sum=-0.0),
}


@pytest.mark.parametrize("what", LOST)
def test_what_was_lost_once_comes_back(what: str) -> None:
    line = json.dumps(LOST[what]).encode()
    request = from_json(line)
    assert came_back(events(line)) == came_back(events(framed_proto(request))) == records(request)


@pytest.mark.parametrize("signal", SIGNALS)
def test_json_loose_json_and_protobuf_give_the_same_events_and_ids(signal: str) -> None:
    @examples(40)
    @given(requests(signal), st.integers(0, 2**16))
    def check(request: Any, seed: int) -> None:
        wanted = events(collector_json(request))
        assert events(loose_json(request, seed)) == wanted
        assert events(framed_proto(request)) == wanted

    check()


SCHEMAS = Schemas()


def faults(content: bytes) -> list[Any]:
    """What the schema says of the events in both vocabularies."""
    found = []
    for mode in ("ext", "core"):
        for event in events(content, mode):
            assert SCHEMAS.mode_of(event) == mode
            profiles = frozenset(texts(event["metadata"].get("profiles")))
            checker = SCHEMAS.of(mode).event_class(event["class_uid"], profiles)
            assert checker is not None
            found += [finding for finding in checker.check(event) if finding.rule != OF_THE_INPUT]
    return found


@pytest.mark.parametrize("signal", SIGNALS)
def test_generated_records_give_valid_events_in_both_vocabularies(signal: str) -> None:
    @examples(40)
    @given(requests(signal))
    def check(request: Any) -> None:
        assert faults(collector_json(request)) == []

    check()


# What was invalid once: 99, Other, must not have "Other" beside it.
INVALID = {
    "a database that is other": log(("db.system.name", {"stringValue": "other"})),
    "an operation that is other": log(
        ("db.system", {"stringValue": "redis"}), ("db.operation", {"stringValue": "OTHER"})
    ),
    "a method that is other": log(("http.request.method", {"stringValue": "Other"}), PATH),
}


@pytest.mark.parametrize("what", INVALID)
def test_what_was_invalid_once_is_valid(what: str) -> None:
    assert faults(json.dumps(INVALID[what]).encode()) == []


@pytest.mark.parametrize("signal", SIGNALS)
def test_generated_records_come_back_from_parquet_and_stand_there_in_the_flat_file_s_order(signal: str) -> None:
    @examples(8)
    @given(requests(signal))
    def check(request: Any) -> None:
        content = collector_json(request)
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "data"
            (Path(folder) / "in").write_bytes(content)
            ocsfconv.convert(Path(folder) / "in", out=out, layout="both")
            found = nested(out)
            flat = pq.read_table(out / f"ocsf_{signal}.parquet").to_pydict()
        in_order = events(content)
        for name, held in found.items():
            assert name.endswith(f"/{signal}")
            class_uid = held[0]["class_uid"]
            assert held == [event for event in in_order if event["class_uid"] == class_uid]
            if signal != "metrics":
                rows = zip(flat["event_uid"], flat["class_uid"], strict=True)
                assert [event["metadata"]["uid"] for event in held] == [uid for uid, of in rows if of == class_uid]
        assert sum(map(len, found.values())) == len(in_order) == len(flat["class_uid"])
        everything = [event for held in found.values() for event in held]
        assert canonical(came_back(everything)) == canonical(records(request))

    check()
