"""The compose runtime."""

from __future__ import annotations
from pathlib import Path


def engine_answers() -> bool:
    return False


class ComposeRuntime:
    def __init__(self, state: Path, logs: Path | None = None) -> None: ...
