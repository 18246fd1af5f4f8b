"""Ways of making things go wrong in the shop for real, by the names that scenarios call them; none knows a scenario."""

from __future__ import annotations

from conductor.errors import ConductorError
from conductor.mechanisms.base import Context, Mechanism

KINDS: dict[str, type[Mechanism]] = {}
"""Each module's mechanism by its kind."""


def mechanism(kind: str) -> Mechanism:
    """Give the mechanism of a kind.

    Raises:
        ConductorError: there is none of that kind.
    """
    if kind not in KINDS:
        raise ConductorError(f"there is no mechanism {kind!r}; there are {', '.join(sorted(KINDS))}")
    return KINDS[kind]()


__all__ = ["KINDS", "Context", "Mechanism", "mechanism"]
