"""From real Collector files to Parquet: every format, both layouts, every damage, and the accounts that must add up."""

from __future__ import annotations

import gzip
import json
import os
import resource
import signal
import struct
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import ocsfconv
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from conftest import COMMAND, DATA
from ocsfconv import OcsfconvError, _core
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics

OTEL = DATA / "otel"
COUNTS: dict[str, dict[str, int]] = json.loads((OTEL / "counts.json").read_text())
SAME_RECORDS = ("plain", "rotated", "zstd-json", "proto", "proto-zstd")
SIGNALS = ("logs", "traces", "metrics")
LABELS = ("anomaly", "label", "is_", "scenario", "episode", "attack", "fault")


def events(*paths: Path | str, schema: str = "ext", only: str = "all") -> list[dict[str, Any]]:
    """The events of Collector files, in order."""
    blocks = _core.events([str(path) for path in paths], signal=only, schema=schema)
    return [json.loads(line) for block in blocks for line in block.splitlines()]


def canonical(found: list[dict[str, Any]]) -> list[str]:
    """Events without their order: batches may stand in another order in other formats."""
    return sorted(json.dumps(event, sort_keys=True) for event in found)


@pytest.mark.parametrize("folder", sorted({name.rsplit("/", 1)[0] for name in COUNTS}))
def test_every_sample_gives_the_counts_of_an_independent_reader(folder: str, tmp_path: Path) -> None:
    wanted: Counter[str] = Counter()
    for name, counts in COUNTS.items():
        if name.startswith(folder + "/"):
            wanted.update(counts)
    report = ocsfconv.convert(OTEL / folder, out=tmp_path, layout="both")
    rows = {name: pq.read_metadata(tmp_path / f"ocsf_{name}.parquet").num_rows for name in SIGNALS}
    assert rows["logs"] == wanted["logs"]
    assert rows["traces"] == wanted["spans"] + wanted["exception_events"]
    assert rows["metrics"] == wanted["metric_points"]
    nested = Counter[str]()
    for path in (tmp_path / "ocsf").rglob("*.parquet"):
        nested[path.stem] += pq.read_metadata(path).num_rows
    assert {name: nested[name] for name in SIGNALS} == rows
    table = pq.read_table(tmp_path / "ocsf_traces.parquet").to_pydict()
    spans = [index for index, kind in enumerate(table["record_kind"]) if kind == "span"]
    assert sum(table["events_count"][index] for index in spans) == wanted["span_events"]
    assert sum(table["links_count"][index] for index in spans) == wanted["span_links"]
    assert report.exit_code == 0


@pytest.mark.parametrize("folder", SAME_RECORDS[1:])
def test_the_same_records_give_the_same_events_and_ids_from_every_format(folder: str) -> None:
    assert canonical(events(OTEL / folder)) == canonical(events(OTEL / "plain"))


def wrapped(how: str, text: bytes) -> bytes:
    lines = [line for line in text.split(b"\n") if line]
    match how:
        case "gzip":
            return gzip.compress(text)
        case "gzip members":
            return gzip.compress(text[:100]) + gzip.compress(text[100:])
        case "zstd stream":
            return zstandard.compress(text)
        case "zstd frames in a row":
            return b"".join(zstandard.compress(line + b"\n") for line in lines)
        case "CRLF":
            return text.replace(b"\n", b"\r\n")
        case "byte order mark":
            return b"\xef\xbb\xbf" + text
        case "blank lines":
            return b"\n\n" + text.replace(b"\n", b"\n  \n\n")
        case "no last newline":
            return text.rstrip(b"\n")
        case "length-prefixed zstd":
            frames = [zstandard.compress(line) for line in lines]
            return b"".join(struct.pack(">I", len(frame)) + frame for frame in frames)
        case "length-prefixed zstd in gzip":
            return gzip.compress(wrapped("length-prefixed zstd", text))
    raise AssertionError(how)


WRAPPINGS = (
    "gzip",
    "gzip members",
    "zstd stream",
    "zstd frames in a row",
    "CRLF",
    "byte order mark",
    "blank lines",
    "no last newline",
    "length-prefixed zstd",
    "length-prefixed zstd in gzip",
)


@pytest.mark.parametrize("how", WRAPPINGS)
def test_a_file_is_read_whatever_it_is_wrapped_in_and_called(how: str, tmp_path: Path) -> None:
    text = (OTEL / "plain" / "logs.jsonl").read_bytes()
    path = tmp_path / "a name that says nothing"
    path.write_bytes(wrapped(how, text))
    assert events(path) == events(OTEL / "plain" / "logs.jsonl")


def test_rotated_files_come_before_their_live_file_in_time_order(tmp_path: Path) -> None:
    lines = (OTEL / "plain" / "logs.jsonl").read_bytes().splitlines(keepends=True)
    names = ["logs-2026-11-24T03-42-57.223.jsonl", "logs-2026-11-24T13-43-07.240.jsonl.gz", "logs.jsonl"]
    (tmp_path / names[2]).write_bytes(lines[2])
    (tmp_path / names[1]).write_bytes(gzip.compress(lines[1]))
    (tmp_path / names[0]).write_bytes(lines[0])
    (tmp_path / "expected").write_bytes(b"".join(lines[:3]))
    found = events(*[tmp_path / name for name in names])
    directory = tmp_path / "directory"
    directory.mkdir()
    for name in names:
        (tmp_path / name).rename(directory / name)
    assert events(directory) == found == events(tmp_path / "expected")


def test_a_bare_protobuf_request_is_read(tmp_path: Path) -> None:
    framed = (OTEL / "proto" / "telemetry.pb").read_bytes()
    length = struct.unpack(">I", framed[:4])[0]
    for name, content in (("bare", framed[4 : 4 + length]), ("bare.gz", gzip.compress(framed[4 : 4 + length]))):
        (tmp_path / name).write_bytes(content)
        (tmp_path / "framed").write_bytes(framed[: 4 + length])
        assert events(tmp_path / name) == events(tmp_path / "framed") != []


def test_what_repeats_is_told_apart_whatever_form_it_comes_in(tmp_path: Path) -> None:
    """Series of one metric in JSON and in protobuf, each again and again, in files that are read together."""
    value, now = "metric_value", 1_795_600_000_000_000_000

    def line(first: int) -> str:
        """As the Collector writes it."""
        points = [
            {
                "attributes": [{"key": "tenant", "value": {"intValue": str(tenant)}}],
                "timeUnixNano": str(now),
                "asInt": str(tenant),
            }
            for tenant in range(first, first + 5)
        ]
        metric = {"name": "orders", "gauge": {"dataPoints": points}}
        request = {"resourceMetrics": [{"resource": {}, "scopeMetrics": [{"scope": {}, "metrics": [metric]}]}]}
        return json.dumps(request, separators=(",", ":")) + "\n"

    def frame(first: int) -> bytes:
        points = [
            NumberDataPoint(
                time_unix_nano=now,
                as_int=tenant,
                attributes=[KeyValue(key="tenant", value=AnyValue(int_value=tenant))],
            )
            for tenant in range(first, first + 5)
        ]
        metric = Metric(name="orders", gauge=Gauge(data_points=points))
        groups = [ResourceMetrics(scope_metrics=[ScopeMetrics(metrics=[metric])])]
        content = ExportMetricsServiceRequest(resource_metrics=groups).SerializeToString()
        return struct.pack(">I", len(content)) + content

    firsts = [0, 2, 0, 1, 0]
    (tmp_path / "metrics.jsonl").write_text("".join(map(line, firsts)))
    (tmp_path / "metrics.pb").write_bytes(b"".join(frame(100 + first) for first in firsts))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "metrics.jsonl").write_text("".join(line(10 + first) for first in firsts))
    ocsfconv.convert(tmp_path / "metrics.jsonl", tmp_path / "metrics.pb", tmp_path / "other", out=tmp_path / "out")
    found = pq.read_table(tmp_path / "out" / "ocsf_metrics.parquet", columns=[value, "attributes"]).to_pylist()
    assert len(found) == 3 * 5 * 5
    assert sorted({row[value] for row in found}) == [*range(7), *range(10, 17), *range(100, 107)]
    assert [json.loads(row["attributes"]) for row in found] == [{"tenant": row[value]} for row in found]


def test_standard_input_is_a_file_like_any_other(tmp_path: Path) -> None:
    for content in ((OTEL / "plain" / "logs.jsonl").read_bytes(), (OTEL / "proto-zstd" / "telemetry.pb").read_bytes()):
        done = subprocess.run(
            [*COMMAND, "-", "--json"], input=content, cwd=tmp_path, capture_output=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["signals"]["logs"]["records_written"] == 130


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What several units and, of flat rows, several row groups are made of: the captures many times over."""
    folder = tmp_path_factory.mktemp("long")
    for name in SIGNALS:
        capture = (OTEL / "plain" / f"{name}.jsonl").read_bytes()
        (folder / f"{name}.jsonl").write_bytes(capture * (20_000_000 // len(capture)))
    return folder


def written(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_output_does_not_depend_on_run_or_threads(tmp_path: Path, long: Path) -> None:
    def output(name: str, threads: int) -> dict[str, bytes]:
        inputs = (OTEL / "rotated", OTEL / "stable-semconv", long)
        ocsfconv.convert(*inputs, out=tmp_path / name, layout="both", threads=threads)
        return written(tmp_path / name)

    first = output("first", 1)
    assert len(first) > 10
    assert output("again", 1) == first
    assert output("three", 3) == first
    assert output("many", 16) == first


def test_the_report_tells_how_many_threads_were_at_work(tmp_path: Path) -> None:
    for layout, threads in (("flat", 16), ("nested", 3), ("both", 3)):
        assert ocsfconv.convert(OTEL / "plain", out=tmp_path, layout=layout, threads=500).threads == threads
        assert ocsfconv.convert(OTEL / "plain", out=tmp_path, layout=layout, threads=2).threads == 2


def test_rows_of_many_units_are_few_row_groups(tmp_path: Path, long: Path) -> None:
    ocsfconv.convert(long, out=tmp_path, layout="both")
    for path in tmp_path.rglob("*.parquet"):
        metadata = pq.ParquetFile(path).metadata
        rows = [metadata.row_group(index).num_rows for index in range(metadata.num_row_groups)]
        if path.parent == tmp_path:
            assert len(rows) <= 2, (path, rows)
        else:
            assert all(count >= 100_000 for count in rows[:-1]), (path, rows)


@pytest.mark.parametrize("schema", ["ext", "core"])
def test_the_flat_files_are_the_same_with_and_without_the_nested_ones(tmp_path: Path, long: Path, schema: str) -> None:
    for layout in ("flat", "both"):
        ocsfconv.convert(OTEL, long, out=tmp_path / layout, layout=layout, schema=schema)
    for name in SIGNALS:
        alone = (tmp_path / "flat" / f"ocsf_{name}.parquet").read_bytes()
        assert alone == (tmp_path / "both" / f"ocsf_{name}.parquet").read_bytes(), name


def test_the_flat_files_keep_their_contract_and_have_no_label(tmp_path: Path) -> None:
    contracts = Path(__file__).parent.parent / "rust_converter" / "schema"
    ocsfconv.convert(OTEL / "plain", out=tmp_path)
    for name in SIGNALS:
        schema = pq.read_schema(tmp_path / f"ocsf_{name}.parquet")
        contract = json.loads((contracts / f"flat_{name}.json").read_text())
        types = {
            "string": pa.string(),
            "int64": pa.int64(),
            "double": pa.float64(),
            "boolean": pa.bool_(),
            "list<int64>": pa.list_(pa.field("element", pa.int64())),
            "list<double>": pa.list_(pa.field("element", pa.float64())),
        }
        assert [(field.name, field.type, field.nullable) for field in schema] == [
            (column["column"], types[column["type"]], column["nullable"]) for column in contract
        ]
        labels = [field.name for field in schema if any(word in field.name for word in LABELS)]
        assert labels == (["is_monotonic"] if name == "metrics" else [])


def test_a_request_s_bytes_stand_in_the_flat_file_whatever_its_class(tmp_path: Path) -> None:
    """OCSF's API Activity, which an access log becomes when its user is known, has no object for them."""
    said = {"http.request.method": "GET", "url.path": "/a", "client.address": "10.0.0.9", "http.request.body.size": 7,
            "http.response.body.size": 640}  # fmt: skip
    records = []
    for attributes in (said, {**said, "http.route": "/a", "user.id": "u1"}):
        held = [
            {"key": key, "value": {"intValue" if isinstance(value, int) else "stringValue": value}}
            for key, value in attributes.items()
        ]
        records.append({"timeUnixNano": "1768921952043123456", "attributes": held})
    source = tmp_path / "logs.jsonl"
    source.write_text(json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}) + "\n")
    ocsfconv.convert(source, out=tmp_path / "out")
    table = pq.read_table(tmp_path / "out" / "ocsf_logs.parquet").to_pydict()
    assert table["class_uid"] == [4002, 6003]
    assert table["traffic_bytes_in"] == [7, 7] and table["traffic_bytes_out"] == [640, 640]


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(held) for key, held in value.items() if held is not None}
    if isinstance(value, list):
        return [without_nulls(held) for held in value]
    return value


def with_json(value: Any, type_: pa.DataType) -> Any:
    """The value with its JSON text parsed, where the schema says that it is JSON."""
    if value is None:
        return None
    if pa.types.is_struct(type_):
        found = {field.name: with_json(value[field.name], field.type) for field in type_}
        return {key: held for key, held in found.items() if held is not None}
    if pa.types.is_list(type_):
        return [with_json(held, type_.value_type) for held in value]
    if str(type_) == "extension<arrow.json>":
        return json.loads(value)
    return value


@pytest.mark.parametrize("schema", ["ext", "core"])
def test_reading_nested_parquet_back_gives_the_same_json_events(schema: str, tmp_path: Path) -> None:
    ocsfconv.convert(OTEL / "plain", out=tmp_path, layout="nested", schema=schema)
    found = []
    for path in (tmp_path / "ocsf").rglob("*.parquet"):
        table = pq.read_table(path)
        row_type = pa.struct(list(table.schema))
        found += [with_json(row, row_type) for row in table.to_pylist()]
    assert canonical(found) == canonical(events(OTEL / "plain", schema=schema))


def test_a_run_replaces_only_its_signals_and_removes_what_it_no_longer_writes(tmp_path: Path) -> None:
    ocsfconv.convert(OTEL / "plain", out=tmp_path, layout="both")
    traces = {path: path.read_bytes() for path in tmp_path.rglob("*traces.parquet")}
    first_line = (OTEL / "plain" / "logs.jsonl").read_bytes().splitlines(keepends=True)[0]
    (tmp_path / "one").write_bytes(first_line)
    ocsfconv.convert(tmp_path / "one", out=tmp_path, layout="both", signal="logs")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*traces.parquet")} == traces
    classes = {event["class_name"] for event in events(tmp_path / "one")}
    assert len(list((tmp_path / "ocsf").rglob("logs.parquet"))) == len(classes) < 5


# --- Arrow without files -------------------------------------------------------------------------------------------


def test_tables_reach_pyarrow_polars_and_duckdb_by_the_capsule_interface(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    polars = pytest.importorskip("polars")
    ocsfconv.convert(OTEL / "plain", out=tmp_path)
    tables = ocsfconv.read(OTEL / "plain")
    assert set(tables) == set(SIGNALS)
    logs = pa.table(tables["logs"])
    assert logs.equals(pq.read_table(tmp_path / "ocsf_logs.parquet"))
    assert tables["logs"].num_rows == logs.num_rows == 130
    assert tables["logs"].column_names == logs.column_names
    assert pa.schema(tables["logs"]).equals(logs.schema)
    frame = polars.DataFrame(tables["traces"])
    assert frame.height == tables["traces"].num_rows
    found = duckdb.sql(
        "select count(*), count(distinct metric_name) from points", connection=registered(duckdb, tables)
    )
    assert found.fetchall()[0][0] == 552


def registered(duckdb: Any, tables: dict[str, Any]) -> Any:
    connection = duckdb.connect()
    connection.register("points", pa.table(tables["metrics"]))
    return connection


def test_nested_tables_are_keyed_by_class_and_signal() -> None:
    tables = ocsfconv.read(OTEL / "plain", layout="nested", signal="traces")
    assert "http_activity/traces" in tables and "span_activity/traces" in tables
    assert all(name.endswith("/traces") for name in tables)


def test_a_table_without_records_still_has_its_columns(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_bytes(b"")
    table = pa.table(ocsfconv.read(tmp_path / "empty.jsonl")["logs"])
    assert table.num_rows == 0 and "event_uid" in table.column_names


# --- Damage and its accounts ---------------------------------------------------------------------------------------

GOOD = (OTEL / "plain" / "logs.jsonl").read_bytes().splitlines()[0]


def log(**fields: Any) -> bytes:
    record = {"timeUnixNano": "1768921952043123456", "body": {"stringValue": "x"}, **fields}
    request = {"resourceLogs": [{"resource": {}, "scopeLogs": [{"logRecords": [record]}]}]}
    return json.dumps(request, separators=(",", ":")).encode()


def converted(tmp_path: Path, content: bytes, **options: Any) -> tuple[ocsfconv.Report, list[dict[str, Any]]]:
    """The report of a file with this content, and its rejects."""
    path = tmp_path / "in.jsonl"
    path.write_bytes(content)
    report = ocsfconv.convert(path, out=tmp_path / "data", **options)
    rejects = tmp_path / "data" / "rejects.jsonl"
    lines = [json.loads(line) for line in rejects.read_text().splitlines()] if rejects.exists() else []
    for held in report.to_dict()["signals"].values():
        assert held["records_read"] == held["records_written"] + held["records_rejected"]
    assert len(lines) == report.to_dict()["rejects"]["count"]
    return report, lines


REJECTED = {
    "text behind the request": (GOOD + b"x", "more text behind"),
    "not JSON": (b'{"resourceLogs": nonsense}', "not JSON"),
    "a list": (b"[1,2]", "not a JSON object"),
    "other JSON": (b'{"hello":1}', "without resourceLogs"),
    "not a list": (b'{"resourceLogs":{}}', "not a list"),
    "invalid UTF-8": (GOOD.replace(b"postgres", b"post\xff\xfe", 1), "invalid UTF-8"),
    "control character": (GOOD.replace(b"postgres", b"post\x01gres", 1), "control character"),
    "cut line": (GOOD[: len(GOOD) // 2], "not JSON"),
}


@pytest.mark.parametrize("what", REJECTED)
def test_a_line_that_is_not_a_request_is_rejected_with_place_cause_and_text(what: str, tmp_path: Path) -> None:
    line, reason = REJECTED[what]
    report, rejects = converted(tmp_path, GOOD + b"\n" + line + b"\n" + GOOD + b"\n")
    assert report.exit_code == 1
    assert len(rejects) == 1
    reject = rejects[0]
    assert (reject["line"], reject["offset"]) == (2, len(GOOD) + 1)
    assert reject["file"].endswith("in.jsonl") and reason in reject["reason"]
    if "text" in reject:
        assert reject["text"].encode() == line
    else:
        import base64

        assert base64.b64decode(reject["base64"]) == line
    one = converted(tmp_path, GOOD + b"\n")[0].to_dict()["signals"]["logs"]["records_written"]
    assert report.to_dict()["signals"]["logs"]["records_written"] == 2 * one


@pytest.mark.parametrize("cut", [5, 30, 200, 1500])
def test_a_request_cut_by_a_crash_costs_only_itself(cut: int, tmp_path: Path) -> None:
    report, rejects = converted(tmp_path, GOOD + b"\n" + GOOD[:-cut] + GOOD + b"\n" + GOOD + b"\n")
    assert [reject["text"].encode() for reject in rejects] == [GOOD[:-cut]]
    one = converted(tmp_path, GOOD + b"\n")[0].to_dict()["signals"]["logs"]["records_written"]
    assert report.to_dict()["signals"]["logs"]["records_written"] == 3 * one


def test_a_last_line_still_being_written_is_left_for_the_next_run(tmp_path: Path) -> None:
    report, rejects = converted(tmp_path, GOOD + b"\n" + GOOD[:300])
    assert report.exit_code == 0 and rejects == []
    incomplete = report.to_dict()["files"][0]["incomplete"]
    assert incomplete == {"line": 2, "offset": len(GOOD) + 1, "bytes": 300}
    complete, _ = converted(tmp_path, GOOD + b"\n" + GOOD)
    assert complete.to_dict()["files"][0]["incomplete"] is None
    assert complete.to_dict()["signals"]["logs"]["records_written"] % 2 == 0


def test_a_cut_frame_at_the_end_is_left_and_a_lying_prefix_is_rejected(tmp_path: Path) -> None:
    framed = (OTEL / "zstd-json" / "telemetry.jsonl").read_bytes()
    length = 4 + struct.unpack(">I", framed[:4])[0]
    whole = converted(tmp_path, framed)[0].to_dict()
    cut = converted(tmp_path, framed[:-10])[0]
    assert cut.exit_code == 0 and cut.to_dict()["files"][0]["incomplete"] is not None
    # The first frame lost its tail in a crash; the rest stands behind it.
    report, rejects = converted(tmp_path, framed[: length - 20] + framed[length:])
    assert report.exit_code == 1 and len(rejects) == 1
    lost = converted(tmp_path, framed[:length])[0].to_dict()
    for name in SIGNALS:
        kept = whole["signals"][name]["records_written"] - lost["signals"][name]["records_written"]
        assert report.to_dict()["signals"][name]["records_written"] == kept


FAULTY = {
    "an integer that is none": ({"timeUnixNano": "soon"}, "timeUnixNano is not an integer"),
    "a negative time": ({"timeUnixNano": "-1"}, "timeUnixNano is out of range"),
    "a short trace id": ({"traceId": "ab" * 15}, "traceId has 15 bytes, not 16"),
    "an id that is not hexadecimal": ({"spanId": "zz" * 8}, "spanId is not hexadecimal"),
    "an enum out of range": ({"severityNumber": 25}, "severityNumber 25 is not between 0 and 24"),
    "an unknown enum name": ({"severityNumber": "LOUD"}, "severityNumber is not an enum value"),
    "attributes that are no list": ({"attributes": 5}, "attributes is not a list"),
    "a text where a number belongs": ({"attributes": [{"key": "a", "value": {"intValue": "x"}}]}, "intValue is not"),
    "half a surrogate pair": ({"severityText": "\ud800"}, "surrogate"),
    "values nested too deeply": (
        {"body": json.loads('{"arrayValue":{"values":[' * 101 + "{}" + "]}}" * 101)},
        "nests deeper",
    ),
}


@pytest.mark.parametrize("what", FAULTY)
def test_a_record_that_breaks_a_rule_becomes_a_translation_error(what: str, tmp_path: Path) -> None:
    fields, cause = FAULTY[what]
    report, rejects = converted(tmp_path, log(**fields) + b"\n" + log() + b"\n")
    assert report.exit_code == 0 and rejects == []
    assert report.to_dict()["signals"]["logs"]["translation_errors"] == 1
    bad, good = events(tmp_path / "in.jsonl")
    assert (bad["class_uid"], bad["activity_id"], bad["severity_id"], bad["status_id"]) == (6008, 2, 3, 2)
    assert bad["message"].startswith(f"{tmp_path}/in.jsonl:1: ") and cause in bad["message"]
    assert json.loads(bad["raw_data"]) and bad["raw_data_size"] == len(bad["raw_data"].encode())
    assert good["class_uid"] == 0


def test_a_fault_in_the_resource_keeps_the_whole_request_of_each_record(tmp_path: Path) -> None:
    request = json.loads(log())
    request["resourceLogs"][0]["resource"] = {"attributes": [{"key": "a", "value": {"intValue": "x"}}]}
    (tmp_path / "in.jsonl").write_text(json.dumps(request) + "\n")
    (bad,) = events(tmp_path / "in.jsonl")
    assert bad["activity_id"] == 2
    assert json.loads(bad["raw_data"])["resourceLogs"][0]["scopeLogs"][0]["logRecords"]


def test_strict_stops_at_the_first_reject_and_writes_nothing(tmp_path: Path) -> None:
    ocsfconv.convert(OTEL / "plain", out=tmp_path / "data")
    before = {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir()}
    with pytest.raises(OcsfconvError, match=r"in\.jsonl:2: not JSON.*nothing was written"):
        converted(tmp_path, GOOD + b"\n{oops\n" + GOOD + b"\n", strict=True)
    assert {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir()} == before


def test_files_that_are_not_telemetry_are_named_and_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.jsonl").write_bytes(GOOD + b"\n")
    (folder / "notes.txt").write_text("hello\nworld\n")
    (folder / "table.csv").write_text("a,b\n1,2\n")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    (folder / "other.json").write_text('{"hello": 1}\n')
    (folder / "empty.jsonl").write_bytes(b"")
    report = ocsfconv.convert(folder, out=tmp_path / "data").to_dict()
    skipped = {Path(held["path"]).name for held in report["skipped"]}
    assert skipped == {"notes.txt", "table.csv", "picture.png", "other.json"}
    assert all(held["reason"] for held in report["skipped"])
    with pytest.raises(OcsfconvError, match=r"notes\.txt"):
        ocsfconv.convert(folder / "notes.txt", out=tmp_path / "data")


def test_the_output_is_not_read_as_input(tmp_path: Path) -> None:
    (tmp_path / "logs.jsonl").write_bytes(GOOD + b"\n{oops\n")
    for _ in range(2):
        report = ocsfconv.convert(tmp_path, out=tmp_path / "data").to_dict()
        assert [Path(held["path"]).name for held in report["files"]] == ["logs.jsonl"]
        assert report["rejects"]["count"] == 1


def test_a_very_long_line_is_one_record_like_any_other(tmp_path: Path) -> None:
    text = "y" * 100_000_000
    (tmp_path / "in.jsonl").write_bytes(log(body={"stringValue": text}) + b"\n" + GOOD + b"\n")
    table = pa.table(ocsfconv.read(tmp_path / "in.jsonl", signal="logs")["logs"])
    assert table["message"][0].as_py() == text and table.num_rows > 1


# --- Trouble with the machine --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About 40 MB of input, so that a run takes long enough to be disturbed."""
    path = tmp_path_factory.mktemp("large") / "traces.jsonl"
    content = (OTEL / "plain" / "traces.jsonl").read_bytes()
    path.write_bytes(content * (40_000_000 // len(content)))
    return path


@pytest.mark.parametrize("limit", [0, 4096, 20_000])
def test_a_full_disk_is_one_clear_sentence_and_costs_nothing(limit: int, large: Path, tmp_path: Path) -> None:
    out = tmp_path / "data"
    ocsfconv.convert(OTEL / "plain", out=out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    done = subprocess.run(
        [*COMMAND, str(large), "--out", str(out)],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        preexec_fn=small_files,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "cannot write" in done.stderr and "Traceback" not in done.stderr
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def processor_seconds(pid: int) -> float | None:
    """What a process has had of processors, where the system tells it."""
    path = Path(f"/proc/{pid}/stat")
    if not path.exists():
        return None
    user, system = path.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def test_ctrl_c_stops_within_a_second_and_leaves_nothing_half_written(large: Path, tmp_path: Path) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for number in range(12):
        (many / f"{number}.jsonl").write_bytes(large.read_bytes())
    out = tmp_path / "data"
    process = subprocess.Popen([*COMMAND, str(many), "--out", str(out)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 30
    while not list(out.glob(".*")):
        assert time.monotonic() < deadline and process.poll() is None, "it has not begun to write"
        time.sleep(0.02)
    at_work = processor_seconds(process.pid)
    process.send_signal(signal.SIGINT)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _, errors = process.communicate(timeout=30)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert process.returncode == 130, errors
    # The processor's time, for a busy machine gives a process little of a second.
    if at_work is not None:
        whole = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        assert whole - at_work < 1
    assert b"Traceback" not in errors
    assert not list(out.rglob("*.parquet")) and not list(out.glob(".*"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "secret.jsonl"
    path.write_bytes(GOOD)
    path.chmod(0)
    with pytest.raises(PermissionError, match=r"cannot read .*secret\.jsonl"):
        ocsfconv.convert(path, out=tmp_path / "data")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_unreadable_file_is_named_for_a_user_without_rights(tmp_path: Path) -> None:
    for folder in [tmp_path, *tmp_path.parents]:
        if folder.stat().st_mode & 0o005 != 0o005 and folder.stat().st_uid == 0 and "pytest" in str(folder):
            folder.chmod(0o755)
    path = tmp_path / "secret.jsonl"
    path.write_bytes(GOOD)
    path.chmod(0o600)
    script = f"import os\nos.setgid(65534)\nos.setuid(65534)\nopen({str(path)!r})\n"
    probe = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    if b"PermissionError" not in probe.stderr or not os.access(sys.executable, os.X_OK):
        pytest.skip("another user cannot run this Python")
    code = (
        "import ocsfconv.report, os\nos.setgid(65534)\nos.setuid(65534)\n"
        f"try:\n    ocsfconv.convert({str(path)!r}, out={str(tmp_path / 'data')!r})\n"
        "except PermissionError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False)
    assert f"cannot read {path}" in done.stdout, done.stderr


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"cannot read .*nowhere\.jsonl: No such file or directory"):
        ocsfconv.convert(tmp_path / "nowhere.jsonl", out=tmp_path / "data")


def test_a_directory_where_a_file_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "data" / "ocsf_logs.parquet").mkdir(parents=True)
    with pytest.raises(OSError, match=r"cannot write .*ocsf_logs\.parquet: it is a directory"):
        ocsfconv.convert(OTEL / "plain", out=tmp_path / "data")


PEAK = """
import ocsfconv, sys
ocsfconv.convert(sys.argv[1], out=sys.argv[2], threads=2, layout="both")
status = open("/proc/self/status").read()
print(int(status.split("VmHWM:")[1].split()[0]) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak of memory from /proc")
def test_memory_stays_flat_as_the_input_grows(large: Path, tmp_path: Path) -> None:
    """Eight times the input must not take eight times the memory."""

    def peak(path: Path) -> int:
        command = [sys.executable, "-c", PEAK, str(path), str(tmp_path / "data")]
        return int(subprocess.run(command, capture_output=True, check=True, timeout=120).stdout)

    big = tmp_path / "big.jsonl"
    with big.open("wb") as file:
        for _ in range(8):
            file.write(large.read_bytes())
    assert peak(big) < min(512, 1.5 * peak(large) + 64)
