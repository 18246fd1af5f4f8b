"""Decide a whole run before it begins: `python -m load.plan --seed 7 --duration 600 --rate 60 --out plan.json`.

Seed, duration and rate (and the shape of the curve, and the scenarios that are named) alone decide the plan, byte by
byte. `--case cpu-hog:fault@medium --normal 240` decides a short run of one fault, its decoy or nothing.
"""

import argparse
import json
import sys
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any

from load import chain, changes, crowd, episodes, tables
from load.itinerary import build, due, stream
from load.scenarios import Choice, ScenarioError, choose, load_all
from load.steps import Itinerary, Session
from seed.people import CLERKS, CUSTOMERS, PARTNERS

SCHEMA = 1
POINTS = 96  # of the curve
CALIBRATION = 1000  # sessions
PLENTY = 1.15  # so many more come than are let in
CURVES = ("day", "flat")


def compile_plan(
    seed: int, duration: float, rate: float, curve: str = "day", choices: Sequence[Choice] = ()
) -> dict[str, Any]:
    ordinary = changes.releases(stream(seed, 0, "releases"), duration)
    return _compiled(seed, duration, rate, curve, episodes.schedule(seed, duration, choices, ordinary))


def compile_case(seed: int, normal: float, rate: float, choice: Choice | None, curve: str = "day") -> dict[str, Any]:
    """A short run with one episode, or with none, beside so many seconds of normal time."""
    duration, found = episodes.case(seed, choice, normal)
    return _compiled(seed, duration, rate, curve, found)


def _compiled(seed: int, duration: float, rate: float, curve: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    points = [(round(duration * i / POINTS, 3), round(rate * level(i / POINTS, curve), 3)) for i in range(POINTS + 1)]
    sessions = [asdict(session) for session in visits(seed, duration, rate, curve)]
    times = changes.releases(stream(seed, 0, "releases"), duration, clear=episodes.clear(found))
    releases = chain.settle(stream(seed, 0, "versions"), times, found)
    return {
        "schema": SCHEMA,
        "seed": seed,
        "duration_s": duration,
        "rate": rate,
        "curve": points,
        "sessions": sessions,
        "releases": releases,
        "changes": changes.changes(stream(seed, 0, "changes"), duration, [release["t"] for release in releases]),
        "episodes": found,
    }


def level(part: float, curve: str = "day") -> float:
    """The load at this part of the day, as a multiple of the mean; hours are joined by straight lines."""
    if curve == "flat":
        return 1.0
    hours = len(tables.DAY)
    at = min(max(part, 0.0), 1.0) * hours - 0.5
    left = int(at // 1)
    share = at - left
    value = tables.DAY[left % hours] * (1 - share) + tables.DAY[(left + 1) % hours] * share
    return value * hours / sum(tables.DAY)


def visits(seed: int, duration: float, rate: float, curve: str = "day") -> list[Session]:
    """All sessions in the order of their starts: a Poisson process along the curve, in gusts."""
    r = stream(seed, 0, "arrivals")
    slices = _slices(duration, rate, curve)
    gusts = [r.gammavariate(tables.NOISE_SHAPE, 1 / tables.NOISE_SHAPE) for _ in slices]
    calm = sum(expected for _, expected in slices) / sum(
        expected * gust for (_, expected), gust in zip(slices, gusts, strict=True)
    )  # gusts move visitors, they do not add any
    starts = []
    for (begun, expected), gust in zip(slices, gusts, strict=True):
        blown = expected * gust * calm
        at = r.expovariate(1.0)
        while at < blown:
            starts.append(round(begun + tables.NOISE_SECONDS * at / blown, 3))
            at += r.expovariate(1.0)
    crowd_of_run = Crowd(seed)
    coming = [crowd_of_run.visit(n, start) for n, start in enumerate(sorted(starts))]
    return _fewer(coming, duration, rate, r)


def _fewer(coming: list[Itinerary], duration: float, rate: float, r: Random) -> list[Session]:
    """Visits differ so much in length that chance alone would miss the rate by a tenth: any of them stay away."""
    sent = [
        sum(visit.session.start + step.at < duration for page in due(visit) for step in page.steps() if not step.when)
        for visit in coming
    ]
    surplus = sum(sent) - rate * duration
    away = {i for i, requests in enumerate(sent) if not requests}
    for i in r.sample(range(len(coming)), len(coming)):
        if (surplus := surplus - sent[i]) < 0:
            break
        away.add(i)
    return [visit.session for i, visit in enumerate(coming) if i not in away]


def _slices(duration: float, rate: float, curve: str) -> list[tuple[float, float]]:
    """Begin and expected number of sessions of each slice of time, so that requests add up to rate x duration.

    A day that is compressed below ten minutes is shorter than the visits themselves: what began before it is then
    drawn from the mean instead of from midnight.
    """
    compressed = min(1.0, duration / 600.0)
    width = tables.NOISE_SECONDS
    found = []
    begun = -tables.EARLIER
    while begun < duration:
        middle = begun + width / 2
        now = level(middle / duration, curve) if middle > 0 else level(0.0, curve) * compressed + 1.0 - compressed
        found.append((begun, now))
        begun += width
    expected = sum(now * width * _requests_between(-begun - width / 2, duration - begun - width / 2)
                   for begun, now in found)  # fmt: skip
    scale = PLENTY * rate * duration / expected
    return [(begun, now * width * scale) for begun, now in found]


@cache
def _ages() -> list[float]:
    """When, after its start, an average session sends: the times of many sessions together."""
    crowd_of_none = Crowd(0)
    return sorted(
        step.at for n in range(CALIBRATION) for step in crowd_of_none.visit(n, n * 1000.0).steps() if not step.when
    )


def _requests_between(since: float, until: float) -> float:
    """Requests that a session sends between two ages, on average."""
    ages = _ages()
    return (bisect_left(ages, until) - bisect_left(ages, max(since, 0.0))) / CALIBRATION


@cache
def _weights(kind: str) -> list[float]:
    if kind == "clerk":
        return list(accumulate(map(float, tables.CLERK_WEIGHTS)))
    numbers, sigma = (PARTNERS, tables.PARTNER_SIGMA) if kind == "partner" else (CUSTOMERS, tables.PERSON_SIGMA)
    r = stream(0, len(numbers), "weights")
    return list(accumulate(r.lognormvariate(0.0, sigma) for _ in numbers))


class Crowd:
    """Who comes: nobody is in more than two places at once, and whoever has logged out must type the password again."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.ends: dict[int, list[float]] = {}
        self.logged_out: set[tuple[int, int]] = set()

    def visit(self, n: int, start: float) -> Itinerary:
        r = stream(self.seed, n, "who")
        itinerary = build(self.seed, self._session(n, start, r))
        session = itinerary.session
        if session.user is not None:
            self.ends.setdefault(session.user, []).append(start + itinerary.duration)
        if (which := session.choices.get("device")) is not None and session.user is not None:
            self._remember(itinerary, (session.user, which))
        return itinerary

    def _remember(self, itinerary: Itinerary, device: tuple[int, int]) -> None:
        for step in itinerary.steps():
            if step.gives == "goodbye":
                self.logged_out.add(device)
            elif step.gives == "tokens" and not step.when:
                self.logged_out.discard(device)

    def _session(self, n: int, start: float, r: Random) -> Session:
        kind = r.choices(list(tables.KINDS), list(tables.KINDS.values()))[0]
        if kind == "partner":
            user = self._person(kind, PARTNERS, start, r, tables.LIVE_RUNS)
            return Session(n, start, kind, user, *crowd.partner(user), {"signed": "key"})
        if kind == "clerk":
            user = self._person(kind, range(1, CLERKS.stop), start, r, tables.LIVE_SESSIONS)
            return Session(n, start, kind, user, *crowd.clerk(user), {"signed": "password"})
        signed_in, known = r.random() < tables.SIGNED_IN[kind], r.random() < tables.KNOWN_GUEST[kind]
        if not signed_in and not known:
            return Session(n, start, kind, None, crowd.address(kind, r), crowd.agent(kind, r), {"signed": "never"})
        user = self._person("customer", CUSTOMERS, start, r, tables.LIVE_SESSIONS)
        which = 1 if kind == "mobile" else r.choice((0, 0, 0, 2))
        signed = "later"
        if signed_in:
            forgotten = (user, which) in self.logged_out or r.random() < tables.PASSWORD_AT_START
            signed = "password" if forgotten else "remembered"
        _, address, agent = crowd.device(user, which)
        return Session(n, start, kind, user, address, agent, {"signed": signed, "device": which})

    def _person(self, kind: str, numbers: range, start: float, r: Random, limit: int) -> int:
        weights = _weights(kind)
        while True:
            user = numbers[bisect_left(weights, r.random() * weights[-1])]
            self.ends[user] = [end for end in self.ends.get(user, ()) if end > start]
            if len(self.ends[user]) < limit or all(len(self.ends.get(u, ())) >= limit for u in numbers):
                return user


def seconds(text: str) -> float:
    """600, 90s, 10m or 2h."""
    unit = {"s": 1, "m": 60, "h": 3600}.get(text[-1:])
    found = float(text[:-1]) * unit if unit else float(text)
    if not 5 <= found <= 86_400:
        raise ValueError(f"a run lasts from 5 seconds to a day, not {text}")
    return found


def dump(plan: dict[str, Any]) -> str:
    """JSON with one session or episode a line, so that two plans can be compared by eye."""
    parts = []
    for key, value in plan.items():
        if key in ("sessions", "episodes") and value:
            rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in value)
            parts.append(f'"{key}":[\n{rows}\n]')
        else:
            parts.append(f"{json.dumps(key)}:{json.dumps(value, separators=(',', ':'))}")
    return "{" + ",\n".join(parts) + "}\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m load.plan", description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--duration", type=seconds, default=600.0, help="600, 90s, 10m or 2h")
    parser.add_argument("--rate", type=float, default=60.0, help="requests a second, on average")
    parser.add_argument("--curve", choices=CURVES, default="day")
    parser.add_argument(
        "--scenarios", default="all", help="all (default), none, or names: cpu-hog,bad-deploy@subtle,cache-storm:decoy"
    )
    parser.add_argument(
        "--case", help="in place of a duration: NAME:fault, NAME:decoy (each with @severity) or nothing"
    )
    parser.add_argument("--normal", type=seconds, default=240.0, help="a case's normal time (4m)")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    if options.rate <= 0:
        parser.error("the rate must be above 0")
    try:
        plan = _asked(options)
    except ScenarioError as error:
        sys.stderr.write(f"plan: {error}\n")
        return 2
    beside = options.out.with_name(options.out.name + ".new")
    beside.write_text(dump(plan), encoding="utf-8")
    beside.replace(options.out)
    kinds = Counter(session["kind"] for session in plan["sessions"])
    told = f"{len(plan['sessions'])} sessions {dict(kinds)}, {len(plan['releases'])} releases"
    sys.stderr.write(f"plan: {told}, {len(plan['changes'])} changes, {len(plan['episodes'])} episodes\n")
    return 0


def _asked(options: argparse.Namespace) -> dict[str, Any]:
    if options.case is None:
        choices = choose(options.scenarios, load_all()) if options.scenarios != "none" else []
        return compile_plan(options.seed, options.duration, options.rate, options.curve, choices)
    name, _, role = options.case.partition(":")
    if "nothing" in (name, role):
        choice = None
    else:
        (choice,) = choose(options.case, load_all())
    return compile_case(options.seed, options.normal, options.rate, choice, options.curve)


if __name__ == "__main__":
    sys.exit(main())
