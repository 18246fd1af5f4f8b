"""What an actor is told to do."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from load.steps import Step

LONGEST = 300.0  # seconds; whoever is not stopped before ends then
ROLES = ("attacker", "decoy")


class OrderError(ValueError):
    """A sentence for whoever wrote the order."""


@dataclass(frozen=True, slots=True)
class Order:
    """`params` are the actor's own; seconds are counted from its first request."""

    actor: str
    episode: str
    role: str
    seed: int
    seconds: float = LONGEST
    params: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Order":
        """Read an order from a JSON file."""
        try:
            order = cls(**json.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise OrderError(f"{path}: {error.strerror}") from None
        except (ValueError, TypeError) as error:
            raise OrderError(f"{path}: no order of an actor: {error}") from None
        if order.role not in ROLES:
            raise OrderError(f"{path}: a role is one of {', '.join(ROLES)}, not {order.role!r}")
        if not 0 < order.seconds <= LONGEST:
            raise OrderError(f"{path}: an actor acts for up to {LONGEST:g} s, not {order.seconds!r}")
        return order

    def number(self, name: str) -> float:
        """A parameter that is a number above zero."""
        value = self.params.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise OrderError(f"{self.actor} needs {name}, a number above 0, not {value!r}")
        return float(value)

    def share(self, name: str) -> float:
        """A parameter between 0 and 1."""
        value = self.params.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise OrderError(f"{self.actor} needs {name}, a share from 0 to 1, not {value!r}")
        return float(value)

    def choice(self, name: str, known: tuple[str, ...]) -> str:
        """A parameter that is one of some words."""
        value = self.params.get(name)
        if value not in known:
            raise OrderError(f"{self.actor} needs {name}, one of {', '.join(known)}, not {value!r}")
        return str(value)

    def line(self, step: Step, sent_ns: int) -> dict[str, Any]:
        """What `actors.jsonl` says of a request before it is answered."""
        return {
            "trace_id": step.trace_id, "actor": self.actor, "episode": self.episode, "role": self.role,
            "sent_ns": sent_ns, "method": step.method, "route": step.route,
        }  # fmt: skip
