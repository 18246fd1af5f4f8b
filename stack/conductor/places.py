"""Where things are: the sources, what set-up makes from them, and the user's cache."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

STACK = Path(__file__).resolve().parent.parent
ROOT = STACK.parent
COMPOSE_FILE = STACK / "compose.yaml"
IMAGES = Path(os.environ.get("IMAGES_ENV") or STACK / "images.env")  # a mirror or local builds stand in by another file
MADE = ROOT / ".make" / "stack"
NOT_RELEASED = frozenset({"tests", "test", "node_modules", "__pycache__", ".npmrc"})


def cache() -> Path:
    """Outside the tree, for what takes minutes to make and depends on no checkout."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ocsfconv"


def checksum(*parts: Path | str | bytes) -> str:
    """Name what is made after what it is made from: files by their bytes, folders by their files, text as it is."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            for path in files(part) if part.is_dir() else [part]:
                digest.update(str(path.relative_to(part) if path != part else path.name).encode() + b"\0")
                digest.update(hashlib.sha256(path.read_bytes()).digest())
        else:
            digest.update((part.encode() if isinstance(part, str) else part) + b"\0")
    return digest.hexdigest()[:16]


def files(folder: Path) -> Iterable[Path]:
    """Give a service's own files, without tests and what tools leave behind."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and NOT_RELEASED.isdisjoint(path.relative_to(folder).parts):
            yield path
