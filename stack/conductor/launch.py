"""Says how a service is executed on loopback: the program in place of its name, its environment, its folder."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from conductor import database, environments, programs, releases
from conductor.compose_file import Service
from conductor.places import MADE, ROOT, STACK, cache

NICE = 5
MANY_CORES = 4
MACHINERY = frozenset({"otel-collector", "load-generator"})  # not the shop: kept out of its way


@dataclass(frozen=True)
class Launch:
    """What is executed, with what environment, and where."""

    command: list[str]
    environment: dict[str, str]
    cwd: Path


def launch(service: Service, state: Path, release: Path, filled: Path | None) -> Launch:
    """Prepare a service (already in terms of loopback) and say how it is executed."""
    local, command = service.local, list(service.command)
    home = state / "tmp" / service.name
    home.mkdir(parents=True, exist_ok=True)
    environment = {"HOME": str(home), "TMPDIR": str(home), "TZ": "UTC", "LANG": "C.UTF-8", "PATH": os.defpath}
    environment |= service.environment
    node_modules = None
    if local["program"] == "python":
        cache().mkdir(parents=True, exist_ok=True)
        bindir = environments.make_python(environments.lock_of(local)) / "bin"
        command[0] = str(bindir / command[0])
        environment["PATH"] = f"{bindir}{os.pathsep}{environment['PATH']}"
        environment |= {"PYTHONUNBUFFERED": "1", "PYTHONPYCACHEPREFIX": str(MADE / "pycache")}
    else:
        program = programs.need(local["program"])
        command = [str(program.path), *(command if local["program"] == "collector" else command[1:])]
    if local["program"] == "node":
        node_modules = environments.make_node(STACK / local["source"]) / "node_modules"
    if local["program"] == "collector":
        environment["SOURCE_PATHS"] = source_paths(state)
    if local["program"] == "postgres":
        owner, password = environment["POSTGRES_USER"], environment["POSTGRES_PASSWORD"]
        database.prepare(program, Path(environment["PGDATA"]), owner, password, filled)
        command = database.as_owner(command)
    if "source" in local and not (release / "current").exists():
        releases.lay(STACK / local["source"], release, node_modules)
    cwd = release / "current" if "source" in local else STACK
    environment["PWD"] = str(cwd)
    return Launch(command, environment, cwd)


def check_environment(service: Service, state: Path) -> dict[str, str]:
    """Give what a health check's command runs with."""
    path = os.defpath
    if service.local["program"] == "python":
        path = f"{environments.python_folder(environments.lock_of(service.local)) / 'bin'}{os.pathsep}{path}"
    return {**service.environment, "PATH": path, "TMPDIR": str(state / "tmp" / service.name)}


def source_paths(state: Path) -> str:
    """Give a pattern of the folders that local processes have in place of /srv/app, as OTTL's strings can say it."""
    python, home = Path(sys.base_prefix), Path.home()
    roots = [f"{_literal(state)}/releases/[^/]+", f"{_literal(MADE)}/[^/]+", _literal(state), _literal(ROOT)]
    if python.parts[:2] != ("/", "usr"):
        roots.append(_literal(python))
    if len(home.parts) > 1:
        roots.append(_literal(home))
    return "|".join(roots)


def _literal(path: Path) -> str:
    return re.sub(r"[^\w/-]", lambda match: "." if match[0] in '^\\"' else f"[{match[0]}]", str(path))


def out_of_the_way(name: str) -> None:
    """Keep the machinery from being the weather: cores of its own where there are enough, else a lower priority."""
    machinery, shop = cores()
    if machinery:
        os.sched_setaffinity(0, machinery if name in MACHINERY else shop)
    elif name in MACHINERY:
        os.nice(NICE)


def cores() -> tuple[list[int], list[int]]:
    """Give the machinery's cores, none where there are few, and the shop's; both are none where nobody can choose."""
    found = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(found) < MANY_CORES:
        return [], found
    own = found[-(len(found) // MANY_CORES) :]
    return own, [core for core in found if core not in own]
