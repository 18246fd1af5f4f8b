"""The one error: a sentence for whoever called, and the exit code that goes with it."""

from __future__ import annotations

from pathlib import Path


class ConductorError(Exception):
    """What went wrong and what to do about it; `code` is 1 when something failed, 2 when it could not begin."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


def tail(path: Path, lines: int = 12) -> str:
    """Give the last lines of a log, indented, or nothing when it has none."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - 8192))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "".join(f"\n    {line}" for line in text.splitlines()[-lines:])
