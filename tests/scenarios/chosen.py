"""Which scenarios are tried, and how long a recording of them lasts."""

from __future__ import annotations

import math
import os
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
FILES = ROOT / "stack" / "scenarios"
SEVERITY = os.environ.get("SEVERITY", "medium")
HOLD = 25
SHARE = 0.68  # of the run that episodes take at most: the rest is what they are held against


def chosen() -> list[str]:
    """SCENARIOS: names, or all."""
    named = os.environ.get("SCENARIOS", "all")
    return sorted(path.stem for path in FILES.glob("*.yaml")) if named == "all" else named.split(",")


def duration(names: list[str]) -> int:
    """Seconds in which each of them fits with its ramp and recovery."""
    needed = 0.0
    for name in names:
        phases = yaml.safe_load((FILES / f"{name}.yaml").read_text()).get("phases", {})
        needed += phases.get("ramp", 5) + HOLD + phases.get("recover", 15) + 5
    return max(75, math.ceil(needed / SHARE))
