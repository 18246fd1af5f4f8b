"""Ask what is known of the locked dependencies' vulnerabilities: Rust, Python, Node.js, the Collector's Go modules.

    python release/audit.py --cargo-deny PATH

Each tool has a database of its own, and not every machine reaches all: what could not be asked is said, and is no pass.
A finding is mended, or accepted in `accepted.toml` (for Rust in `rust_converter/deny.toml`) with a reason and a date.
Exit code: 0 without unaccepted findings, 1 with, also when an accepted one is found no more.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
ACCEPTED = Path(__file__).with_name("accepted.toml")
GOVULNCHECK = "golang.org/x/vuln/cmd/govulncheck@v1.1.4"
SECONDS = 600


class Unreachable(Exception):
    """A database that could not be asked; the message says why."""


def run(*command: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a tool, whatever it ends with."""
    try:
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=SECONDS, check=False)
    except FileNotFoundError as error:
        raise Unreachable(f"{command[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise Unreachable(f"no answer within {SECONDS} s") from error


def last_line(text: str) -> str:
    """What a tool says at its end."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("exit status")]
    return lines[-1][:200] if lines else "it says nothing"


def rust(cargo_deny: Path) -> set[str]:
    """Advisories on the crates of the converter; cargo-deny leaves out what deny.toml accepts."""
    manifest = ("--manifest-path", ROOT / "rust_converter" / "Cargo.toml")
    fetched = run(cargo_deny, *manifest, "fetch", "db")
    if fetched.returncode:
        raise Unreachable(last_line(fetched.stderr))
    done = run(cargo_deny, *manifest, "--format", "json", "check", "--disable-fetch", "advisories")
    found = set()
    for line in done.stderr.splitlines():
        told = json.loads(line)
        if told["type"] == "diagnostic" and told["fields"]["severity"] == "error":
            advisory = told["fields"].get("advisory") or {}
            found.add(advisory.get("id") or told["fields"]["message"])
    return found


def python() -> set[str]:
    """Vulnerabilities of every locked Python package, of the converter and of the shop."""
    locks = [*(ROOT / "python" / "requirements").glob("*.txt"), *(ROOT / "stack").glob("**/requirements.txt")]
    pins = {pin for lock in locks for pin in re.findall(r"^[A-Za-z0-9._-]+==[^ \n]+", lock.read_text(), re.MULTILINE)}
    held: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        # One version of a package a file.
        for number, one in enumerate(_one_version_each(pins)):
            path = Path(folder) / f"{number}.txt"
            path.write_text("".join(f"{pin}\n" for pin in one))
            options = ("--progress-spinner", "off", "--format", "json", "--disable-pip", "--no-deps")
            done = run(sys.executable, "-m", "pip_audit", *options, "-r", path)
            try:
                held += json.loads(done.stdout)["dependencies"]
            except ValueError as error:
                raise Unreachable(last_line(done.stderr)) from error
    unknown = [one for one in held if "skip_reason" in one]
    if unknown:
        raise Unreachable(f"{len(unknown)} of {len(held)} packages unknown there: {unknown[0]['skip_reason'][:120]}")
    return {f"{vulnerability['id']} {one['name']}" for one in held for vulnerability in one["vulns"]}


def _one_version_each(pins: set[str]) -> list[list[str]]:
    files: list[dict[str, str]] = []
    for pin in sorted(pins):
        name = pin.partition("==")[0]
        for file in files:
            if file.setdefault(name, pin) == pin:
                break
        else:
            files.append({name: pin})
    return [sorted(file.values()) for file in files]


def node() -> set[str]:
    """Advisories on the packages of the Node.js service."""
    done = run("npm", "audit", "--json", "--omit", "dev", cwd=ROOT / "stack" / "services" / "auth-service")
    try:
        told = json.loads(done.stdout)
    except ValueError as error:
        raise Unreachable(last_line(done.stderr)) from error
    if "vulnerabilities" not in told:
        raise Unreachable(str(told.get("message") or told.get("error"))[:200])
    causes = (cause for one in told["vulnerabilities"].values() for cause in one["via"] if isinstance(cause, dict))
    return {f"{cause['url'].rpartition('/')[2]} {cause['name']}" for cause in causes}


def collector() -> set[str]:
    """Vulnerabilities whose code is in the Collector that was built here."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ocsfconv" / "collector"
    built = sorted(cache.glob("*/otelcol"), key=lambda path: path.stat().st_mtime)
    if not built:
        raise Unreachable("no Collector was built on this machine: make stack-setup RUNTIME=local")
    go = shutil.which("go")
    if go is None:
        raise Unreachable("go is not on PATH")
    with tempfile.TemporaryDirectory() as folder:  # outside any module
        done = run(go, "run", GOVULNCHECK, "-mode=binary", "-format=json", built[-1], cwd=Path(folder))
    if done.returncode:
        raise Unreachable(last_line(done.stderr))
    decoder, found, text = json.JSONDecoder(), set(), done.stdout.lstrip()
    while text:
        told, end = decoder.raw_decode(text)
        if "finding" in told:
            found.add(f"{told['finding']['osv']} {told['finding']['trace'][0]['module']}")
        text = text[end:].lstrip()
    return found


def main() -> int:
    """Ask all of them, say what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cargo-deny", type=Path, required=True)
    options = parser.parse_args()
    accepted = {one["id"]: one for one in tomllib.loads(ACCEPTED.read_text()).get("accepted", [])}
    asked: dict[str, Callable[[], set[str]]] = {
        "rust": lambda: rust(options.cargo_deny.absolute()),
        "python": python,
        "node": node,
        "collector": collector,
    }
    wrong = skipped = 0
    seen: set[str] = set()
    for name, ask in asked.items():
        try:
            found = ask()
        except Unreachable as reason:
            skipped += 1
            print(f"audit: {name}: SKIPPED: {reason}")
            continue
        seen |= found
        fresh = sorted(found - accepted.keys())
        wrong += len(fresh)
        print(f"audit: {name}: {len(fresh)} findings, {len(found) - len(fresh)} accepted")
        for one in fresh:
            print(f"  {one}")
        for one in sorted(found & accepted.keys()):
            print(f"  {one}: accepted {accepted[one]['date']}: {accepted[one]['reason']}")
    if not skipped:
        gone = sorted(accepted.keys() - seen)
        wrong += len(gone)
        for one in gone:
            print(f"audit: {one} is accepted, but not found any more: take it out of {ACCEPTED.name}")
    print(f"audit: {len(asked) - skipped} of {len(asked)} databases asked, {wrong} to look at")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
