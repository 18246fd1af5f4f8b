"""What can go wrong, read from stack/scenarios/*.yaml: checked by a schema, parameters drawn, texts filled in."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parents[1] / "scenarios"
SEVERITIES = ("subtle", "medium", "blatant")
RAMP, RECOVER = 5.0, 15.0  # seconds, where a scenario says nothing else
PLACE = re.compile(r"\{([a-z_]\w*)\}")  # {3} and {2,5} of a pattern are none


class ScenarioError(ValueError):
    """A sentence for whoever wrote or named a scenario."""


@dataclass(frozen=True)
class Scenario:
    """One file; the fields that are copied as they are stay in `facts`."""

    name: str
    number: int
    facts: Mapping[str, Any]

    @property
    def ramp(self) -> float:
        return float(self.facts.get("phases", {}).get("ramp", RAMP))

    @property
    def recover(self) -> float:
        return float(self.facts.get("phases", {}).get("recover", RECOVER))

    def side(self, decoy: bool) -> Mapping[str, Any]:
        """What is done: the scenario's own severities, actions and exposure, or its decoy's."""
        found: Mapping[str, Any] = self.facts["decoy"] if decoy else self.facts
        return found

    def render(self, r: Random, severity: str, decoy: bool) -> dict[str, Any]:
        """Parameters as the seed draws them, and what they are filled into."""
        side = self.side(decoy)
        params = {name: _drawn(r, value) for name, value in side["severities"][severity].items()}
        footprint = [] if decoy else [{**one, "band": one["band"][severity]} for one in self.facts["footprint"]]
        return {
            "params": params,
            "actions": self._filled(side["actions"], params),
            "exposure": self._filled(side["exposure"], params),
            "footprint": self._filled(footprint, params),
        }

    def _filled(self, value: Any, params: Mapping[str, Any]) -> Any:
        if isinstance(value, dict):
            return {key: self._filled(held, params) for key, held in value.items()}
        if isinstance(value, list):
            return [self._filled(held, params) for held in value]
        if not isinstance(value, str):
            return value
        unknown = {match[1] for match in PLACE.finditer(value)} - params.keys()
        if unknown:
            told = f"{{{min(unknown)}}} in {value!r}"
            raise ScenarioError(f"{self.name}.yaml: {told} is no parameter of every severity")
        alone = PLACE.fullmatch(value)
        return params[alone[1]] if alone else PLACE.sub(lambda match: str(params[match[1]]), value)


def _drawn(r: Random, value: Any) -> Any:
    if isinstance(value, dict):
        return r.choice(value["choose"])
    if isinstance(value, list):
        low, high = value
        return (
            r.randint(low, high) if isinstance(low, int) and isinstance(high, int) else round(r.uniform(low, high), 3)
        )
    return value


@cache
def _check(folder: Path) -> Callable[[Any], None]:
    import fastjsonschema  # here, for whoever compiles a plan without any does without it

    def check(facts: Any) -> None:
        try:
            valid(facts)
        except fastjsonschema.JsonSchemaValueException as error:
            raise ScenarioError(error.message.replace("data", "the file", 1)) from None

    own = folder / "schema.json"
    valid = fastjsonschema.compile(json.loads((own if own.exists() else FOLDER / "schema.json").read_text()))
    return check


def load(path: Path) -> Scenario:
    """Read one file; ScenarioError names file and place of what is wrong."""
    try:
        facts = yaml.safe_load(path.read_text(encoding="utf-8"))
        _check(path.parent)(facts)
    except yaml.YAMLError as error:
        raise ScenarioError(f"{path.name}: {' '.join(str(error).split())}") from None
    except ScenarioError as error:
        raise ScenarioError(f"{path.name}: {error}") from None
    if facts["name"] != path.stem:
        raise ScenarioError(f"{path.name}: its name says {facts['name']!r}; file and name must be the same")
    scenario = Scenario(facts["name"], facts["number"], facts)
    for value in (*_ranges(facts["severities"]), *_ranges(facts["decoy"]["severities"])):
        if value[0] > value[1]:
            raise ScenarioError(f"{path.name}: the range {value} ends before it begins")
    for severity in SEVERITIES:
        for decoy in (False, True):
            scenario.render(Random(0), severity, decoy)
    return scenario


def _ranges(severities: Mapping[str, Mapping[str, Any]]) -> Iterator[list[float]]:
    for params in severities.values():
        yield from (value for value in params.values() if isinstance(value, list))


def load_all(folder: Path = FOLDER) -> dict[str, Scenario]:
    """Every scenario by its name, in the order of their numbers."""
    found = sorted((load(path) for path in folder.glob("*.yaml")), key=lambda one: one.number)
    return {one.name: one for one in found}


@dataclass(frozen=True)
class Choice:
    """A scenario that was named: with a role it is to happen once, without one the seed may take it or not."""

    scenario: Scenario
    decoy: bool | None = None
    severity: str | None = None
    named: bool = True


ROLES = {"fault": False, "decoy": True}


def choose(text: str, known: Mapping[str, Scenario]) -> list[Choice]:
    """Understand `all`, `none` or a list such as `cpu-hog,bad-deploy@subtle,cache-storm:decoy@blatant`."""
    if text.strip() in ("none", ""):
        return []
    if text.strip() == "all":
        return [Choice(scenario, named=False) for scenario in known.values()]
    return list(_choices(filter(None, map(str.strip, text.split(","))), known))


def _choices(words: Iterable[str], known: Mapping[str, Scenario]) -> Iterator[Choice]:
    for word in words:
        rest, _, severity = word.partition("@")
        name, _, role = rest.partition(":")
        if name not in known:
            raise ScenarioError(f"there is no scenario {name!r}; there are {', '.join(known) or 'none yet'}")
        if role and role not in ROLES:
            raise ScenarioError(f"{word}: a scenario is had as fault or as decoy, not as {role!r}")
        if severity and severity not in SEVERITIES:
            raise ScenarioError(f"{word}: a severity is one of {', '.join(SEVERITIES)}, not {severity!r}")
        yield Choice(known[name], ROLES[role] if role else None, severity or None)
