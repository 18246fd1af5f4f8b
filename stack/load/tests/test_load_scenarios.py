"""A scenario's file is checked when it is read, and what is wrong is said in one sentence."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
from scenario_files import facts, several, write

from load.scenarios import ScenarioError, choose, load_all


def test_parameters_are_drawn_and_filled_in(tmp_path: Path) -> None:
    (scenario,) = write(tmp_path, facts()).values()
    for seed in range(50):
        found = scenario.render(Random(seed), "subtle", decoy=False)
        rows, pause = found["params"]["rows"], found["params"]["pause"]
        assert rows in (1, 2, 3) and 0.5 <= pause <= 1.5
        assert found["actions"] == [
            {"mechanism": "session", "statements": [f"SELECT {rows} FROM stock"], "repeat": rows}
        ]
        assert found["exposure"]["pattern"] == "^UPDATE stock .{2,5}", "a pattern's own braces stay"
        assert found["footprint"][0]["band"] == [1.2, 3]
    assert {scenario.render(Random(seed), "blatant", decoy=False)["params"]["rows"] for seed in range(20)} == {10, 20}
    decoy = scenario.render(Random(0), "medium", decoy=True)
    assert decoy["exposure"] is None and decoy["footprint"] == []


def test_a_decoy_and_a_fault_have_phases(tmp_path: Path) -> None:
    (scenario,) = write(tmp_path, facts(phases={"ramp": 2, "recover": 40})).values()
    assert (scenario.ramp, scenario.recover) == (2, 40)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"title": None}, "held-rows.yaml: the file.title must be string"),
        ({"class": "sad"}, "the file.class must be one of"),
        ({"technique": "brute force"}, "the file.technique must match pattern"),
        ({"actions": [{"statements": []}]}, "the file.actions[0] must contain ['mechanism'] properties"),
        ({"exposure": {"kind": "slow"}}, "the file.exposure.kind must be one of"),
        ({"colour": "red"}, "the file must not contain {'colour'} properties"),
        ({"actions": [{"mechanism": "sql", "do": "DROP {thing}"}]}, "{thing} in 'DROP {thing}' is no parameter"),
        ({"severities": {"subtle": {"rows": [3, 1], "table": "a"}, "medium": {"rows": 1, "table": "a"},
                         "blatant": {"rows": 1, "table": "a"}}}, "the range [3, 1] ends before it begins"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    with pytest.raises(ScenarioError) as error:
        write(tmp_path, facts(**change))
    assert told in str(error.value) and "\n" not in str(error.value)


def test_a_broken_file_and_a_wrong_name_are_told(tmp_path: Path) -> None:
    (tmp_path / "held-rows.yaml").write_text("name: [")
    with pytest.raises(ScenarioError, match=r"^held-rows.yaml: while parsing"):
        load_all(tmp_path)
    (tmp_path / "held-rows.yaml").unlink()
    write(tmp_path, facts())
    (tmp_path / "held-rows.yaml").rename(tmp_path / "other.yaml")
    with pytest.raises(ScenarioError, match="file and name must be the same"):
        load_all(tmp_path)


def test_scenarios_are_chosen_by_name_role_and_severity(tmp_path: Path) -> None:
    known = several(tmp_path)
    assert len(choose("all", known)) == 9 and choose("none", known) == []
    assert [one.number for one in known.values()] == list(range(1, 10))
    first, second, third = choose("held-a, roll-out@subtle,held-b:decoy@blatant", known)
    assert (first.scenario.name, first.decoy, first.severity) == ("held-a", None, None)
    assert (second.scenario.name, second.decoy, second.severity) == ("roll-out", None, "subtle")
    assert (third.scenario.name, third.decoy, third.severity) == ("held-b", True, "blatant")
    for text, told in (("x", "there is no scenario 'x'; there are held-a, "), ("held-a:bait", "not as 'bait'"),
                       ("held-a@loud", "one of subtle, medium, blatant, not 'loud'")):  # fmt: skip
        with pytest.raises(ScenarioError, match=told):
            choose(text, known)


def test_the_shop_s_own_scenarios_can_be_read() -> None:
    numbers = [one.number for one in load_all().values()]
    assert len(numbers) == len(set(numbers))
