"""Runs the parts' own tests against real databases, each in the environment that its part runs in."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from conductor import environments, programs
from conductor.errors import ConductorError
from conductor.places import STACK
from conductor.runtime import Runtime
from conductor.steps import say

WORKER = "services/payment-worker/requirements.txt"
PROVIDER = "services/payment-provider/requirements.txt"
NEEDED = ["postgres", "redis", "seed"]


@dataclass(frozen=True)
class Part:
    """Where a part's tests are, and the lock of the environment that they run in."""

    folder: str
    lock: str | None = None  # None is Node.js
    beside: str | None = None  # the lock of a part whose packages the tests need as well
    alone: bool = False  # touches nothing that the others use


LISTED = {
    "conductor": Part("conductor", "conductor/requirements.txt", alone=True),
    "seed": Part("seed", "seed/requirements.txt"),
    "load": Part("load", "load/requirements.txt"),
    "web-api": Part("services/web-api", "services/web-api/requirements.txt"),
    "auth-service": Part("services/auth-service"),
    "auth-gateway": Part("services/auth-gateway", "services/auth-gateway/requirements.txt"),
    "payment-worker": Part("services/payment-worker", WORKER, beside=PROVIDER),
    "payment-provider": Part("services/payment-provider", PROVIDER, beside=WORKER),
}


def parts(services: Path) -> dict[str, Part]:
    """Give every part that has tests: what is listed, in its order, then what else stands in the services' folder."""
    found = dict(LISTED)
    for folder in sorted(services.iterdir()):
        name, lock = f"services/{folder.name}", folder / "requirements.txt"
        if folder.name not in found and any((folder / tests).is_dir() for tests in ("tests", "test")):
            found[folder.name] = Part(name, f"{name}/{lock.name}" if lock.exists() else None)
    return found


PARTS = parts(STACK / "services")


def run(runtime: Runtime, names: Sequence[str]) -> int:
    """Run the tests of some parts, or of all; 1 when any failed."""
    unknown = set(names) - set(PARTS)
    if unknown:
        raise ConductorError(f"test: there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    chosen = list(names or PARTS)
    # The conductor's tests start shops of their own and mostly wait; the others share one database and take turns.
    lanes = [lane for alone in (True, False) if (lane := [name for name in chosen if PARTS[name].alone is alone])]
    with runtime:
        runtime.up(NEEDED)
        with ThreadPoolExecutor(len(lanes)) as pool:
            found = pool.map(lambda lane: [name for name in lane if not _passes(name, runtime.environment())], lanes)
            failed = [name for lane in found for name in lane]
    if failed:
        raise ConductorError(f"test: failed in {', '.join(failed)}", 1)
    return 0


def _passes(name: str, addresses: dict[str, str]) -> bool:
    began = time.monotonic()
    say(f"test: {name} …")
    command, folder, environment = _prepare(PARTS[name], addresses)
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    result = "failed" if done.returncode else "passed"
    say(f"{done.stdout.rstrip()}\ntest: {name}: {result} in {time.monotonic() - began:.0f} s")
    return done.returncode == 0


def _prepare(part: Part, addresses: dict[str, str]) -> tuple[list[str], Path, dict[str, str]]:
    """Give the command that tests a part, its folder and its environment."""
    folder = STACK / part.folder
    environment = {**os.environ, **addresses, "TZ": "UTC"}
    if part.lock is None:
        node = programs.need("node")
        modules = environments.make_node(folder) / "node_modules"
        link = folder / "node_modules"
        if link.is_symlink():
            link.unlink()
        if not link.exists():
            link.symlink_to(modules)
        environment["PATH"] = f"{node.path.parent}{os.pathsep}{os.environ['PATH']}"
        return [*map(str, environments.npm(node)), "test"], folder, environment
    python = environments.make_python(STACK / part.lock) / "bin" / "python"
    paths = [environments.make_testing(), STACK, folder]
    if part.beside:
        paths += environments.make_python(STACK / part.beside).glob("lib/python*/site-packages")
    environment["PYTHONPATH"] = os.pathsep.join(map(str, paths))
    tests = [str(path) for path in (folder / "tests",) if path.exists()]
    return [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests], folder, environment
