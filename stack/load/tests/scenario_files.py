"""Scenarios that are only for tests: small, valid, in a folder of their own."""

from pathlib import Path
from typing import Any

import yaml

from load.scenarios import Scenario, load_all

BAND = {"subtle": [1.2, 3], "medium": [2, None], "blatant": [4.0, None]}


def facts(name: str = "held-rows", number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "number": number,
        "title": "Rows are held",
        "class": "reliability",
        "technique": None,
        "root": {"service": "postgres", "resource": "table stock"},
        "reach": ["postgres", "web-api"],
        "hostwide": False,
        "mechanism": "A second session holds the rows of some products.",
        "severities": {
            "subtle": {"rows": [1, 3], "pause": [0.5, 1.5], "table": "stock"},
            "medium": {"rows": [4, 9], "pause": 1, "table": "stock"},
            "blatant": {"rows": {"choose": [10, 20]}, "pause": 0, "table": "stock"},
        },
        "actions": [{"mechanism": "session", "statements": ["SELECT {rows} FROM {table}"], "repeat": "{rows}"}],
        "exposure": {"kind": "blocked", "tables": ["{table}"], "pattern": "^UPDATE {table} .{2,5}"},
        "footprint": [{"signal": "traces", "measure": "duration_ratio", "user_facing": True, "band": BAND}],
        "decoy": {
            "title": "A short migration",
            "why": "It holds rows as well, but only those that nobody asks for.",
            "severities": {"subtle": {}, "medium": {}, "blatant": {}},
            "actions": [{"mechanism": "session", "statements": ["SELECT 1"]}],
            "exposure": None,
        },
    } | more


def write(folder: Path, *many: dict[str, Any]) -> dict[str, Scenario]:
    for one in many:
        (folder / f"{one['name']}.yaml").write_text(yaml.safe_dump(one), encoding="utf-8")
    return load_all(folder)


def several(folder: Path, count: int = 9) -> dict[str, Scenario]:
    """As many as the shop has; the last one deploys."""
    made = [facts(f"held-{chr(96 + n)}", n) for n in range(1, count)]
    deploys = facts("roll-out", count, root={"service": "web-api", "resource": "release"})
    deploys |= {"actions": [{"mechanism": "release", "service": "web-api", "patch": "one"}]}
    return write(folder, *made, deploys)
