"""The schedule keeps what is promised of it: how many, how long, never two at once, and a time that tells nothing."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from scenario_files import several

from load import episodes
from load.plan import compile_case, compile_plan, dump
from load.scenarios import Choice, Scenario, ScenarioError, choose

SEEDS = range(60)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Scenario]:
    return several(tmp_path_factory.mktemp("scenarios"))


def end(one: dict[str, Any]) -> float:
    return one["start"] + one["ramp"] + one["hold"] + one["recover"]


def faults(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in found if not one["decoy"]]


@pytest.mark.parametrize(
    ("duration", "fewest", "most", "low", "high"),
    [(600, 2, 3, 30, 60), (1800, 3, 6, 30, 240), (7200, 8, 10, 60, 240), (86_400, 30, 35, 60, 240)],
)
def test_as_many_and_as_long_as_promised(
    known: dict[str, Scenario], duration: float, fewest: int, most: int, low: float, high: float
) -> None:
    counts = set()
    for seed in SEEDS:
        found = episodes.schedule(seed, duration, choose("all", known))
        counts.add(len(faults(found)))
        assert len(faults(found)) * 2 == len(found)
        assert all(low <= one["hold"] <= high for one in found)
        if duration >= 7200:
            assert sum(one["ramp"] + one["hold"] for one in faults(found)) <= 0.15 * duration + 1
    assert fewest <= min(counts) and max(counts) <= most
    assert duration > 1000 or counts == {2, 3}


@pytest.mark.parametrize("duration", [300, 600, 1800, 7200])
def test_never_two_at_once_and_never_at_the_ends(known: dict[str, Scenario], duration: float) -> None:
    for seed in SEEDS:
        found = episodes.schedule(seed, duration, choose("all", known))
        assert found and [one["id"] for one in found] == [f"e{n}" for n in range(1, len(found) + 1)]
        assert all(b["start"] - end(a) >= 4.9 for a, b in pairwise(found))
        assert found[0]["start"] >= 4.9 and end(found[-1]) <= duration - 4.9


def test_short_runs_hold_only_what_is_named(known: dict[str, Scenario]) -> None:
    assert episodes.schedule(7, 120, []) == [] == episodes.schedule(7, 600, [])
    assert episodes.schedule(7, 290, choose("all", known)) == []
    (one,) = episodes.schedule(7, 75, choose("held-c@blatant", known))
    assert (one["scenario"], one["severity"], one["decoy"]) == ("held-c", "blatant", False)
    assert one["hold"] >= 20 and end(one) <= 70
    pair = episodes.schedule(7, 200, choose("held-c:decoy,held-a", known))
    assert {(one["scenario"], one["decoy"]) for one in pair} == {("held-c", True), ("held-a", False)}
    with pytest.raises(ScenarioError, match="3 episodes do not fit into 60 s: let it last 171 s or more"):
        episodes.schedule(7, 60, choose("held-a,held-b,held-c", known))


def test_each_scenario_and_its_decoy_come_equally_often(known: dict[str, Scenario]) -> None:
    count: Counter[tuple[str, bool]] = Counter()
    severities: Counter[str] = Counter()
    for seed in range(300):
        found = episodes.schedule(seed, 600, choose("all", known))
        assert len({(one["scenario"], one["decoy"]) for one in found}) == len(found), "none twice before all came once"
        count.update((one["scenario"], one["decoy"]) for one in found)
        severities.update(one["severity"] for one in found)
    assert len(count) == 18 and max(count.values()) < 1.6 * min(count.values())
    assert max(severities.values()) < 1.2 * min(severities.values())


@pytest.mark.parametrize("duration", [600, 7200])
def test_the_time_of_the_run_tells_nothing(known: dict[str, Scenario], duration: float) -> None:
    """As a detector that knows the time alone would do it over many runs: early, late, or in the middle."""
    steps = 200
    hits = [0] * steps
    for seed in range(300):
        for one in faults(episodes.schedule(seed, duration, choose("all", known))):
            first = int(one["start"] / duration * steps)
            for step in range(first, int((one["start"] + one["ramp"] + one["hold"]) / duration * steps) + 1):
                hits[step] += 1
    assert auroc(list(range(steps)), hits) == pytest.approx(0.5, abs=0.03)
    assert auroc([-abs(step - steps / 2) for step in range(steps)], hits) == pytest.approx(0.5, abs=0.08)


def auroc(scores: list[float], hits: list[int]) -> float:
    """Of a step's score, each step with so many positives; as many steps that are not."""
    most = max(hits)
    order = sorted(range(len(hits)), key=lambda step: scores[step])
    below = won = 0.0
    for step in order:
        won += hits[step] * (below + (most - hits[step]) / 2)
        below += most - hits[step]
    return won / (sum(hits) * below)


def test_a_release_of_ordinary_operation_keeps_away_from_episodes_of_its_service(known: dict[str, Scenario]) -> None:
    met = 0
    for seed in range(12):
        plan = compile_plan(seed, 600, 1, choices=choose("all", known))
        for one in plan["episodes"]:
            if one["scenario"] == "roll-out" and not one["decoy"]:
                met += 1
                assert not any(one["start"] - 25 <= release["t"] <= end(one) for release in plan["releases"])
        assert len(plan["releases"]) >= 1
    assert met


def test_the_same_seed_gives_the_same_bytes_and_none_is_the_control(known: dict[str, Scenario]) -> None:
    choices = choose("all", known)
    plan = compile_plan(3, 600, 2, choices=choices)
    assert (
        dump(plan) == dump(compile_plan(3, 600, 2, choices=choices)) != dump(compile_plan(4, 600, 2, choices=choices))
    )
    control = compile_plan(3, 600, 2)
    assert control["episodes"] == [] and control["sessions"] == plan["sessions"]
    assert set(plan["episodes"][0]) == {
        "id", "scenario", "number", "decoy", "severity", "class", "technique", "root", "reach", "hostwide", "start",
        "ramp", "hold", "recover", "params", "actions", "exposure", "footprint",
    }  # fmt: skip


def test_a_case_is_one_episode_in_so_much_normal_time(known: dict[str, Scenario]) -> None:
    starts = []
    for seed in range(20):
        plan = compile_case(seed, 240, 1, Choice(known["held-a"], decoy=bool(seed % 2), severity="subtle"))
        (one,) = plan["episodes"]
        assert (one["scenario"], one["decoy"], one["severity"]) == ("held-a", bool(seed % 2), "subtle")
        assert 60 <= one["hold"] <= 90
        assert plan["duration_s"] - one["ramp"] - one["hold"] - one["recover"] == pytest.approx(240, abs=1)
        assert end(one) <= plan["duration_s"] - 5
        starts.append(one["start"])
    assert min(starts) > 50 and max(starts) - min(starts) > 100
    nothing = compile_case(3, 240, 1, None)
    assert nothing["episodes"] == [] and 300 <= nothing["duration_s"] <= 340
