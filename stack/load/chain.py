"""One chain of versions a service: what ordinary operation releases, what episodes release, what is rolled back.

Numbers, changes and authors are drawn in the same way for all, so that none of them tells what a release is for. A
change is a patch of `releases/SERVICE/`; `releases.yaml` lists those that do no harm, and those that do.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

from load.scenarios import ScenarioError
from seed.people import ADMINS

STACK = Path(__file__).resolve().parents[1]
ANY, NONE = "any", "none"  # a change that does no harm, of any service; no release at all
MINOR = 0.3  # of the releases: a new minor version, the others a new patch version

Version = tuple[int, ...]
Listed = dict[str, dict[str, dict[str, Any]]]


@cache
def listed(stack: Path = STACK) -> dict[str, Listed]:
    """By service `harmless` and `harmful`, each by the change's name; what `releases.yaml` says of it."""
    path = stack / "releases" / "releases.yaml"
    if not path.is_file():
        return {}
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {
        service: {role: {one["name"]: one for one in parts.get(role, [])} for role in ("harmless", "harmful")}
        for service, parts in found.items()
    }


@dataclass
class Line:
    """A service's versions so far."""

    running: str
    highest: Version
    waiting: list[str]

    def next(self, r: Random) -> str:
        """A number that was never used, whatever runs."""
        major, minor, patch = self.highest
        self.highest = (major, minor + 1, 0) if r.random() < MINOR else (major, minor, patch + 1)
        return ".".join(map(str, self.highest))


def settle(
    r: Random, releases: list[dict[str, Any]], episodes: list[dict[str, Any]], stack: Path = STACK
) -> list[dict[str, Any]]:
    """Give each release (`t`, `service`) and each action `release` its place in the chain.

    Releases get `from`, `to`, `patch`, `user`; those for which no change is left are left out of what comes back.
    Actions name a `change`, `SERVICE/NAME` or `any` (with `none` they are left out), and get `service` and the same;
    their episode's root, exposure and footprint get what they call `<service>`, `<version>` and `<routes>`, and lose
    the bands of other changes.

    Raises:
        ScenarioError: a change is not listed, or none is left.
    """
    for episode in episodes:
        episode["actions"] = [action for action in episode["actions"] if action.get("change") != NONE]
    known = listed(stack)
    lines = {service: _line(stack, service, known[service]) for service in known}
    kept = []
    for one in _moments(releases, episodes):
        if one.ends:
            if one.words.get("rolled_back", True):
                lines[one.words["service"]].running = one.words["from"]
            continue
        if one.episode is None:
            line = lines[one.words["service"]]
            if not line.waiting:
                continue
            change = line.waiting.pop(r.randrange(len(line.waiting)))
            _release(r, line, one.words, change)
            kept.append(one.words)
        else:
            service, change = _chosen(r, one.words.pop("change", ANY), known, lines, one.episode["scenario"])
            one.words["service"] = service
            _release(r, lines[service], one.words, change)
            _fill(one.episode, one.words, change, known[service]["harmful"].get(change, {}))
    return kept


@dataclass(frozen=True)
class Moment:
    """A release, or the end of an episode that had one."""

    at: float
    words: dict[str, Any]
    episode: dict[str, Any] | None = None
    ends: bool = False


def _moments(releases: list[dict[str, Any]], episodes: list[dict[str, Any]]) -> list[Moment]:
    found = [Moment(release["t"], release) for release in releases]
    for episode in episodes:
        actions = [action for action in episode["actions"] if action["mechanism"] == "release"]
        over = episode["start"] + episode["ramp"] + episode["hold"]
        found += [Moment(episode["start"], action, episode) for action in actions]
        found += [Moment(over, action, episode, ends=True) for action in reversed(actions)]
    return sorted(found, key=lambda one: one.at)


def _line(stack: Path, service: str, changes: Listed) -> Line:
    version = (stack / "services" / service / "VERSION").read_text(encoding="utf-8").strip()
    return Line(version, tuple(map(int, version.split("."))), list(changes["harmless"]))


def _chosen(
    r: Random, change: str, known: Mapping[str, Listed], lines: Mapping[str, Line], scenario: str
) -> tuple[str, str]:
    if change == ANY:
        ready = sorted(service for service, line in lines.items() if line.waiting)
        if not ready:
            raise ScenarioError(f"{scenario}: releases.yaml has no harmless change left for one more release")
        service = r.choice(ready)
        waiting = lines[service].waiting
        return service, waiting.pop(r.randrange(len(waiting)))
    service, _, name = change.partition("/")
    if not any(name in changes for changes in known.get(service, {}).values()):
        raise ScenarioError(f"{scenario}.yaml: releases.yaml has no change {change!r}")
    return service, name


def _release(r: Random, line: Line, words: dict[str, Any], change: str) -> None:
    patch = f"{words['service']}/{change}.patch"
    words |= {"from": line.running, "to": line.next(r), "patch": patch, "user": f"u{r.choice(ADMINS)}"}
    line.running = words["to"]


def _fill(episode: dict[str, Any], words: Mapping[str, Any], change: str, entry: Mapping[str, Any]) -> None:
    names = {"<service>": words["service"], "<version>": words["to"], "<routes>": entry.get("routes")}
    for key in ("root", "exposure", "footprint"):
        episode[key] = _filled(episode[key], names)
    own = f"{words['service']}/{change}"
    episode["footprint"] = list(_of_change(episode["footprint"], own))
    if "reach" in entry and words["service"] == episode["root"]["service"]:
        episode["reach"] = entry["reach"]


def _of_change(footprint: list[dict[str, Any]], own: str) -> Iterator[dict[str, Any]]:
    for one in footprint:
        if one.get("change", own) == own:
            yield {key: value for key, value in one.items() if key != "change"}


def _filled(value: Any, names: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(held, names) for key, held in value.items()}
    if isinstance(value, list):
        return [_filled(held, names) for held in value]
    return names.get(value, value) if isinstance(value, str) else value
