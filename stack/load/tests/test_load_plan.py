"""A plan is decided by seed, duration and rate alone, and keeps the promises made about it."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from load import chain, changes, tables
from load.itinerary import build
from load.plan import compile_plan, level, seconds, visits
from load.steps import Session
from seed.catalogue import FLAGS, SETTINGS


def compile_to(path: Path, *options: str, hash_seed: str) -> bytes:
    command = [sys.executable, "-m", "load.plan", *options, "--out", str(path)]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": hash_seed})
    return path.read_bytes()


@pytest.mark.parametrize(
    "options",
    [
        ("--duration", "60", "--rate", "20"),
        ("--duration", "600", "--rate", "2"),
        ("--case", "lock-contention:decoy@subtle", "--rate", "2"),
    ],
)
def test_two_processes_write_the_same_bytes(tmp_path: Path, options: tuple[str, ...]) -> None:
    one = compile_to(tmp_path / "one.json", "--seed", "7", *options, hash_seed="1")
    two = compile_to(tmp_path / "two.json", "--seed", "7", *options, hash_seed="2")
    assert one == two
    other = compile_to(tmp_path / "other.json", "--seed", "8", *options, hash_seed="1")
    assert other != one
    assert bool(json.loads(one)["episodes"]) == ("60" not in options)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--scenarios", "fire"), "plan: there is no scenario 'fire'; there are "),
        (("--duration", "60", "--scenarios", "cpu-hog,cache-storm,bad-deploy"), "do not fit into 60 s: let it last "),
    ],
)
def test_what_cannot_be_planned_is_said_in_a_sentence(tmp_path: Path, options: tuple[str, ...], told: str) -> None:
    command = [sys.executable, "-m", "load.plan", *options, "--out", str(tmp_path / "plan.json")]
    done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8")
    assert done.returncode == 2 and told in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "plan.json").exists()


def test_the_plan_has_the_fields_of_the_contract() -> None:
    plan = json.loads(json.dumps(compile_plan(3, 60, 10)))
    assert list(plan) == [
        "schema",
        "seed",
        "duration_s",
        "rate",
        "curve",
        "sessions",
        "releases",
        "changes",
        "episodes",
    ]
    assert set(plan["sessions"][0]) == {"n", "start", "kind", "user", "address", "agent", "choices"}
    assert plan["episodes"] == [] and len(plan["changes"]) == 1
    starts = [session["start"] for session in plan["sessions"]]
    assert starts == sorted(starts) and starts[0] < 0 and starts[-1] < 60


def test_nobody_is_in_more_places_than_possible() -> None:
    stays: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for session in visits(5, 300, 80):
        if session.user and session.kind != "partner":
            stays[session.user].append((session.start, session.start + build(5, session).duration))
    for found in stays.values():
        for start, _ in found:
            assert sum(begun <= start < end for begun, end in found) <= tables.LIVE_SESSIONS


def test_whoever_logged_out_types_the_password_again() -> None:
    out: set[tuple[int, int]] = set()
    for session in visits(11, 600, 60):
        if session.user is None or "device" not in session.choices:
            continue
        device = (session.user, session.choices["device"])
        assert device not in out or session.choices["signed"] != "remembered"
        for step in build(11, session).steps():
            if step.gives == "goodbye":
                out.add(device)
            elif step.gives == "tokens" and not step.when:
                out.discard(device)


def test_the_curve_is_a_day_or_flat() -> None:
    assert level(0.81) == pytest.approx(1.6, abs=0.15)
    assert level(0.15) < 0.5
    assert {level(i / 10, "flat") for i in range(11)} == {1.0}


@pytest.mark.parametrize(("text", "value"), [("600", 600), ("90s", 90), ("10m", 600), ("2h", 7200)])
def test_durations_may_have_units(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    listed = []
    for service in ("web-api", "auth-service"):
        (tmp_path / "services" / service).mkdir(parents=True)
        (tmp_path / "services" / service / "VERSION").write_text("2.1.0\n")
        names = "".join(f"    - {{name: change-{i}, summary: s}}\n" for i in (1, 2, 3))
        listed.append(f"{service}:\n  harmless:\n{names}")
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases" / "releases.yaml").write_text("".join(listed))
    return tmp_path


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("duration", "fewest", "most"), [(60, 1, 1), (300, 2, 4), (7200, 2, 4)])
def test_releases_follow_each_other_in_time(stack: Path, seed: int, duration: float, fewest: int, most: int) -> None:
    found = chain.settle(Random(seed), changes.releases(Random(seed), duration, stack), [], stack)
    times = [release["t"] for release in found]
    assert fewest <= len(found) <= most
    assert all(0.15 * duration <= t <= 0.85 * duration for t in times)
    assert all(b - a >= 20 for a, b in pairwise(times))
    running: dict[str, str] = {}
    for release in found:
        assert release["from"] == running.get(release["service"], "2.1.0") < release["to"]
        assert release["patch"].startswith(f"{release['service']}/change-")
        running[release["service"]] = release["to"]


@pytest.mark.parametrize("seed", range(20))
def test_every_change_changes_something(seed: int) -> None:
    settings, flags = dict(SETTINGS), dict(FLAGS)
    found = changes.changes(Random(seed), 600, [200.0, 400.0])
    assert 2 <= len(found) <= 4
    for change in found:
        assert all(abs(change["t"] - release) >= 10 for release in (200, 400))
        values = flags if change["kind"] == "flag" else settings
        assert change["key"] in values and values[change["key"]] != change["value"]
        values[change["key"]] = change["value"]
        assert change["user"] in {f"u{n}" for n in range(1, 9)}


def test_a_session_comes_back_from_json() -> None:
    entry = compile_plan(3, 30, 10)["sessions"][0]
    assert build(3, Session.of(json.loads(json.dumps(entry)))).pages == build(3, Session.of(entry)).pages
