"""A reference set: which cases it is made of, and that whatever interrupts it, the next call goes on."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from conductor import dataset, recovery, reference
from conductor.cases import choose
from conductor.errors import ConductorError

KNOWN = ["missing-index", "cpu-hog", "bad-deploy"]


def asked(text: str) -> list[str]:
    return [case.asked for case in choose(text, KNOWN, 7)]


def test_a_number_is_so_many_faults_of_each_scenario_by_turns():
    found = choose("3", KNOWN, 7)
    assert len(found) == 9 and len({case.seed for case in found}) == 9
    assert [case.asked for case in found[:4]] == [
        "missing-index:fault@subtle", "cpu-hog:fault@subtle", "bad-deploy:fault@subtle", "missing-index:fault@medium",
    ]  # fmt: skip
    assert found[0].name == "missing-index-fault-subtle-1"
    assert [case.name for case in choose("4", KNOWN, 7)][-1] == "bad-deploy-fault-subtle-2"


def test_decoys_nothing_and_names_can_be_asked_for():
    assert asked("nothing*2") == ["nothing", "nothing"]
    assert asked("decoy*1") == [f"{name}:decoy@subtle" for name in KNOWN]
    assert asked("cpu-hog") == [f"cpu-hog:fault@{severity}" for severity in ("subtle", "medium", "blatant")]
    assert asked("cpu-hog@medium, bad-deploy:decoy@blatant*2") == [
        "cpu-hog:fault@medium",
        *["bad-deploy:decoy@blatant"] * 2,
    ]
    assert [case.name for case in choose("nothing*1,1,nothing*1", KNOWN, 7)][::4] == ["nothing-1", "nothing-2"]


def test_a_case_keeps_its_seed_whatever_else_is_asked_for():
    alone, among = choose("cpu-hog@medium", KNOWN, 7), choose("3,decoy*3,nothing*3", KNOWN, 7)
    assert alone[0] in among
    assert choose("cpu-hog@medium", KNOWN, 8)[0].seed != alone[0].seed


@pytest.mark.parametrize("text", ["", "fire", "cpu-hog:bait", "cpu-hog@loud", "cpu hog", "3x"])
def test_what_there_is_not_is_named(text):
    with pytest.raises(ConductorError, match="CASES"):
        choose(text, KNOWN, 7)


class World:
    """Stands for the shop and the converter: what they would leave, without running them."""

    def __init__(self, monkeypatch) -> None:
        self.recorded: list[str] = []
        self.fails: list[str] = []
        self.interrupts: str | None = None
        monkeypatch.setattr(reference, "open_runtime", lambda kind, state, logs: logs)
        monkeypatch.setattr(recovery, "undo_before", lambda runtime: None)
        monkeypatch.setattr(dataset, "record", self.record)
        monkeypatch.setattr(dataset, "measure", lambda logs, data: print("a table") or 0)
        monkeypatch.setattr(reference, "_run", self.convert)

    def record(self, logs: Path, what: dataset.Asked) -> None:
        assert what.duration == 30 and what.case
        self.recorded.append(what.case)
        truth = logs / "truth"
        truth.mkdir(parents=True)
        if what.case in self.fails:
            raise ConductorError("web-api has ended by itself", 1)
        if what.case == self.interrupts:
            raise KeyboardInterrupt
        actions = [{"mechanism": "sql"}]
        episodes = [] if what.case == "nothing" else [{"id": "e1", "actions": actions}]
        (truth / "plan.json").write_text(json.dumps({"duration_s": 60.0, "episodes": episodes}))
        (truth / "run.json").write_text(json.dumps({"late_seconds": 0, "versions": {"postgres": "18.1"}}))
        params = {"episode": "e1", "in_effect_ns": 5}
        line = {"id": "a1", "event": "finished", "params": params, "reset_confirmed": True}
        (truth / "ledger.jsonl").write_text(json.dumps(line) + "\n")

    def convert(self, settings, *words: str) -> str:
        data = Path(words[-1])
        if words[0] == "label":
            duckdb.execute(f"COPY (SELECT 'verified' AS status) TO '{data}/episodes.parquet'")
            duckdb.execute(f"COPY (SELECT 'normal' AS label FROM range(3)) TO '{data}/ocsf_labels.parquet'")
        else:
            duckdb.execute(f"COPY (SELECT * FROM range(5)) TO '{data}/ocsf_logs.parquet'")
        return "{}"


@pytest.fixture
def world(monkeypatch) -> World:
    return World(monkeypatch)


def settings(tmp_path: Path, **more) -> reference.Settings:
    where = ("local", tmp_path / "state", tmp_path / "set", Path("python"))
    return reference.Settings(*where, **({"normal": 30.0} | more))


def folders(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "set").iterdir() if path.name not in ("lock", "manifest.json"))


def test_every_case_is_a_whole_folder_and_the_manifest_tells_of_it(world, tmp_path, capsys):
    cases = choose("cpu-hog@medium,nothing*1", KNOWN, 7)
    assert reference.make(settings(tmp_path), cases) == 0
    assert folders(tmp_path) == sorted(f"case={case.code}" for case in cases)
    manifest = json.loads((tmp_path / "set" / "manifest.json").read_text())
    first, second = sorted(manifest["cases"], key=lambda case: case["name"])
    assert (first["case"], first["name"], first["seed"]) == (cases[0].code, cases[0].name, cases[0].seed)
    assert first["scenario"] == "cpu-hog"
    assert (first["role"], first["severity"], first["status"]) == ("fault", "medium", "verified")
    assert first["executed"] and first["undone"] and first["versions"] == {"postgres": "18.1"}
    assert first["rows"]["ocsf_logs"] == 5 and first["labels"] == {"normal": 3}
    assert len(first["sha256"]["ocsf_logs.parquet"]) == 64
    assert (second["scenario"], second["role"], second["status"]) == (None, "nothing", "nothing")
    assert (tmp_path / "set" / f"case={cases[1].code}" / "truth" / "plan.json").exists()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split("  ")[0] == "scenario" and "a table" not in lines
    assert lines[2].split() == ["cpu-hog", "fault", "medium", "1", "1", "1", "0", "1"]


def test_after_an_interruption_it_goes_on_and_makes_the_half_made_case_anew(world, tmp_path):
    cases = choose("3", KNOWN, 7)
    third = sorted(cases, key=lambda case: case.seed)[2].asked
    world.interrupts = third
    with pytest.raises(KeyboardInterrupt):
        reference.make(settings(tmp_path), cases)
    assert len(folders(tmp_path)) == 3 and ".work" in folders(tmp_path)
    world.interrupts, world.recorded = None, []
    assert reference.make(settings(tmp_path), cases) == 0
    assert world.recorded[0] == third and len(world.recorded) == 7
    assert len(folders(tmp_path)) == 9 and ".work" not in folders(tmp_path)
    world.recorded = []
    assert reference.make(settings(tmp_path), cases) == 0 and world.recorded == []


def test_neither_the_order_nor_a_folder_s_name_tells_what_a_case_holds(world, tmp_path):
    cases = choose("2,decoy*2,nothing*2", KNOWN, 7)
    assert reference.make(settings(tmp_path), cases) == 0
    assert world.recorded == [case.asked for case in sorted(cases, key=lambda case: case.seed)]
    assert all(name.removeprefix("case=").isdigit() for name in folders(tmp_path))


def test_a_case_that_fails_is_tried_twice_told_and_made_by_the_next_call(world, tmp_path, capsys):
    cases = choose("1", KNOWN, 7)
    world.fails = ["cpu-hog:fault@subtle"]
    assert reference.make(settings(tmp_path), cases) == 1
    assert world.recorded.count("cpu-hog:fault@subtle") == 2 and len(world.recorded) == 4
    manifest = json.loads((tmp_path / "set" / "manifest.json").read_text())
    assert manifest["failed"] == {"cpu-hog-fault-subtle-1": "web-api has ended by itself"}
    assert "case cpu-hog-fault-subtle-1: web-api has ended by itself" in capsys.readouterr().err
    world.fails = []
    assert reference.make(settings(tmp_path), cases) == 0
    manifest = json.loads((tmp_path / "set" / "manifest.json").read_text())
    assert manifest["failed"] == {} and len(manifest["cases"]) == 3


def test_when_nothing_works_any_more_it_gives_up(world, tmp_path):
    cases = choose("2", KNOWN, 7)
    world.fails = [case.asked for case in cases]
    with pytest.raises(ConductorError, match="3 cases in a row have failed; the last: web-api has ended"):
        reference.make(settings(tmp_path), cases)
    assert len(world.recorded) == 6


def test_a_set_is_made_in_one_way(world, tmp_path):
    reference.make(settings(tmp_path), choose("nothing*1", KNOWN, 7))
    with pytest.raises(ConductorError, match="was made with seed 7, normal_s 30, rate 60: say the same"):
        reference.make(settings(tmp_path, rate=30.0), choose("nothing*1", KNOWN, 7))
