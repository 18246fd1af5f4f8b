"""Applies the patches that make releases: each to any source that still has the lines that it changes, wherever."""

from __future__ import annotations

from pathlib import Path

import patch_ng

from conductor.errors import ConductorError


def size(path: Path) -> dict[str, int]:
    """Say how many `files` and `lines` a patch changes, and VERSION with it."""
    found = _read(path)
    lines = sum(line[:1] in (b"+", b"-") for item in found.items for hunk in item.hunks for line in hunk.text)
    return {"files": len(found.items) + 1, "lines": lines + 2}


def apply(path: Path, root: Path) -> None:
    """Change the files below `root`.

    Raises:
        ConductorError: the patch is none, or the source does not have its lines.
    """
    found = _read(path)
    for item in found.items:
        target = root / item.target.decode().partition("/")[2]
        lines = target.read_bytes().splitlines() if target.is_file() else []
        for hunk in item.hunks:
            hunk.startsrc = _place(lines, hunk)
    if not found.apply(strip=1, root=str(root)):
        raise ConductorError(f"{path} does not fit {root.parent.name} {root.name}; make the patch anew")


def _read(path: Path) -> patch_ng.PatchSet:
    found = patch_ng.fromfile(str(path))
    if not found:
        raise ConductorError(f"{path} is no patch")
    return found


def _place(lines: list[bytes], hunk: patch_ng.Hunk) -> int:
    """Find where the hunk's lines are now: other patches may have moved them. The nearest place counts."""
    old = [line[1:].rstrip(b"\r\n") for line in hunk.text if line[:1] in (b" ", b"-")]
    places = [at + 1 for at in range(len(lines) - len(old) + 1) if lines[at : at + len(old)] == old]
    return min(places, key=lambda at: abs(at - hunk.startsrc), default=int(hunk.startsrc))
