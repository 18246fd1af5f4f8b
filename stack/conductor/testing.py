"""Runs the parts' own tests against real databases, each in the environment that its part runs in."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

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


PARTS = {
    "conductor": Part("conductor", "conductor/requirements.txt"),
    "seed": Part("seed", "seed/requirements.txt"),
    "load": Part("load", "load/requirements.txt"),
    "web-api": Part("services/web-api", "services/web-api/requirements.txt"),
    "auth-service": Part("services/auth-service"),
    "auth-gateway": Part("services/auth-gateway", "services/auth-gateway/requirements.txt"),
    "payment-worker": Part("services/payment-worker", WORKER, beside=PROVIDER),
    "payment-provider": Part("services/payment-provider", PROVIDER, beside=WORKER),
}


def run(runtime: Runtime, names: Sequence[str]) -> int:
    """Run the tests of some parts, or of all; 1 when any failed."""
    unknown = set(names) - set(PARTS)
    if unknown:
        raise ConductorError(f"test: there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    failed = []
    with runtime:
        runtime.up(NEEDED)
        for name in names or PARTS:
            say(f"test: {name}")
            if _run_part(PARTS[name], runtime.environment()):
                failed.append(name)
    if failed:
        raise ConductorError(f"test: failed in {', '.join(failed)}", 1)
    return 0


def _run_part(part: Part, addresses: dict[str, str]) -> int:
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
        return subprocess.run([*environments.npm(node), "test"], cwd=folder, env=environment, check=False).returncode
    python = environments.make_python(STACK / part.lock) / "bin" / "python"
    paths = [environments.make_testing(), STACK, folder]
    if part.beside:
        paths += environments.make_python(STACK / part.beside).glob("lib/python*/site-packages")
    environment["PYTHONPATH"] = os.pathsep.join(map(str, paths))
    tests = [str(path) for path in (folder / "tests",) if path.exists()]
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    return subprocess.run(command, cwd=folder, env=environment, check=False).returncode
