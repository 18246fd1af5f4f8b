"""Which cases a reference set is made of: each a fault, its decoy, or nothing, with a seed of its own.

`CASES` is a list: `3` is three faults of each scenario, one a severity; `decoy*2` two decoys of each; `nothing*9` nine
runs in which nothing goes wrong; `cpu-hog` three of that scenario, `cpu-hog:decoy@subtle*2` two of just that.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conductor.errors import ConductorError

SEVERITIES = ("subtle", "medium", "blatant")
WORD = re.compile(r"(?P<what>[a-z][a-z0-9-]*)(?::(?P<role>\w+))?(?:@(?P<severity>\w+))?(?:\*(?P<count>\d+))?")
SEEDS = 1_000_000


@dataclass(frozen=True)
class Case:
    """One recording; `role` is fault, decoy or nothing, and nothing has neither scenario nor severity."""

    name: str
    seed: int
    role: str
    scenario: str | None = None
    severity: str | None = None

    @property
    def code(self) -> str:
        """What its folder is called: to readers of partitioned data a column, so it may tell nothing."""
        return f"{self.seed:06}"

    @property
    def asked(self) -> str:
        """The case as the plan takes it."""
        return f"{self.scenario}:{self.role}@{self.severity}" if self.scenario else "nothing"


def choose(text: str, known: Sequence[str], seed: int) -> list[Case]:
    """Understand `CASES`.

    Raises:
        ConductorError: it names what there is not.
    """
    found: list[Case] = []
    times: Counter[tuple[str, ...]] = Counter()
    for word in filter(None, (word.strip() for word in text.split(","))):
        for parts in _kinds(word, known):
            times[parts] += 1
            name = f"{'-'.join(parts)}-{times[parts]}"
            number = int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:8]) % SEEDS
            found.append(
                Case(name, number, "nothing") if len(parts) == 1 else Case(name, number, parts[1], parts[0], parts[2])
            )
    if not found:
        raise ConductorError("CASES names no case: 3 is three faults of each scenario, one a severity")
    return found


def _kinds(word: str, known: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Scenario, role and severity of each case that a word means; `nothing` alone for those in which nothing is."""
    if word.isdigit():
        word = f"fault*{word}"
    match = WORD.fullmatch(word)
    if match is None:
        raise ConductorError(
            f"CASES: {word!r} is not a number, nor NAME[:fault|decoy][@SEVERITY][*COUNT], nor nothing*COUNT"
        )
    what, role, severity = match["what"], match["role"] or "fault", match["severity"]
    count = int(match["count"]) if match["count"] else 1 if severity else len(SEVERITIES)
    if "nothing" in (what, role):
        yield from [("nothing",)] * count
        return
    if role not in ("fault", "decoy") or (severity and severity not in SEVERITIES):
        raise ConductorError(f"CASES: {word!r}: a role is fault, decoy or nothing; a severity {', '.join(SEVERITIES)}")
    if what in ("fault", "decoy"):
        role, names = what, list(known)
    elif what in known:
        names = [what]
    else:
        raise ConductorError(f"CASES: there is no scenario {what!r}; there are {', '.join(known) or 'none'}")
    for number in range(count):  # by turns, so that a set that is cut short has some of each
        for name in names:
            yield name, role, severity or SEVERITIES[number % len(SEVERITIES)]
