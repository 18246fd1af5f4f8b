"""PostgreSQL's data folder on loopback: made by initdb, or copied from one that set-up has filled."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from conductor.errors import ConductorError
from conductor.places import MADE, STACK, checksum
from conductor.programs import Program

READ_ANYWHERE = "+dac_read_search"  # the checkout may be below a folder of mode 0700


def as_owner(command: list[str]) -> list[str]:
    """Give the command as the user that the database runs as: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return command
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ConductorError(
            "PostgreSQL does not run as root, and setpriv (util-linux) is missing: install it or be another user"
        )
    group = f"--regid={pwd.getpwnam('nobody').pw_gid}"
    capabilities = ["--inh-caps", READ_ANYWHERE, "--ambient-caps", READ_ANYWHERE]
    return [setpriv, "--reuid=nobody", group, "--clear-groups", *capabilities, *command]


def give(*folders: Path) -> None:
    """Make folders that the database's user can write."""
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            user = pwd.getpwnam("nobody")
            os.chown(folder, user.pw_uid, user.pw_gid)


def template(program: Program, seed: Path, *secrets: str) -> Path:
    """Say where the filled data folder is: named after the server, the schema, the seed's code and what it is told."""
    major = program.version.split(".")[0]
    return MADE / f"database-{checksum(seed, major, str(os.geteuid()), str(STACK), *secrets)}"


def prepare(program: Program, data: Path, name: str, password: str, filled: Path | None) -> None:
    """See to a data folder: keep what is there, else copy the filled one, else make an empty one."""
    if (data / "PG_VERSION").exists():
        return
    shutil.rmtree(data, ignore_errors=True)
    give(data.parent)
    if filled is not None and filled.exists():
        partial = data.with_name(data.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        subprocess.run(["cp", "-Rp", filled, partial], check=True)
        partial.rename(data)
        return
    give(data)
    data.chmod(0o700)
    bindir = program.path.parent
    with tempfile.NamedTemporaryFile("w", dir=data.parent, prefix=".password-") as secret:
        secret.write(password)
        secret.flush()
        if os.geteuid() == 0:
            os.chown(secret.name, pwd.getpwnam("nobody").pw_uid, -1)
        options = [
            f"--username={name}",
            f"--pwfile={secret.name}",
            "--auth=scram-sha-256",
            "--no-sync",
            "--no-instructions",
        ]
        _run([str(bindir / "initdb"), "-D", str(data), "--encoding=UTF8", "--locale=C", *options])
    _run([str(program.path), "--single", "-D", str(data), "postgres"], f"CREATE DATABASE {name}\n")


def _run(command: list[str], text: str = "") -> None:
    result = subprocess.run(
        as_owner(command),
        input=text,
        capture_output=True,
        text=True,
        cwd="/",
        env={"PATH": os.defpath, "TZ": "UTC"},
        check=False,
    )
    if result.returncode:
        last = (result.stderr or result.stdout).strip().splitlines()[-3:]
        raise ConductorError(f"{Path(command[0]).name} ended with {result.returncode}: {' '.join(last)}", 1)
