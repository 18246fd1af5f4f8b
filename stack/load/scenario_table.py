"""docs/scenarios.md, made from the scenarios' files: `python -m load.scenario_table FILE`."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from load.scenarios import FOLDER, SEVERITIES, Scenario, load_all

HEAD = """# What goes wrong

Made from [stack/scenarios](../stack/scenarios) by `make scenarios-doc`; do not edit it here. Each scenario is a file:
what really happens, how it is undone, how strong it can be, what it is expected to leave behind, and what looks like it
without being it. The numbers are the catalogue's. [truth.md](truth.md) says what of it is found in the data.

| # | scenario | class | technique | root | reaches | decoy |
|---|---|---|---|---|---|---|
"""


def document(scenarios: Iterable[Scenario]) -> str:
    found = list(scenarios)
    rows = [_row(one, one.facts["root"], one.facts["decoy"]["title"]) for one in found]
    return HEAD + "".join(rows) + "".join(line for one in found for line in _section(one))


def _row(one: Scenario, root: dict[str, str], decoy: str) -> str:
    name = f"[{one.name}](#{one.name}): {one.facts['title']}"
    cells = (
        one.number,
        name,
        one.facts["class"],
        _technique(one),
        f"{root['service']}: {root['resource']}".replace("<", "&lt;"),  # a name that only the plan knows
        _reach(one),
    )
    return "".join(f"| {cell} " for cell in (*cells, decoy)) + "|\n"


def _section(one: Scenario) -> Iterator[str]:
    decoy = one.facts["decoy"]
    yield f"\n## {one.name}\n\n{_prose(one.facts['mechanism'])}\n\n"
    yield f"In effect after about {one.ramp:g} s; {one.recover:g} s after the undo count as neither normal nor not.\n\n"
    yield "| | subtle | medium | blatant |\n|---|---|---|---|\n"
    yield from _parameters(one.facts["severities"], "")
    for claim in one.facts["footprint"]:
        bands = " | ".join(_band(claim["band"][severity]) for severity in SEVERITIES)
        yield f"| expected: {_claim(claim)} | {bands} |\n"
    yield from _parameters(decoy["severities"], "decoy: ")
    yield f"\n**Decoy: {decoy['title']}.** {_prose(decoy['why'])}\n"


def _parameters(severities: dict[str, dict[str, Any]], before: str) -> Iterator[str]:
    for name in dict.fromkeys(name for severity in SEVERITIES for name in severities[severity]):
        cells = " | ".join(_value(severities[severity].get(name)) for severity in SEVERITIES)
        yield f"| {before}{name} | {cells} |\n"


def _claim(claim: dict[str, Any]) -> str:
    more = {key: value for key, value in claim.items() if key not in ("signal", "measure", "band", "user_facing")}
    told = ", ".join(f"{key} {_value(value)}" for key, value in more.items())
    felt = ", felt by visitors" if claim["user_facing"] else ""
    return f"{claim['signal']}, {claim['measure']}{f' ({told})' if told else ''}{felt}"


def _value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict) and "choose" in value:
        return " or ".join(_value(one) for one in value["choose"])
    if isinstance(value, list) and len(value) == 2 and all(isinstance(end, int | float) for end in value):
        return f"{value[0]} – {value[1]}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"`{_cell(value)}`" if isinstance(value, str) else _cell(value)


def _band(band: list[float | None]) -> str:
    low, high = band
    if low is None:
        return "any" if high is None else f"≤ {high}"
    return f"≥ {low}" if high is None else f"{low} – {high}"


def _technique(one: Scenario) -> str:
    technique = one.facts["technique"]
    return f"[{technique}](https://attack.mitre.org/techniques/{technique.replace('.', '/')}/)" if technique else ""


def _reach(one: Scenario) -> str:
    return "everything on the host" if one.facts["hostwide"] else ", ".join(one.facts["reach"])


def _prose(text: str) -> str:
    return " ".join(text.split())


def _cell(value: Any) -> str:
    return _prose(str(value)).replace("|", "\\|")


def main() -> int:
    text = document(load_all(FOLDER).values())
    if len(sys.argv) == 2:
        Path(sys.argv[1]).write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
