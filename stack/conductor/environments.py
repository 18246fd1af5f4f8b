"""Makes what services run in: a virtual environment a lock of hashes, node_modules a package-lock.

Each is named after its lock's checksum, and stamped with its own place when it is whole: half-made or moved ones are
made anew.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from conductor.places import MADE, STACK, checksum
from conductor.programs import Program, need, see_to
from conductor.steps import execute

STAMP = ".complete"
TESTING = Path(__file__).with_name("testing.txt")


def is_whole(folder: Path) -> bool:
    """Say whether an environment was made to its end, and here."""
    stamp = folder / STAMP
    return stamp.exists() and stamp.read_text() == str(folder)


def _anew(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)


def python_folder(lock: Path) -> Path:
    """Where the environment of a lock is; services with the same lock share it."""
    return MADE / f"python-{checksum(lock.read_bytes(), sys.version)}"


def make_python(lock: Path) -> Path:
    """Make a virtual environment with what a lock names."""
    folder = python_folder(lock)
    if is_whole(folder):
        return folder
    _anew(folder)
    title = f"Python packages of {lock.parent.name}"
    execute(title, [sys.executable, "-m", "venv", "--without-pip", folder])
    _install(title, lock, ["--python", folder / "bin" / "python"], [])
    (folder / STAMP).write_text(str(folder))
    return folder


def _install(title: str, lock: Path, into: Sequence[str | Path], target: Sequence[str | Path]) -> None:
    """Let the conductor's own pip install what a lock names; what is imported is compiled then, and kept."""
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", *into]
    execute(title, [*pip, "install", "--no-compile", "--require-hashes", *target, "-r", lock])


def testing_folder() -> Path:
    """Where pytest is, beside every service's environment."""
    return MADE / f"testing-{checksum(TESTING.read_bytes(), sys.version)}"


def make_testing() -> Path:
    """Install what tests run with into a folder for PYTHONPATH."""
    folder = testing_folder()
    if is_whole(folder):
        return folder
    _anew(folder)
    _install("test packages", TESTING, [], ["--target", folder])
    (folder / STAMP).write_text(str(folder))
    return folder


def node_folder(source: Path) -> Path:
    """Where the node_modules of a package-lock are."""
    return MADE / f"node-{checksum((source / 'package-lock.json').read_bytes(), need('node').version)}"


def npm(node: Program) -> list[str | Path]:
    """Say how npm is run: the wheel's is a script beside node, which its launcher would not find."""
    script = node.path.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [node.path, script] if node.origin == "wheel" or not shutil.which("npm") else ["npm"]


def make_node(source: Path) -> Path:
    """Run `npm ci` for a package-lock, in a folder of its own."""
    node = see_to("node")
    folder = node_folder(source)
    if is_whole(folder):
        return folder
    _anew(folder)
    folder.mkdir()
    for name in ("package.json", "package-lock.json", ".npmrc"):
        if (source / name).exists():
            shutil.copy(source / name, folder / name)
    path = f"{node.path.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    command = [*npm(node), "ci", "--no-audit", "--no-fund", "--no-update-notifier"]
    execute(f"Node packages of {source.name}", command, {"PATH": path}, cwd=folder)
    (folder / STAMP).write_text(str(folder))
    return folder


def lock_of(local: Mapping[str, object]) -> Path:
    """Say which lock an `x-local` block means."""
    return STACK / str(local.get("requirements") or f"{local['source']}/requirements.txt")
