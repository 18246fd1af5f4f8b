"""`python -m ocsfconv card`: what it says of a data set is true, whole, and readable by those who read such cards."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ocsfconv
import pyarrow.parquet as pq
import pytest
import yaml
from label_cases import Case
from ocsfconv import card
from ocsfconv.card.readme import size_category
from ocsfconv.labels import label

Run = Callable[..., subprocess.CompletedProcess[str]]
SUMMARY: dict[str, Any] = {
    "seed": 7,
    "duration_s": 300.0,
    "rate": 60.0,
    "runtime": "local",
    "started_ns": 1_800_000_000_000_000_000,
    "late_seconds": 3,
    "versions": {"postgres": {"version": "18.4", "origin": "PATH"}},
    "requests": {"sent": 301, "answered": 300},
    "collector": {"received": {"logs": 300, "traces": 300, "metrics": 1}},
    "realism": [
        {"name": "logins that fail", "value": 0.5, "band": [0.02, 0.08], "verdict": "out"},
        {"name": "number of routes", "value": 47, "band": [25, None], "verdict": "in"},
    ],
}


@pytest.fixture
def converted(plain: Path, tmp_path: Path) -> Path:
    """A folder that was converted, of no recording, without labels."""
    data = tmp_path / "converted"
    report = ocsfconv.convert(plain, out=data, layout="both")
    (data / "conversion.json").write_text(json.dumps(report.to_dict()))
    return data


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """What a recording leaves, with an episode that had an effect."""
    case = Case(tmp_path, 300)
    for second in range(300):
        case.log(second, "GET / 200", trace=case.span(second, 40 if 102 <= second < 132 else 10))
    case.point(110, "up", 1)
    case.episode(100, exposure={"kind": "host"}, footprint=[])
    label(*case.write())
    signals = {
        signal: {"records_read": len(rows), "events": len(rows), "records_rejected": 0}
        for signal, rows in case.rows.items()
    }
    (case.data / "conversion.json").write_text(json.dumps({"version": "0.1.0", "schema": "ext", "signals": signals}))
    (case.data / "summary.json").write_text(json.dumps(SUMMARY))
    return case.data


def front_matter(folder: Path) -> dict[str, Any]:
    _, header, _ = (folder / card.CARD).read_text().split("---\n", 2)
    held: dict[str, Any] = yaml.safe_load(header)
    return held


def described(folder: Path) -> dict[str, Any]:
    held: dict[str, Any] = json.loads((folder / card.CROISSANT).read_text())
    return held


def test_every_file_is_described_with_its_hash_its_size_and_its_rows(labelled: Path, converted: Path) -> None:
    for folder in (labelled, converted):
        card.write(folder)
        text, told = (folder / card.CARD).read_text(), described(folder)
        paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet"))
        assert sorted(one["contentUrl"] for one in told["distribution"]) == paths
        for one in told["distribution"]:
            path = folder / one["contentUrl"]
            assert one["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
            assert one["contentSize"] == f"{path.stat().st_size} B"
            rows = pq.read_metadata(path).num_rows
            assert f"| `{one['contentUrl']}` | {rows:,} | {path.stat().st_size:,} | " in text


def test_the_header_names_a_configuration_for_each_table(labelled: Path, converted: Path) -> None:
    card.write(labelled)
    header = front_matter(labelled)
    assert header["license"] == "mit" and header["size_categories"] == ["n<1K"]
    assert {one["config_name"]: one["data_files"] for one in header["configs"]} == {
        "logs": "ocsf_logs.parquet",
        "traces": "ocsf_traces.parquet",
        "metrics": "ocsf_metrics.parquet",
        "labels": "ocsf_labels.parquet",
        "episodes": "episodes.parquet",
        "windows": "windows.parquet",
        "eval_subset": "ocsf_eval_subset.parquet",
    }
    assert [one["config_name"] for one in header["configs"] if one["default"]] == ["logs"]
    for one in header["dataset_info"]:
        (path,) = (each["data_files"] for each in header["configs"] if each["config_name"] == one["config_name"])
        assert one["splits"][0]["num_examples"] == pq.read_metadata(labelled / path).num_rows
    card.write(converted)
    assert len(front_matter(converted)["configs"]) == 3


def test_the_card_says_how_the_data_was_made_and_what_is_wrong_with_it(labelled: Path) -> None:
    card.write(labelled, made_by="make dataset SEED=7")
    text = (labelled / card.CARD).read_text()
    for line in (
        "| seed | 7 |",
        "| recorded | 2027-01-15 (local) |",
        "| postgres | 18.4 |",
        "    make dataset SEED=7",
        "| traces | 300 | 300 | 300 | 0 |",
        "| some-scenario | reliability | medium | fault | verified | 1 |",
        "1 of 2 judged properties lie in their band.",
        "| logins that fail | 0.5 | 0.02 | 0.08 |",
        "* In 3 seconds of the run",
    ):
        assert line in text, line
    rows = pq.read_table(labelled / "ocsf_labels.parquet", columns=["signal", "label"]).to_pylist()
    held = Counter((row["signal"], row["label"]) for row in rows)
    assert held["logs", "anomalous"] > 0
    assert "| logs | " + " | ".join(str(held["logs", word]) for word in ("normal", "anomalous", "gray")) + " |" in text


def test_the_same_data_gives_the_same_card_and_the_data_stay_as_they_are(labelled: Path) -> None:
    before = {path: path.read_bytes() for path in labelled.iterdir()}
    card.write(labelled)
    first = {path: path.read_bytes() for path in labelled.iterdir()}
    card.write(labelled)
    assert {path: path.read_bytes() for path in labelled.iterdir()} == first
    assert {path: first[path] for path in before} == before
    assert first.keys() - before.keys() == {labelled / card.CARD, labelled / card.CROISSANT}


def test_mlcroissant_finds_nothing_wrong_and_reads_the_records(labelled: Path) -> None:
    card.write(labelled)
    code = (
        "import json, sys, mlcroissant; held = mlcroissant.Dataset(jsonld=sys.argv[1]);"
        "issues = held.metadata.ctx.issues;"
        "first = {one.id: next(iter(held.records(one.id))) for one in held.metadata.record_sets};"
        "print(json.dumps([issues.report(), {name: sorted(row) for name, row in first.items()}]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, labelled / card.CROISSANT], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    report, first = json.loads(done.stdout.splitlines()[-1])
    assert "error" not in report.lower(), report
    for name, columns in first.items():
        path = next(one["data_files"] for one in front_matter(labelled)["configs"] if one["config_name"] == name)
        wanted = set(pq.read_schema(labelled / path).names) - {"footprint"}
        assert {column.rpartition("/")[2] for column in columns} == wanted


def test_sizes_are_those_that_hugging_face_knows() -> None:
    assert [size_category(rows) for rows in (0, 999, 1000, 99_999, 100_000, 4_600_000)] == [
        "n<1K",
        "n<1K",
        "1K<n<10K",
        "10K<n<100K",
        "100K<n<1M",
        "1M<n<10M",
    ]


def test_the_command_writes_both_and_says_so(run: Run, labelled: Path) -> None:
    done = run("card", labelled, "--made-by", "make dataset")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"written: {labelled / card.CARD}, {labelled / card.CROISSANT}\n"
    assert run("card", labelled, "--quiet").stdout == ""


def test_what_cannot_be_described_is_said_in_one_line(run: Run, labelled: Path, tmp_path: Path) -> None:
    def complaint() -> str:
        done = run("card", labelled)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("ocsfconv: error: ") and done.stderr.count("\n") == 1
        return done.stderr

    assert "no such directory: nowhere" in run("card", "nowhere").stderr
    (labelled / "summary.json").write_text('{"seed": 7}')
    assert "conversion.json or summary.json says nothing of 'duration_s'; make them anew" in complaint()
    (labelled / "summary.json").write_text("{")
    assert f"{labelled / 'summary.json'}: not JSON" in complaint()
    (labelled / "summary.json").unlink()
    (labelled / "episodes.parquet").write_text("no")
    assert f"{labelled / 'episodes.parquet'} cannot be read" in complaint()
    (labelled / "episodes.parquet").unlink()
    conversion = json.loads((labelled / "conversion.json").read_text())
    conversion["signals"]["logs"]["events"] += 1
    (labelled / "conversion.json").write_text(json.dumps(conversion))
    assert "ocsf_logs.parquet has 300 rows, conversion.json tells of 301; convert again" in complaint()
    (labelled / "conversion.json").unlink()
    assert "conversion.json: no such file; convert with a report" in complaint()
