"""`ocsfconv validate`: valid events pass, planted faults are named, and nothing is taken for valid unread."""

from __future__ import annotations

import copy
import json
import math
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("jsonschema_rs")
pytest.importorskip("ocsf_json_schema")
pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

from ocsfconv import schema as schema_module  # noqa: E402
from ocsfconv import validate as validate_module  # noqa: E402
from ocsfconv.schema import (  # noqa: E402
    CannotValidate,
    Schemas,
    ValidationUnavailable,
    merge_patch,
    path_parts,
    values_at,
    without_nulls,
)
from ocsfconv.validate import render, validate  # noqa: E402

DATA = Path(__file__).parent / "data" / "ocsf"
VERDICTS = json.loads((DATA / "planted-verdicts.json").read_text(encoding="utf-8"))
PLANTED = [json.loads(line) for line in (DATA / "planted.jsonl").read_text(encoding="utf-8").splitlines()]
VALID = {
    mode: [json.loads(line) for line in (DATA / f"valid-{mode}.jsonl").read_text(encoding="utf-8").splitlines()]
    for mode in ("ext", "core")
}
NAMES = json.loads((DATA / "valid-names.json").read_text(encoding="utf-8"))
# What the official validator lets pass, and the name we give it.
OURS_ALONE = {
    "time in ns": "time_implausible",
    "null value": "attribute_null",
    "activity 99 without name": "activity_name_missing",
}


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    return Schemas()


def named(name: str, mode: str = "ext") -> dict[str, Any]:
    """Return a copy of a valid event by its case's name."""
    return copy.deepcopy(VALID[mode][NAMES.index(name)])


def faults_of(schemas: Schemas, event: dict[str, Any]) -> set[tuple[str, str]]:
    """Return (path, rule) of an event's faults."""
    mode = schemas.of(schemas.mode_of(event))
    profiles = mode.profiles.intersection(event["metadata"].get("profiles", ()))
    checker = mode.event_class(event["class_uid"], profiles)
    assert checker is not None
    return {finding[:2] for finding in checker.check(event)}


def write_lines(path: Path, events: list[Any]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    return str(path)


def marked(field: Any, json_names: set[str]) -> Any:
    """Mark JSON text as the converter does, in nested fields too."""
    if field.name in json_names:
        return field.with_metadata({b"ocsf_type": b"json_t"})
    if pa.types.is_struct(field.type):
        return pa.field(field.name, pa.struct([marked(inner, json_names) for inner in field.type]))
    if pa.types.is_list(field.type):
        return pa.field(field.name, pa.list_(marked(field.type.value_field, json_names)))
    return field


def write_nested(path: Path, events: list[dict[str, Any]], schemas: Schemas) -> str:
    """Write events as the nested layout holds them: objects as structs, `json_t` and `unmapped` as JSON text."""
    data = schemas.of("ext").data
    sources = [*data["classes"].values(), *data["objects"].values()]
    json_names = {name for source in sources for name, a in source["attributes"].items() if a["type"] == "json_t"}
    json_names.add("unmapped")

    def texted(value: Any) -> Any:
        if isinstance(value, list):
            return [texted(inner) for inner in value]
        if not isinstance(value, dict):
            return value
        return {key: json.dumps(inner) if key in json_names else texted(inner) for key, inner in value.items()}

    # Every row has every column: absent is null.
    rows = [texted(event) for event in events]
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [row.get(name) for row in rows] for name in names}
    inferred = pa.table(columns)
    fields = [marked(field, json_names) for field in inferred.schema]
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.Table.from_pydict(columns, schema=pa.schema(fields)), path)
    return str(path)


def nested_tree(root: Path, events: list[dict[str, Any]], schemas: Schemas) -> str:
    """Write events as `<class>/<signal>.parquet` below a directory."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        groups[event["class_name"].lower().replace(" ", "_"), event["metadata"]["log_name"]].append(event)
    for (class_key, signal), group in groups.items():
        write_nested(root / class_key / f"{signal}.parquet", group, schemas)
    return str(root)


@pytest.mark.parametrize("mode", ["ext", "core"])
def test_all_valid_events_pass(mode: str) -> None:
    report = validate([str(DATA / f"valid-{mode}.jsonl")])
    assert (report.events, report.faults) == (35, [])
    assert report.to_dict()["valid"] is True


@pytest.mark.parametrize(
    ("verdict", "event"), list(zip(VERDICTS, PLANTED, strict=True)), ids=[verdict["planted"] for verdict in VERDICTS]
)
def test_planted_fault_is_caught_by_its_official_name(
    verdict: dict[str, Any], event: dict[str, Any], tmp_path: Path
) -> None:
    report = validate([write_lines(tmp_path / "one.jsonl", [event])])
    official = {*verdict["errors"], *verdict["warnings"]} or {OURS_ALONE[verdict["planted"]]}
    assert {fault.rule for fault in report.faults} == official


def test_fault_says_class_path_rule_count_example_and_place(tmp_path: Path) -> None:
    good, bad = named("http_server_200"), named("http_server_200")
    bad["http_response"]["code"] = "200"
    path = write_lines(tmp_path / "events.jsonl", [good, bad, bad])
    (fault,) = validate([path]).faults
    assert (fault.class_name, fault.path, fault.rule) == ("HTTP Activity", "http_response.code", "attribute_wrong_type")
    assert (fault.count, fault.example, fault.where) == (2, '"200"', f"{path}:2")


def test_each_event_is_checked_in_the_mode_it_says(schemas: Schemas) -> None:
    assert {schemas.mode_of(event) for event in VALID["ext"]} == {"ext"}
    assert {schemas.mode_of(event) for event in VALID["core"]} == {"core"}
    assert schemas.mode_of({"metadata": {"profiles": 1, "extensions": [None]}}) == "core"
    assert 99905001 not in schemas.of("core").class_keys
    assert schemas.of("ext").class_keys[99905001] == "ocsfconv/metric_observation"


def test_siblings_are_compared_at_every_depth_and_in_lists(schemas: Schemas) -> None:
    event = named("http_server_200")
    event["actor"]["user"]["type"] = "Admin"
    event["otel"]["span_kind"] = "Client"
    event["observables"][1]["type"] = "IP Address"
    rule = "attribute_enum_sibling_incorrect"
    assert faults_of(schemas, event) == {
        ("actor.user.type", rule),
        ("otel.span_kind", rule),
        ("observables[1].type", rule),
    }


def test_type_name_of_base_event_is_made_from_its_activity(schemas: Schemas) -> None:
    event = named("plain_log")
    assert event["type_name"] == "Base Event: Log"
    event["type_name"] = "Base Event: Other"
    assert faults_of(schemas, event) == {("type_name", "attribute_enum_sibling_incorrect")}


def test_type_name_of_an_extension_class_is_checked(schemas: Schemas) -> None:
    event = named("metric_gauge")
    event["type_name"] = "Metric Observation"
    assert faults_of(schemas, event) == {("type_name", "attribute_enum_sibling_incorrect")}


@pytest.mark.parametrize(
    ("time", "faulty"),
    [
        (0, False),
        (1768921952043, False),
        (1768921952, True),
        (1768921952043123, True),
        (4102444800000, True),
        (-1, True),
    ],
)
def test_time_is_milliseconds_or_unknown(schemas: Schemas, time: int, faulty: bool) -> None:
    event = named("plain_log")
    event["time"] = time
    assert faults_of(schemas, event) == ({("time", "time_implausible")} if faulty else set())


def test_integers_have_no_point_and_fit_64_bits(schemas: Schemas) -> None:
    event = named("metric_histogram")
    event["metric_point"]["bucket_counts"][1] = 3.0
    event["metric_point"]["point_count"] = 2**63
    assert faults_of(schemas, event) == {
        ("metric_point.bucket_counts[1]", "attribute_wrong_type"),
        ("metric_point.point_count", "attribute_value_exceeds_range"),
    }


def test_null_is_a_fault_outside_json_alone(schemas: Schemas) -> None:
    event = named("http_server_200")
    event["otel"]["attribute_map"] = {"a": None, "b": [None, 10**30]}
    assert faults_of(schemas, event) == set()
    event["http_request"]["http_headers"][0]["value"] = None
    assert faults_of(schemas, event) == {("http_request.http_headers[0].value", "attribute_null")}


@pytest.mark.parametrize(
    ("name", "type_id", "value", "faults"),
    [
        ("http_request.x_forwarded_for.0", 2, "10.0.0.1", set()),
        ("http_request.x_forwarded_for[1]", 2, "10.0.0.2", set()),
        ("http_request.x_forwarded_for", 2, "10.0.0.2", set()),
        ("http_request.http_headers[].value", 0, "r-1", set()),
        ("http_request.http_headers.value", 99, "r-1", set()),
        ("src_endpoint.port", 11, "54606", set()),
        ("actor.user", 21, None, set()),
        ("actor.user", 21, "alice.johnson", {("observables[0].value", "observable_value_not_found")}),
        ("http_request.x_forwarded_for.1", 2, "10.0.0.1", {("observables[0].value", "observable_value_not_found")}),
        (
            "http_request.x_forwarded_for.2",
            2,
            "10.0.0.1",
            {("observables[0].name", "observable_name_invalid_reference")},
        ),
        ("http_request.user_agent", 2, None, {("observables[0].type_id", "observable_type_id_incorrect")}),
        ("actor.user.uid", 4, None, {("observables[0].type_id", "observable_type_id_incorrect")}),
        ("", 0, None, {("observables[0].name", "observable_name_invalid_reference")}),
    ],
)
def test_observable_points_at_its_value_and_type(
    schemas: Schemas, name: str, type_id: int, value: str | None, faults: set[tuple[str, str]]
) -> None:
    event = named("http_server_200")
    event["http_request"]["x_forwarded_for"] = ["10.0.0.1", "10.0.0.2"]
    event["observables"] = [{"name": name, "type_id": type_id} | ({} if value is None else {"value": value})]
    assert faults_of(schemas, event) == faults


def test_paths_name_list_elements_both_ways() -> None:
    assert path_parts("a[0].b") == path_parts("a.0.b") == ("a", 0, "b")
    assert path_parts("a[].b") == ("a", "b")
    event = {"a": [{"b": 1}, {"b": 2}, {}]}
    assert values_at(event, path_parts("a.b")) == [1, 2]
    assert values_at(event, path_parts("a[1].b")) == [2]
    assert values_at(event, path_parts("a[7].b")) == values_at(event, ()) == []


def test_nesting_past_all_bounds_is_a_fault_not_a_crash(schemas: Schemas, tmp_path: Path) -> None:
    event = named("http_server_200")
    node: dict[str, Any] = {"pid": 1}
    for _ in range(5000):
        node = {"pid": 1, "parent_process": node}
    event["actor"]["process"] = node
    assert faults_of(schemas, event) == {("", "event_unreadable")}
    path = tmp_path / "events.jsonl"
    path.write_text('{"class_uid": 0}\n' + '{"a":' * 200_000 + "1" + "}" * 200_000 + "\n", encoding="utf-8")
    assert ("not_json", f"{path}:2") in {(fault.rule, fault.where) for fault in validate([str(path)]).faults}


@pytest.mark.parametrize("value", [None, True, "4002", [1], {"a": 1}, 77])
def test_class_uid_of_any_kind_is_judged(tmp_path: Path, value: Any) -> None:
    event = named("http_server_200") | {"class_uid": value}
    (fault,) = validate([write_lines(tmp_path / "one.jsonl", [event])]).faults
    assert fault.path == "class_uid"


def test_metadata_of_any_shape_is_judged(tmp_path: Path) -> None:
    shapes: list[Any] = [[], "x", {"profiles": "trace"}, {"profiles": [1, {}, None]}, {"version": 1, "extensions": {}}]
    events = [named("http_server_200") | {"metadata": shape, "observables": [1, {"name": 2}]} for shape in shapes]
    report = validate([write_lines(tmp_path / "odd.jsonl", events)])
    assert report.events == len(shapes)
    assert {"attribute_wrong_type", "attribute_required_missing"} <= {fault.rule for fault in report.faults}


def test_broken_lines_are_faults_with_their_line(tmp_path: Path) -> None:
    good = json.dumps(named("plain_log"))
    path = tmp_path / "events.jsonl"
    lines = [b"\xef\xbb\xbf" + good.encode(), b"{", b"", good.encode() + b"\r", b'{"a": NaN}', b"\xff", b"[1]"]
    path.write_bytes(b"\n".join(lines))
    report = validate([str(path)])
    assert [(fault.rule, fault.count, fault.where) for fault in report.faults] == [
        ("not_json", 3, f"{path}:2"),
        ("not_an_event", 1, f"{path}:7"),
    ]
    assert report.events == 3


def test_kinds_of_faults_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validate_module, "FAULT_KINDS", 3)
    events = [named("plain_log") | {f"unknown_{number}": 1} for number in range(9)]
    report = validate([write_lines(tmp_path / "events.jsonl", events)])
    assert len(report.faults) == 4
    assert sum(fault.count for fault in report.faults) == 9


@pytest.mark.parametrize("mode", ["ext", "core"])
def test_nested_parquet_gives_back_the_same_events(schemas: Schemas, tmp_path: Path, mode: str) -> None:
    root = nested_tree(tmp_path / "ocsf", VALID[mode], schemas)
    notes: list[str] = []
    sources = validate_module.find_sources(Path(root), notes)
    read = [item.event for source in sources for item in validate_module.read_events(source, "ext", "all")]
    by_uid = {event["metadata"]["uid"]: event for event in read}
    assert len(read) == len(VALID[mode])
    for event in VALID[mode]:
        assert by_uid[event["metadata"]["uid"]] == event
    report = validate([root])
    assert (report.events, report.faults, notes) == (35, [], [])


def test_planted_fault_in_nested_parquet_is_found_with_its_path(schemas: Schemas, tmp_path: Path) -> None:
    event = named("http_server_200")
    event["http_request"]["url"]["port"] = 70000
    path = write_nested(tmp_path / "http_activity" / "traces.parquet", [named("http_client"), event], schemas)
    (fault,) = validate([path]).faults
    assert (fault.path, fault.rule, fault.where) == (
        "http_request.url.port",
        "attribute_value_exceeds_range",
        f"{path}: row 2",
    )


def test_parquet_nulls_and_empty_structs_are_absent_and_empty_lists_stay(tmp_path: Path) -> None:
    point = pa.struct([("a", pa.int64()), ("b", pa.struct([("c", pa.string())])), ("d", pa.list_(pa.int64()))])
    full = {"a": 0, "b": {"c": ""}, "d": [2]}
    rows = [{"a": None, "b": {"c": None}, "d": None}, None, {"a": 1, "b": None, "d": []}, full]
    points = pa.array([rows, [], None, rows[2:]], pa.list_(point))
    table = pa.table({"metadata": pa.array(rows, point), "points": points})
    path = tmp_path / "logs.parquet"
    parquet.write_table(table, path)
    read = [item.event for item in validate_module.read_events(validate_module.Source("nested", path), "ext", "all")]
    assert read == [
        {"points": [{}, {}, {"a": 1, "d": []}, full]},
        {"points": []},
        {"metadata": {"a": 1, "d": []}},
        {"metadata": full, "points": [{"a": 1, "d": []}, full]},
    ]


def test_parquet_json_is_known_by_arrow_metadata_extension_or_parquet_type(tmp_path: Path) -> None:
    text = ['{"x": null}', None, "{"]
    body = pa.field("body", pa.string(), metadata={b"ocsf_type": b"json_t"})
    metadata = pa.array([{"body": value} for value in text], pa.struct([body]))
    table = pa.table({"metadata": metadata, "unmapped": pa.array(text, pa.json_(pa.string())), "message": text})
    for name, stored in (("with", True), ("without", False)):
        path = tmp_path / name / "logs.parquet"
        path.parent.mkdir()
        parquet.write_table(table, path, store_schema=stored)
        items = list(validate_module.read_events(validate_module.Source("nested", path), "ext", "all"))
        first = items[0].event
        assert first["unmapped"] == {"x": None}
        assert first["message"] == text[0]
        assert first["metadata"] == ({"body": {"x": None}} if stored else {"body": text[0]})
        assert [item.fault.split(":")[0] for item in items[3:]] == (["metadata.body"] if stored else []) + ["unmapped"]


def test_flat_parquet_is_refused_and_the_way_named(tmp_path: Path) -> None:
    flat = tmp_path / "ocsf_logs.parquet"
    parquet.write_table(pa.table({"class_uid": [4002], "metadata_version": ["1.8.0"]}), flat)
    for path in (flat, tmp_path):
        with pytest.raises(CannotValidate, match=r"(?s)projection.*--layout nested.*ocsfconv validate data/ocsf"):
            validate([str(path)])


def test_nested_files_win_over_the_flat_ones_beside_them(schemas: Schemas, tmp_path: Path) -> None:
    parquet.write_table(pa.table({"class_uid": [4002]}), tmp_path / "ocsf_logs.parquet")
    parquet.write_table(pa.table({"event_uid": ["a"]}), tmp_path / "ocsf_labels.parquet")
    write_lines(tmp_path / "rejects.jsonl", [{"file": "a", "line": 1}])
    write_lines(tmp_path / "logs.jsonl", [{"resourceLogs": []}])
    nested_tree(tmp_path / "ocsf", VALID["ext"], schemas)
    report = validate([str(tmp_path)])
    assert (report.events, report.faults) == (35, [])
    assert [note.split(" in ")[0] for note in report.notes] == ["1 flat files", "1 Collector files"]
    with pytest.raises(CannotValidate, match="holds no events"):
        validate([str(tmp_path / "ocsf_labels.parquet")])


def test_missing_empty_and_broken_paths_say_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        validate([str(tmp_path / "nowhere")])
    with pytest.raises(CannotValidate, match="holds no events"):
        validate([str(tmp_path)])
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(CannotValidate, match="no readable Parquet"):
        validate([str(tmp_path)])


def test_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(schema_module, "import_module", missing)
    with pytest.raises(ValidationUnavailable, match=r'two more packages: pip install "ocsfconv\[validate\]"'):
        validate([str(DATA / "valid-ext.jsonl")])


def test_collector_files_are_converted_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[Any, ...]] = []

    def events(paths: list[str], *, signal: str, schema: str) -> list[bytes]:
        calls.append((paths, signal, schema))
        lines = [json.dumps(event).encode() + b"\n" for event in VALID["core"]]
        return [b"".join(lines[:20]), b"", b"".join(lines[20:])]

    monkeypatch.setattr(validate_module, "import_module", lambda name, package: SimpleNamespace(events=events))
    path = write_lines(tmp_path / "logs.jsonl", [{"resourceLogs": []}])
    for given in (path, str(tmp_path)):
        report = validate([given], schema="core", signal="all")
        assert (report.events, report.faults) == (35, [])
    assert calls == [([path], "all", "core"), ([str(tmp_path)], "all", "core")]


def test_signal_and_limit_narrow_what_is_read(schemas: Schemas, tmp_path: Path) -> None:
    lines = str(DATA / "valid-ext.jsonl")
    root = nested_tree(tmp_path, VALID["ext"], schemas)
    for path in (lines, root):
        report = validate([path], signal="metrics")
        assert list(report.by_signal) == ["metrics"]
        assert report.events == report.by_signal["metrics"].events == 6
        assert validate([path], limit=3).events == 3
    with pytest.raises(ValueError, match="unknown signal"):
        validate([lines], signal="log")


def test_usefulness_counts_specific_classes_and_filled_attributes(tmp_path: Path) -> None:
    base = {
        "activity_id": 99, "activity_name": "Log", "category_uid": 0, "class_uid": 0, "type_uid": 99,
        "severity_id": 1, "time": 1768921952043,
        "metadata": {"version": "1.8.0", "product": {"name": "a"}, "log_name": "otel.logs"},
    }  # fmt: skip
    fuller = base | {"message": "m", "unmapped": {"k": "v" * 100}}
    http = named("http_server_200", "core")
    http["metadata"]["log_name"] = "otel.logs"
    http.pop("unmapped", None)
    report = validate([write_lines(tmp_path / "events.jsonl", [base, base, fuller, http])])
    assert report.faults == []
    logs = report.by_signal["logs"]
    assert (logs.events, logs.specific_share) == (4, 0.25)
    fill = {entry.class_name: entry for entry in logs.classes}["Base Event"]
    attributes = Schemas().of("core").data["classes"]["base_event"]["attributes"]
    open_ones = [a["requirement"] for a in attributes.values() if not a.get("profiles") and "@deprecated" not in a]
    assert (fill.events, fill.required, fill.recommended) == (3, 1.0, 0.0)
    assert fill.optional == pytest.approx(1 / open_ones.count("optional"))
    compact = [json.dumps(event, ensure_ascii=False, separators=(",", ":")) for event in (base, base, fuller, http)]
    assert logs.unmapped_share is not None
    assert math.isclose(logs.unmapped_share, len('{"k":""}' + "v" * 100) / sum(map(len, compact)))
    assert validate([str(DATA / "valid-ext.jsonl")]).by_signal["logs"].unmapped_share is None


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [  # RFC 7396, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch_is_rfc_7396(target: Any, patch: Any, result: Any) -> None:
    before = copy.deepcopy(target)
    assert merge_patch(target, patch) == result
    assert target == before


def test_extension_is_merged_over_the_packaged_schema_without_its_nulls(schemas: Schemas) -> None:
    assert without_nulls({"a": None, "b": [{"c": None}], "d": 0}) == {"b": [{}], "d": 0}
    packaged = without_nulls(schema_module.need("ocsf_json_schema").get_ocsf_schema("1.8.0"))
    assert schemas.of("core").data == packaged
    patch = json.loads(schema_module.EXTENSION_PATCH.read_text(encoding="utf-8"))
    assert schemas.of("ext").data == merge_patch(packaged, patch)
    assert without_nulls(patch) == patch


def test_text_report_is_aligned_and_fits_the_width(tmp_path: Path) -> None:
    events = [event | {"un\u001bknown": "long " * 50} for event in VALID["core"]]
    report = validate([write_lines(tmp_path / "events.jsonl", events)])
    text = render(report, 110)
    assert text.startswith("35 events, 35 faults of 8 kinds\n")
    table = text.split("\n\n")[1].splitlines()
    assert max(map(len, table)) <= 110
    assert len({line.index("attribute_unknown") for line in table[1:]}) == 1
    assert "\u001b" not in text
    assert "stands in `unmapped`" in text
    assert json.loads(json.dumps(report.to_dict()))["faults"][0]["rule"] == "attribute_unknown"
