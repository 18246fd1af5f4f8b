"""Packs the sources into a compressed archive, over and over: a job of the host that needs a core.

It is a program of its own, `python -m conductor.backup`; the archive stands in the working folder.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

from conductor.places import STACK


def pack(folder: Path, archive: Path) -> None:
    """Write the archive anew."""
    with tarfile.open(archive, "w:bz2") as packed:
        packed.add(folder, arcname=folder.name, filter=lambda entry: entry if entry.isfile() or entry.isdir() else None)


if __name__ == "__main__":
    while True:
        pack(STACK, Path("backup.tar.bz2"))
