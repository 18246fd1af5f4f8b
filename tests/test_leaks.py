"""A leak of each kind is found, and data without one passes, for several seeds."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import leak_data
import numpy as np
import polars
import pytest
from leak_data import SECOND, Data, Frame, Planned
from ocsfconv import leaks
from ocsfconv.leaks.report import LeakReport

POSITIVE = polars.col("label") == "anomalous"
Plant = Callable[[Data], object]


@cache
def made(seed: int) -> Data:
    return leak_data.make(seed)


def clean(seed: int = 3) -> Data:
    """A run without a leak, for a test to plant one."""
    return replace(made(seed), harness=[dict(line) for line in made(seed).harness], group_rows={})


def judged(data: Data, folder: Path, *only: str) -> LeakReport:
    return leaks.run(data.write(folder / "data"), only=only or leaks.TESTS)


def found(report: LeakReport) -> set[tuple[str, str]]:
    return {(row.test, row.what) for row in report.leaks}


@pytest.mark.parametrize("seed", range(1, 5))
def test_what_has_no_leak_passes(seed: int, tmp_path: Path) -> None:
    report = judged(clean(seed), tmp_path)
    assert report.leaks == ()
    assert report.exit_code == 0
    said = {(row.test, row.what) for row in report.rows if row.passed}
    assert {
        ("names and words", "in texts"),
        ("identifiers", "of exposed records"),
        ("identifiers", "names that mark the time"),
        ("identifiers", "visitors that mark the time"),
        ("templates", "rare lines"),
        ("schedule", "position in the run"),
        ("schedule", "round times"),
        ("row order", "beyond time"),
        ("missing values", "of exposed records"),
        ("harness lateness", "late records scored"),
        ("harness lateness", "late while faults last"),
    } <= said


def on_positives(column: str, value: polars.Expr | str | None, table: str = "both") -> Plant:
    """Say something on the positives alone."""
    said = polars.lit(value) if not isinstance(value, polars.Expr) else value

    def plant(data: Data) -> None:
        for name in ("logs", "traces"):
            held: Frame = getattr(data, name)
            if table in ("both", name) and column in held.columns:
                changed = polars.when(POSITIVE).then(said.cast(held.schema[column])).otherwise(polars.col(column))
                setattr(data, name, held.with_columns(changed.alias(column)))

    return plant


def attribute(key: str, value: Callable[[int], object] | None) -> Plant:
    """Give the positives' logs another nested attribute, or take one away."""

    def plant(data: Data) -> None:
        texts = []
        for row, (text, label) in enumerate(zip(data.logs["attributes"], data.logs["label"], strict=True)):
            held = json.loads(text)
            if label == "anomalous":
                held.pop(key, None)
                held |= {key: value(row)} if value else {}
            texts.append(json.dumps(held))
        data.logs = data.logs.with_columns(polars.Series("attributes", texts))

    return plant


def hexed(first: str) -> polars.Expr:
    return polars.lit(first) + polars.col("trace_id").str.slice(len(first))


def by_time(change: Callable[[Frame], Frame]) -> Plant:
    return lambda data: data.map(change)


def last(table: Frame) -> Frame:
    return table.sort(POSITIVE, maintain_order=True)


def first_of_each_second(table: Frame) -> Frame:
    end = "end_time_unix_nano" if "end_time_unix_nano" in table.columns else "time_unix_nano"
    return table.sort(polars.col(end) // SECOND, ~POSITIVE, maintain_order=True)


def one_more_column(data: Data) -> None:
    data.traces = data.traces.with_columns(POSITIVE.cast(polars.Int64).alias("is_anomaly"))


def a_session_beside(data: Data) -> None:
    """A tool's connections, of records that are normal themselves, whenever a fault begins."""
    times = [episode.start + SECOND for episode in data.episodes if not episode.decoy]
    line = data.logs.head(1).with_columns(
        label=polars.lit("normal"), episode=polars.lit(-1, polars.Int64), actor_app_name=polars.lit("maintenance-7")
    )
    lines = [line.with_columns(time_unix_nano=polars.lit(at, polars.Int64)) for at in times]
    data.logs = polars.concat([data.logs, *(one.select(data.logs.columns) for one in lines)]).sort("time_unix_nano")


def row_groups(data: Data) -> None:
    time = data.logs["time_unix_nano"].to_numpy()
    edges = [at for episode in data.episodes if not episode.decoy for at in (episode.start, episode.end)]
    places = [0, *sorted(np.searchsorted(time, edges).tolist()), len(time)]
    data.group_rows["logs"] = np.diff(places).tolist()


def late_with_faults(data: Data) -> None:
    for line in data.harness:
        at = int(str(line["utc_ns"]))
        line["late"] = any(one.start <= at < one.end for one in data.episodes if not one.decoy)
    late = [int(str(line["utc_ns"])) // SECOND for line in data.harness if line["late"]]
    gray = ((polars.col("time_unix_nano") - 1) // SECOND + 1).is_in(late[::3])
    data.harness = [
        {**line, "late": line["late"] and int(str(line["utc_ns"])) // SECOND in late[::3]} for line in data.harness
    ]
    for name in ("logs", "traces", "metrics"):
        table: Frame = getattr(data, name)
        label = polars.when(gray).then(polars.lit("gray")).otherwise(polars.col("label"))
        setattr(data, name, table.with_columns(label.alias("label")))


def late_and_scored(data: Data) -> None:
    data.harness[len(data.harness) // 2]["late"] = True


NAMES = ("names and words", "in texts")
RECORDS = ("identifiers", "of exposed records")
LEAKS: dict[str, tuple[Plant, tuple[str, str]]] = {
    "a word": (on_positives("message", "GET / 200 (injected)"), NAMES),
    "a word inside an attribute's name": (attribute("app.chaos.run", lambda _: 1), NAMES),
    "a word inside an attribute": (attribute("note", lambda _: "part of a simulation"), NAMES),
    "a scenario's name": (on_positives("scope_name", "MissingIndex", "logs"), NAMES),
    "a column of labels": (one_more_column, ("names and words", "in columns and folders")),
    "an address": (on_positives("src_endpoint_ip", "51.9.9.9", "logs"), RECORDS),
    "addresses of one network": (
        on_positives("src_endpoint_ip", "77.7." + (polars.int_range(polars.len()) % 251).cast(polars.String), "logs"),
        RECORDS,
    ),
    "a user agent": (on_positives("http_request_user_agent", "Browser/99.0"), RECORDS),
    "a host": (on_positives("host_name", "web-02", "logs"), RECORDS),
    "a version": (on_positives("service_version", "1.4.9", "logs"), RECORDS),
    "a port": (on_positives("dst_endpoint_port", polars.lit(5432.0)), RECORDS),
    "a generator of ids": (on_positives("trace_id", hexed("00000")), RECORDS),
    "a tenant inside the attributes": (attribute("tenant.id", lambda _: "99"), RECORDS),
    "an application's name beside the exposed records": (a_session_beside, ("identifiers", "names that mark the time")),
    "a line that nothing else writes": (
        on_positives("message", polars.col("message") + polars.lit(" (slow path)")),
        ("templates", "rare lines"),
    ),
    "the end of the file": (by_time(last), ("row order", "beyond time")),
    "the first place in each second": (by_time(first_of_each_second), ("row order", "beyond time")),
    "row groups": (row_groups, ("row order", "row groups")),
    "a value that is missing": (on_positives("actor_user_uid", None), ("missing values", "of exposed records")),
    "an attribute that is missing": (attribute("tenant.id", None), ("missing values", "of exposed records")),
    "a harness that is late with faults": (late_with_faults, ("harness lateness", "late while faults last")),
    "a late second that is scored": (late_and_scored, ("harness lateness", "late records scored")),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_planted_leak_is_found(leak: str, tmp_path: Path) -> None:
    plant, where = LEAKS[leak]
    data = clean()
    plant(data)
    report = judged(data, tmp_path, where[0])
    assert where in found(report), str(report)
    assert report.exit_code == 1


@pytest.mark.parametrize(
    ("starts", "where"),
    [
        ([310.0, 331.0, 352.0, 375.0], ("schedule", "position in the run")),
        ([30.0, 120.0, 210.0, 300.0], ("schedule", "round times")),
    ],
    ids=["late in the run", "round times"],
)
def test_starts_that_are_not_random_are_found(starts: list[float], where: tuple[str, str], tmp_path: Path) -> None:
    report = judged(leak_data.make(3, decoys=0, starts=starts), tmp_path, "schedule")
    assert where in found(report), str(report)


def test_a_scenario_whose_lines_are_all_new_is_found(tmp_path: Path) -> None:
    data = clean()
    number = [one.scenario for one in data.episodes].index("cache-storm")
    message = polars.when(POSITIVE & (polars.col("episode") == number)).then(polars.lit("sequential scan"))
    data.logs = data.logs.with_columns(message.otherwise(polars.col("message")).alias("message"))
    assert found(judged(data, tmp_path, "templates")) == {("templates", "rare lines, cache-storm")}


def test_one_fault_is_too_few_and_is_said_to_be(tmp_path: Path) -> None:
    report = judged(leak_data.make(3, scenarios=("cache-storm",)), tmp_path)
    assert report.exit_code == 0
    verdicts = {(row.test, row.what): row.verdict for row in report.rows}
    for where in (RECORDS, ("schedule", "position in the run"), ("row order", "beyond time")):
        assert verdicts[where] == "too few"
    assert "could say nothing" in str(report)


def test_episodes_without_impact_are_no_faults(tmp_path: Path) -> None:
    data = leak_data.make(3, scenarios=())
    assert (judged(data, tmp_path).faults, judged(data, tmp_path).exit_code) == (0, 0)


def test_without_the_harness_its_lateness_is_not_tested(tmp_path: Path) -> None:
    folder = clean().write(tmp_path / "data")
    (folder / "truth" / "harness.jsonl").unlink()
    report = leaks.run(folder, only=["harness lateness"])
    assert [row.verdict for row in report.rows] == ["not tested"] * 2
    assert report.exit_code == 0


def test_an_attacker_may_have_an_address_of_his_own(tmp_path: Path) -> None:
    data = clean()
    on_positives("src_endpoint_ip", "51.9.9.9", "logs")(data)
    on_positives("http_request_user_agent", "Browser/99.0")(data)
    folder = data.write(tmp_path / "data")
    episodes = polars.read_parquet(folder / "episodes.parquet")
    episodes.with_columns(polars.lit("security").alias("class")).write_parquet(folder / "episodes.parquet")
    assert leaks.run(folder).leaks == ()


def test_an_attacker_may_not_have_a_version_of_his_own(tmp_path: Path) -> None:
    data = clean()
    on_positives("service_version", "1.4.9", "logs")(data)
    folder = data.write(tmp_path / "data")
    episodes = polars.read_parquet(folder / "episodes.parquet")
    episodes.with_columns(polars.lit("security").alias("class")).write_parquet(folder / "episodes.parquet")
    assert RECORDS in found(leaks.run(folder, only=["identifiers"]))


# A reference set


@cache
def cases() -> list[Data]:
    """18 cases in any order, a third each with a fault, a decoy, nothing."""
    kinds = [
        (scenario, decoy)
        for scenario in ("lock-contention", "missing-index", "cache-storm")
        for decoy in (False, True, None)
    ]
    found = []
    for number, which in enumerate(np.random.default_rng(4).permutation(len(kinds) * 2)):
        scenario, decoy = kinds[which % len(kinds)]
        wanted = () if decoy is None else (scenario,)
        data = leak_data.make(number, duration=80, scenarios=wanted, decoys=0, sessions=0.8, case=True)
        if decoy:
            data.map(lambda table: table.with_columns(label=polars.lit("normal")))
            data.episodes = [replace(one, decoy=True) for one in data.episodes]
        found.append(later(data, number))
    return found


def reference(folder: Path, change: Callable[[int, Data], object] = lambda *_: None) -> Path:
    for number, case in enumerate(cases()):
        data = replace(case)
        change(number, data)
        data.write(folder / f"case={number:02}")
    (folder / "manifest.json").write_text("{}")
    return folder


def later(data: Data, number: int) -> Data:
    """Cases are made one after another."""
    shift = number * 200 * SECOND
    for name in ("logs", "traces", "metrics"):
        table: Frame = getattr(data, name)
        setattr(data, name, table.with_columns(polars.col("^.*time_unix_nano$") + shift))
    data.episodes = [Planned(one.scenario, one.decoy, one.start + shift, one.end + shift) for one in data.episodes]
    data.harness = [{**line, "utc_ns": int(str(line["utc_ns"])) + shift} for line in data.harness]
    return data


def release(data: Data, at: int, author: str) -> None:
    told = {"app.name": "web-api", "app.version": "1.4.3", "app.version.previous": "1.4.2", "user.id": author}
    line = data.logs.head(1).with_columns(
        label=polars.lit("normal"),
        episode=polars.lit(-1, polars.Int64),
        event_name=polars.lit("deployment.finished"),
        message=polars.lit("web-api 1.4.3 has been rolled out"),
        attributes=polars.lit(json.dumps(told)),
        time_unix_nano=polars.lit(at, polars.Int64),
    )
    data.logs = polars.concat([data.logs, line.select(data.logs.columns)]).sort("time_unix_nano")


def harmful(data: Data) -> bool:
    return bool(data.episodes) and not data.episodes[0].decoy


def released(number: int, data: Data, author: Callable[[bool], str]) -> None:
    """Harmless releases somewhere, harmful ones as the fault begins."""
    at = data.episodes[0].start + SECOND if harmful(data) else int(str(data.harness[7]["utc_ns"]))
    release(data, at, author(harmful(data)))


def test_a_reference_set_without_a_leak_passes(tmp_path: Path) -> None:
    authors = np.random.default_rng(5)
    report = leaks.run(
        reference(tmp_path, lambda number, data: released(number, data, lambda _: f"u{authors.integers(3)}"))
    )
    assert report.leaks == (), str(report)
    assert (report.cases, report.faults, report.decoys) == (18, 6, 6)
    assert {row.what for row in report.rows if row.passed} >= {"order of cases", "of releases", "position in the run"}


def test_an_author_of_harmful_releases_alone_is_found(tmp_path: Path) -> None:
    authors = np.random.default_rng(5)
    folder = reference(
        tmp_path, lambda number, data: released(number, data, lambda bad: "u9" if bad else f"u{authors.integers(3)}")
    )
    assert ("identifiers", "of releases") in found(leaks.run(folder, only=["identifiers"]))


def test_a_case_that_is_called_by_what_it_holds_is_found(tmp_path: Path) -> None:
    folder = reference(tmp_path)
    (folder / "case=03").rename(folder / "case=cache_storm-3")
    assert found(leaks.run(folder, only=["names and words"])) == {("names and words", "in columns and folders")}


def test_cases_that_are_made_in_the_order_of_their_kind_are_found(tmp_path: Path) -> None:
    folder = reference(tmp_path)
    has_fault = {
        path: bool((polars.read_parquet(path / "ocsf_labels.parquet")["label"] == "anomalous").any())
        for path in sorted(folder.glob("case=*"))
    }
    for number, path in enumerate(sorted(has_fault, key=lambda path: has_fault[path])):
        path.rename(folder / f"case=n{number:02}")
    assert ("schedule", "order of cases") in found(leaks.run(folder, only=["schedule"]))


def test_a_leak_that_only_a_set_can_tell_is_found(tmp_path: Path) -> None:
    """One fault a case is too few by itself."""
    folder = reference(tmp_path, lambda _, data: on_positives("src_endpoint_ip", "51.9.9.9", "logs")(data))
    assert RECORDS in found(leaks.run(folder, only=["identifiers"]))


# The command


def test_the_command_says_what_leaks_and_exits_with_1(
    tmp_path: Path, run: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    data = clean()
    one_more_column(data)
    data.write(tmp_path / "data")
    done = run("evaluate", "--leaks")
    assert (done.returncode, done.stderr) == (1, "")
    assert re.search(r"in columns and folders +1 found +0 +LEAK", done.stdout)
    assert "ocsf_traces.parquet: 'is_anomaly'" in done.stdout


def test_the_command_tells_programs_the_same(
    tmp_path: Path, run: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    clean().write(tmp_path / "data")
    done = run("evaluate", "data", "--leaks", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["exit_code"], told["leaks"]) == (0, 0, 0)
    assert {row["verdict"] for row in told["rows"]} <= {"ok", "too few", "not tested"}


def test_the_command_cannot_test_what_has_no_labels(
    tmp_path: Path, run: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    (clean().write(tmp_path / "data") / "episodes.parquet").unlink()
    done = run("evaluate", "--leaks")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "ocsfconv: error: data/episodes.parquet: no such file; label it: python -m ocsfconv label\n"


# Errors


def test_unlabelled_data_say_what_to_do(tmp_path: Path) -> None:
    folder = clean().write(tmp_path / "data")
    (folder / "ocsf_labels.parquet").unlink()
    with pytest.raises(leaks.LeakError, match="python -m ocsfconv label"):
        leaks.run(folder)


def test_labels_of_other_data_are_refused(tmp_path: Path) -> None:
    folder = clean().write(tmp_path / "data")
    other = clean(4).write(tmp_path / "other")
    (other / "ocsf_labels.parquet").rename(folder / "ocsf_labels.parquet")
    with pytest.raises(leaks.LeakError, match=r"one label for each row of ocsf_logs\.parquet"):
        leaks.run(folder)


def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(leaks.LeakError, match="no such directory"):
        leaks.run(tmp_path / "nowhere")


def test_a_broken_sample_of_the_harness_is_named(tmp_path: Path) -> None:
    folder = clean().write(tmp_path / "data")
    (folder / "truth" / "harness.jsonl").write_text("{}\n")
    with pytest.raises(leaks.LeakError, match=r"harness\.jsonl:1"):
        leaks.run(folder)
