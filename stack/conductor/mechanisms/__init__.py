"""Ways of making things go wrong in the shop for real, by the names that scenarios call them; none knows a scenario.

A module here that holds a class with a `kind` adds it; there is no list to edit.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from conductor.errors import ConductorError
from conductor.mechanisms.base import Context, Mechanism


def _classes() -> Iterator[type[Mechanism]]:
    for found in pkgutil.iter_modules(__path__, f"{__name__}."):
        for one in vars(import_module(found.name)).values():
            if isinstance(one, type) and one.__module__ == found.name and isinstance(getattr(one, "kind", None), str):
                yield one


KINDS: dict[str, type[Mechanism]] = {one.kind: one for one in _classes()}
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
