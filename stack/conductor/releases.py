"""Lays services out as they are deployed: run/releases/<service>/<version>, and `current`, a link to what runs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from conductor.places import files

DEFAULT_VERSION = "1.0.0"


def version_of(source: Path) -> str:
    """Read a source's VERSION."""
    path = source / "VERSION"
    return path.read_text().strip() if path.exists() else DEFAULT_VERSION


def lay(source: Path, releases: Path, node_modules: Path | None = None) -> Path:
    """Copy a service's source as its release and make it current; gives the link."""
    version = version_of(source)
    release = releases / version
    partial = releases / f".{version}"
    shutil.rmtree(partial, ignore_errors=True)
    for path in files(source):
        target = partial / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    if node_modules is not None:  # beside the versions, where Node looks from each of them
        (releases / "node_modules").unlink(missing_ok=True)
        (releases / "node_modules").symlink_to(node_modules)
    shutil.rmtree(release, ignore_errors=True)
    partial.rename(release)
    return switch(releases, version)


def switch(releases: Path, version: str) -> Path:
    """Make a version the current one, at once; gives the link."""
    link = releases / "current"
    fresh = releases / ".current"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(version)
    os.replace(fresh, link)
    return link
