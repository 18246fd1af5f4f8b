"""`python -m ocsfconv label` as its user meets it: arguments, output, exit codes, errors, all or nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from label_cases import Case, table, write_json
from ocsfconv.labels import LabelError, label, outputs
from ocsfconv.labels.columns import FILES, FOOTPRINT, SUBSET, Column, arrow

Run = Callable[..., subprocess.CompletedProcess[str]]
ROOT = Path(__file__).parents[1]
WRITTEN = ("ocsf_labels", "episodes", "windows", "ocsf_eval_subset")
P50 = {
    "signal": "traces",
    "measure": "duration_p50_ratio",
    "service": "web-api",
    "band": [2, None],
    "user_facing": True,
}


def made(folder: Path, **episode: Any) -> Case:
    """A run with one episode, in which requests take four times as long."""
    case = Case(folder, 300)
    for second in range(300):
        trace = case.span(second, 40 if 102 <= second < 132 else 10)
        case.log(second, "GET / 200", trace=trace)
    case.point(110, "up", 1)
    case.episode(100, exposure={"kind": "host"}, footprint=[P50], **episode)
    case.write()
    return case


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return made(tmp_path)


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


# --- what it says and writes


def test_without_arguments_it_labels_logs_and_data(run: Run, case: Case, tmp_path: Path) -> None:
    before = files(case.data)
    result = run("label")
    assert (result.returncode, result.stderr) == (0, "")
    assert files(case.data) - before == {f"{name}.parquet" for name in WRITTEN}
    lines = result.stdout.splitlines()
    assert lines[0].split()[:6] == ["episode", "scenario", "severity", "status", "undone", "services"]
    assert lines[1].split()[:6] == ["e1", "some-scenario", "medium", "verified", "yes", "postgres"]
    words = [line.split() for line in lines]
    assert ["e1", "some-scenario", "medium", "traces", "duration_p50_ratio", "*"] in [line[:6] for line in words]
    assert ["episodes", "1", "1", "1", "0", "1"] in words
    assert ["traces", "300", "30", "10.00"] in [line[:4] for line in words]
    assert "written: data/ocsf_labels.parquet, " in result.stdout


def test_json_says_the_same_to_programs(run: Run, case: Case) -> None:
    result = run("label", "logs", "data", "--json")
    report = json.loads(result.stdout)
    assert report["summary"]["episodes"] == {"planned": 1, "executed": 1, "verified": 1, "no impact": 0, "undone": 1}
    (one,) = report["runs"]
    assert one["episodes"] == pq.read_table(case.data / "episodes.parquet").to_pylist()
    assert one["signals"]["traces"] == {"rows": 300, "anomalous": 30, "gray": 13, "decoy": 0}
    assert one["faults"] == []


def test_footprint_measures_and_writes_nothing(run: Run, case: Case) -> None:
    before = files(case.data)
    result = run("label", "--footprint")
    assert result.returncode == 0
    assert "duration_p50_ratio *" in result.stdout
    assert files(case.data) == before


def test_quiet_says_nothing(run: Run, case: Case) -> None:
    result = run("label", "--quiet")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert (case.data / "windows.parquet").exists()


def test_rows_and_control(run: Run, case: Case, tmp_path: Path) -> None:
    paired = made(tmp_path / "paired")
    assert run("label", "--rows", "50", "--control", str(paired.data)).returncode == 0
    assert pq.read_metadata(case.data / "ocsf_eval_subset.parquet").num_rows == 50


def test_a_fault_of_the_run_is_said_and_exits_1(run: Run, tmp_path: Path) -> None:
    made(tmp_path, undone=False)
    result = run("label")
    assert result.returncode == 1
    assert "warning: e1 (some-scenario): no probe confirmed its undo" in result.stdout
    assert (tmp_path / "data" / "ocsf_labels.parquet").exists()


def test_actors_whose_requests_are_missing_are_a_fault(tmp_path: Path) -> None:
    case = made(tmp_path)
    for number in range(4):
        case.actor(f"{number:x}" * 32, "e1", 110)
    (report,) = label(*case.write())
    assert report.faults == ["only 0 of 4 requests of actors are in the data"]


def test_help_has_examples(run: Run) -> None:
    result = run("label", "--help")
    assert result.returncode == 0
    for word in ("examples:", "label data/reference", "--footprint", "--control", "exit codes:"):
        assert word in result.stdout


# --- sets of cases


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    folder = tmp_path / "reference"
    for name, decoy in (("fault-1", False), ("decoy-1", True)):
        one = made(tmp_path / name, decoy=decoy)
        shutil.move(one.logs / "truth", one.data / "truth")
        (folder / f"case={name}").parent.mkdir(exist_ok=True)
        shutil.move(one.data, folder / f"case={name}")
    (folder / "case=begun").mkdir()
    write_json(folder / "manifest.json", {"schema": 1, "cases": []})
    return folder


def test_a_set_is_labelled_case_by_case(run: Run, reference: Path) -> None:
    result = run("label", str(reference))
    assert result.returncode == 0, result.stderr
    for name in ("fault-1", "decoy-1"):
        assert {f"{one}.parquet" for one in WRITTEN} <= files(reference / f"case={name}")
    assert not files(reference / "case=begun")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["episodes", "1", "1", "1", "0", "1"] in lines
    assert ["decoys", "1", "1", "1", "0", "1"] in lines
    assert ["fault-1:", "e1", "some-scenario", "medium", "verified"] in [line[:5] for line in lines]


def test_one_case_of_a_set(run: Run, reference: Path) -> None:
    result = run("label", str(reference / "case=fault-1"))
    assert result.returncode == 0, result.stderr
    assert "verified" in result.stdout


def test_a_set_without_a_whole_case_is_refused(tmp_path: Path) -> None:
    (tmp_path / "case=begun").mkdir()
    with pytest.raises(LabelError, match="no case is complete: make reference"):
        label(tmp_path)


# --- errors


def refused(run: Run, *arguments: str) -> str:
    result = run("label", *arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("ocsfconv: error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("ocsfconv: error: ").strip()


def test_missing_folders_and_files_are_named(run: Run, case: Case, tmp_path: Path) -> None:
    assert refused(run, "nowhere", "data") == "no such directory: nowhere"
    assert refused(run, "nowhere") == "no such directory: nowhere"
    assert refused(run, "data", "data").startswith(
        "data holds no truth/plan.json: give the folder that a recording left"
    )
    told = refused(run, "logs", "nowhere")
    assert told.startswith("nowhere/ocsf_logs.parquet: no such file; convert first: python -m ocsfconv")
    for name in ("run.json", "ledger.jsonl", "harness.jsonl"):
        held = case.logs / "truth" / name
        kept = held.read_bytes()
        held.unlink()
        assert refused(run).startswith(f"logs/truth/{name}: no such file")
        held.write_bytes(kept)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("plan.json", "{", "logs/truth/plan.json: not JSON ("),
        ("plan.json", "[]", "logs/truth/plan.json holds no JSON object"),
        ("plan.json", '{"seed": 7}', "logs/truth/plan.json: 'episodes' is missing"),
        ("plan.json", '{"seed": 7, "episodes": [{}]}', "logs/truth/plan.json: episode 1: 'root' is missing"),
        ("plan.json", '{"seed": "7", "episodes": []}', "logs/truth/plan.json: 'seed' is '7', not a whole number"),
        ("run.json", '{"started_ns": 1}', "logs/truth/run.json: 'seconds' is missing"),
        ("ledger.jsonl", '{"id": "a"}\n{"id"\n', "logs/truth/ledger.jsonl:2: not JSON ("),
        ("ledger.jsonl", '{"params": {"episode": "e9"}}', "logs/truth/ledger.jsonl:1: episode 'e9' is not in the plan"),
        ("harness.jsonl", '{"late": true}\n', "logs/truth/harness.jsonl:1: 'utc_ns' is missing"),
        ("harness.jsonl", '{"utc_ns": 1}\n{"utc_ns', "logs/truth/harness.jsonl:2: not JSON (Unterminated string"),
        ("actors.jsonl", "\x80", "logs/truth/actors.jsonl:1: not"),
        (
            "actors.jsonl",
            '{"trace_id": "a", "episode": "e1", "role": "friend", "sent_ns": 1}',
            "role 'friend' is neither",
        ),
        ("actors.jsonl", '{"trace_id": "a", "episode": "e1", "role": "decoy", "sent_ns": 1}', "of role decoy in e1"),
        (
            "evidence.jsonl",
            '{"kind": "blocked", "episode": "e1"}',
            "logs/truth/evidence.jsonl:1: 'statement' is missing",
        ),
    ],
)
def test_broken_truth_is_refused_with_file_line_and_cause(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (case.logs / "truth" / name).write_text(text, encoding="latin-1")
    with pytest.raises(LabelError) as raised:
        label()
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not (case.data / "ocsf_labels.parquet").exists()


def test_a_file_that_is_no_parquet_or_of_other_columns_is_refused(run: Run, case: Case) -> None:
    (case.data / "ocsf_traces.parquet").write_bytes(b"nothing of the kind")
    assert "convert it again" in refused(run)
    pq.write_table(pa.table({"time": [1]}), case.data / "ocsf_traces.parquet")
    assert "convert it again" in refused(run)


def test_data_of_another_run_are_refused(run: Run, case: Case) -> None:
    run_path = case.logs / "truth" / "run.json"
    write_json(run_path, {"started_ns": 1, "seconds": 300})
    assert "are of different runs: their times do not meet" in refused(run)


def test_spans_without_versions_cannot_tell_releases(tmp_path: Path) -> None:
    case = made(tmp_path)
    case.episodes[0]["exposure"] = {"kind": "version", "service": "web-api", "version": "2"}
    case.write()
    with pytest.raises(LabelError, match="has no service_version: convert again"):
        label(case.logs, case.data)
    rows = table("traces", case.rows["traces"]).drop_columns(["service_version"])
    pq.write_table(rows, case.data / "ocsf_traces.parquet")
    with pytest.raises(LabelError, match="has no service_version: convert again"):
        label(case.logs, case.data)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["a", "b", "c"], "give LOGS and DATA"), (["--rows", "0"], "'0' is not a whole number"), (["--frob"], "--frob")],
)
def test_a_wrong_option_exits_2_with_usage(run: Run, arguments: list[str], words: str) -> None:
    result = run("label", *arguments)
    assert result.returncode == 2
    assert result.stderr.startswith("usage: ")
    assert words in result.stderr


def test_a_missing_package_is_named_with_the_way_to_get_it(case: Case, tmp_path: Path) -> None:
    code = "import sys; sys.modules['duckdb'] = None; from ocsfconv.cli import main; sys.exit(main(['label']))"
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr == (
        'ocsfconv: error: labelling needs duckdb, which is not installed: pip install "ocsfconv[label]"\n'
    )


# --- all or nothing


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("failing_call", [0, 1, 5, 7])
def test_a_failure_while_files_take_their_places_leaves_what_was_there(
    case: Case, monkeypatch: pytest.MonkeyPatch, failing_call: int
) -> None:
    label(case.logs, case.data)
    before = contents(case.data)
    case.episodes[0]["severity"] = "blatant"
    case.write()
    replace, calls = os.replace, iter(range(100))

    def failing(source: Path, target: Path) -> None:
        if next(calls) == failing_call:
            raise OSError(28, "No space left on device", str(target))
        replace(source, target)

    monkeypatch.setattr(outputs.os, "replace", failing)
    with pytest.raises(LabelError, match="No space left on device; nothing was written"):
        label(case.logs, case.data)
    assert {name: data for name, data in contents(case.data).items() if name in before} == before
    assert files(case.data) == set(before)


def test_a_failure_with_the_first_labels_leaves_none(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files(case.data)
    replace, calls = os.replace, iter(range(100))

    def failing(source: Path, target: Path) -> None:
        if next(calls) == 2:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(outputs.os, "replace", failing)
    with pytest.raises(KeyboardInterrupt):
        label(case.logs, case.data)
    assert files(case.data) == before


def test_an_interruption_while_writing_leaves_nothing(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files(case.data)

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pq, "ParquetWriter", interrupted)
    with pytest.raises(KeyboardInterrupt):
        label(case.logs, case.data)
    assert files(case.data) == before


def test_a_folder_that_may_not_be_written_is_named(case: Case, tmp_path: Path, environment: dict[str, str]) -> None:
    case.data.chmod(0o500)
    mortal = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    command = [*mortal, sys.executable, "-m", "ocsfconv", "label"]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    case.data.chmod(0o700)
    assert (result.returncode, result.stderr) == (2, "ocsfconv: error: data: Permission denied\n")


# --- the files are what the documentation says


@pytest.mark.parametrize("name", FILES)
def test_written_files_have_the_committed_schema(case: Case, name: str) -> None:
    label(case.logs, case.data)
    assert pq.read_schema(case.data / f"{name}.parquet").equals(arrow(FILES[name]))


@pytest.mark.parametrize("columns", [*FILES.values(), FOOTPRINT, SUBSET])
def test_the_documentation_shows_each_column(columns: tuple[Column, ...]) -> None:
    rows = [
        f"| `{column.name}` | {column.type} | {'yes' if column.null else ''} | {column.says} |" for column in columns
    ]
    assert "\n".join(rows) in (ROOT / "docs" / "labels.md").read_text()
