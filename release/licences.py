"""Write docs/licences.md: under what terms everything comes that is compiled in, installed, or run.

    python release/licences.py docs/licences.md

Reads the locks, cargo's metadata, the metadata of what is installed in `.venv` and for the shop, and npm's lock.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent
ELSEWHERE = {"mlcroissant": "Apache-2.0 (says its repository)"}
"""Of packages whose metadata say nothing."""
INSTALLED = "lib/python*/site-packages"
HEAD = """\
# Licences

This project is MIT. Written by `make licences` from the locks. `make check` fails when a crate in the wheel comes under
other terms than `rust_converter/deny.toml` allows: those that let anybody use, change and pass on the result, and ask
for no source.
"""
RUN = """
## Run beside it, as programs of their own

Nothing of these is linked or passed on: a run installs or builds them.

| program | licence |
| --- | --- |
| PostgreSQL | PostgreSQL |
| Valkey | BSD-3-Clause |
| Node.js | MIT |
| OpenTelemetry Collector, core and contrib | Apache-2.0 |
| CPython | PSF-2.0 |
"""


def crates() -> list[tuple[str, str, str]]:
    """Crates that are compiled into the wheel: name, version, licence; those for tests are not among them."""
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--features", "python"]
    told = json.loads(
        subprocess.run(command, cwd=ROOT / "rust_converter", capture_output=True, check=True, text=True).stdout
    )
    packages = {one["id"]: one for one in told["packages"]}
    nodes = {one["id"]: one for one in told["resolve"]["nodes"]}
    wanted, open_ = set(), [told["resolve"]["root"]]
    while open_:
        current = open_.pop()
        if current in wanted:
            continue
        wanted.add(current)
        open_ += [
            one["pkg"] for one in nodes[current]["deps"] if any(kind["kind"] is None for kind in one["dep_kinds"])
        ]
    wanted.remove(told["resolve"]["root"])
    return sorted((packages[one]["name"], packages[one]["version"], packages[one]["license"]) for one in wanted)


def locked(lock: Path) -> set[tuple[str, str]]:
    """Names and versions in a lock of hashes."""
    found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;]+)", lock.read_text(), re.MULTILINE)
    return {(_normal(name), version) for name, version in found}


def of_python(locks: Iterable[Path], folders: Iterable[Path]) -> list[tuple[str, str, str]]:
    """Name, version and licence of what is locked and installed; what another system installs is left out."""
    wanted = set().union(*map(locked, locks))
    rows = set()
    for one in distributions(path=[str(folder) for folder in folders]):
        held = one.metadata
        name = _normal(held["Name"])
        if (name, held["Version"]) not in wanted:
            continue
        told = held.get("License-Expression") or _classified(held.get_all("Classifier") or ()) or held.get("License")
        rows.add((name, held["Version"], (told or ELSEWHERE.get(name, "not said")).splitlines()[0][:60]))
    return sorted(rows)


def _normal(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


def _classified(classifiers: Iterable[str]) -> str:
    found = [one.rpartition(" :: ")[2] for one in classifiers if one.startswith("License :: OSI")]
    return ", ".join(found)


def of_node(lock: Path) -> list[tuple[str, str, str]]:
    """Name, version and licence of the packages of a lock that are not for development alone."""
    packages = json.loads(lock.read_text())["packages"]
    return sorted(
        {
            (path.rpartition("node_modules/")[2], one["version"], str(one.get("license", "not said")))
            for path, one in packages.items()
            if path and not one.get("dev")
        }
    )


def table(rows: Iterable[tuple[str, str, str]]) -> str:
    """Rows as Markdown."""
    lines = [("package", "version", "licence"), ("---", "---", "---"), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    """Write it."""
    python = of_python([ROOT / "python" / "requirements" / "dev.txt"], (ROOT / ".venv").glob(INSTALLED))
    stack = ROOT / "stack"
    locks = [*stack.glob("*/*.txt"), *stack.glob("services/*/requirements.txt")]
    shop = of_python(locks, (ROOT / ".make" / "stack").glob(f"*/{INSTALLED}"))
    node = of_node(ROOT / "stack" / "services" / "auth-service" / "package-lock.json")
    parts = (
        HEAD,
        f"\n## Compiled into the wheel\n\n{table(crates())}",
        "\n## Python packages that the extras, the tests and the build install\n\nThe wheel itself needs none.\n\n",
        table(python),
        "\n## Python packages of the shop, its visitors and the conductor\n\n",
        "A run installs them from their locks; none is part of what this project passes on.\n\n",
        table(shop),
        f"\n## Node.js packages of auth-service\n\n{table(node)}",
        RUN,
    )
    Path(sys.argv[1]).write_text("".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
