"""Versions of a service form one chain, and nothing but its bug tells a bad release from a good one."""

import json
from collections import Counter
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from load.chain import ANY, listed, settle
from load.scenarios import ScenarioError


def release(t: float, service: str = "web-api") -> dict[str, Any]:
    return {"t": t, "service": service}


def episode(start: float, change: str = ANY, **more: Any) -> dict[str, Any]:
    return {
        "id": f"e{start:.0f}",
        "scenario": "bad-deploy",
        "start": start,
        "ramp": 10.0,
        "hold": 30.0,
        "root": {"service": "<service>", "resource": "release"},
        "reach": ["web-api", "auth-service"],
        "actions": [{"mechanism": "release", "change": change, **more}],
        "exposure": {"kind": "version", "service": "<service>", "version": "<version>", "routes": "<routes>"},
        "footprint": [
            {"measure": "one", "service": "<service>", "band": [1, 2]},
            {"measure": "two", "change": "web-api/half-stars", "band": [1, 2]},
            {"measure": "three", "change": "auth-service/stronger-hashes", "band": [1, 2]},
        ],
    }


@pytest.mark.parametrize("seed", range(20))
def test_each_release_is_made_of_what_runs_and_no_number_comes_twice(seed: int) -> None:
    episodes = [episode(100, "web-api/half-stars"), episode(300, rolled_back=False), episode(500, rolled_back=True)]
    releases = [release(t, service) for t, service in ((20, "web-api"), (200, "web-api"), (400, "auth-service"))]
    kept = settle(Random(seed), releases, episodes)
    assert kept == releases
    happened = [(one["t"], one["from"], one["to"], one["service"]) for one in releases]
    for one in episodes:
        (words,) = one["actions"]
        happened.append((one["start"], words["from"], words["to"], words["service"]))
        if words.get("rolled_back", True):
            happened.append((one["start"] + 40, words["to"], words["from"], words["service"]))
    for service in listed():
        steps = sorted(step[:3] for step in happened if step[3] == service)
        assert all(before[2] == after[1] for before, after in pairwise(steps))
        made = [one["to"] for one in [*releases, *(e["actions"][0] for e in episodes)] if one["service"] == service]
        assert len(made) == len(set(made))


def test_the_seed_decides() -> None:
    def drawn(seed: int) -> str:
        releases, episodes = [release(20), release(200)], [episode(100, "web-api/half-stars"), episode(300)]
        settle(Random(seed), releases, episodes)
        return json.dumps([releases, episodes])

    assert drawn(1) == drawn(1) != drawn(2)


def test_numbers_and_people_play_both_parts() -> None:
    good, bad = Counter[str](), Counter[str]()
    for seed in range(200):
        first, second = (100, 300) if seed % 2 else (300, 100)
        episodes = [episode(first, "web-api/half-stars"), episode(second, "web-api/longer-suggestions")]
        settle(Random(seed), [release(20)], episodes)
        for one, seen in zip(episodes, (bad, good), strict=True):
            seen.update([one["actions"][0]["to"], one["actions"][0]["user"]])
    for name, times in bad.most_common(6):
        assert good[name] > times / 4, name


def test_an_episode_is_told_of_its_release_and_keeps_its_bands() -> None:
    one = episode(100, "web-api/half-stars")
    settle(Random(1), [], [one])
    (words,) = one["actions"]
    assert words == {
        "mechanism": "release",
        "service": "web-api",
        "from": "1.4.2",
        "to": words["to"],
        "patch": "web-api/half-stars.patch",
        "user": words["user"],
    }
    entry = listed()["web-api"]["harmful"]["half-stars"]
    assert one["root"] == {"service": "web-api", "resource": "release"}
    assert one["exposure"] == {
        "kind": "version", "service": "web-api", "version": words["to"], "routes": entry["routes"]
    }  # fmt: skip
    assert one["footprint"] == [
        {"measure": "one", "service": "web-api", "band": [1, 2]},
        {"measure": "two", "band": [1, 2]},
    ]
    assert one["reach"] == entry["reach"]


def test_an_action_without_a_change_is_none() -> None:
    one = episode(100, "none")
    one["actions"].append({"mechanism": "provider"})
    settle(Random(1), [], [one])
    assert one["actions"] == [{"mechanism": "provider"}]


def test_an_ordinary_release_without_a_change_left_is_left_out() -> None:
    harmless = listed()["auth-service"]["harmless"]
    releases = [release(float(t), "auth-service") for t in range(len(harmless) + 1)]
    kept = settle(Random(1), releases, [])
    assert {one["patch"] for one in kept} == {f"auth-service/{name}.patch" for name in harmless}


def test_a_change_that_is_not_listed_is_named() -> None:
    with pytest.raises(ScenarioError, match=r"bad-deploy\.yaml: releases\.yaml has no change 'web-api/full-stars'"):
        settle(Random(1), [], [episode(1, "web-api/full-stars")])
