"""A program of the load, on the host in both runtimes: an attacker, or people who only look like one.

Arguments: `actor`, which one; `role`, attacker or decoy; what else is said are its own parameters. It is known by its
working folder, which nothing else works in. What it sends it writes into a file of its own, and undoing joins that to
`actors.jsonl`, whether it ended by itself, was stopped or was killed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from conductor.environments import make_python
from conductor.errors import ConductorError, tail
from conductor.launch import out_of_the_way
from conductor.mechanisms.base import Arguments, Context, Undo
from conductor.mechanisms.process import working_in
from conductor.places import MADE, STACK
from conductor.runtime import LOAD

PATIENCE = 6.0  # seconds; what is under way may end


class Actor:
    """One program that sends requests."""

    kind = "actor"
    role = "visitor"

    def target(self, arguments: Arguments) -> str:
        """Say whose doing it is: ending it needs no service."""
        return "visitors"

    def command(self, arguments: Arguments) -> tuple[str, str]:
        """Give its line, and how it is ended."""
        return f"python -m load.actors --order order.json # {arguments['actor']}", "kill -TERM of it"

    def prepare(self, arguments: Arguments, context: Context) -> Undo:
        """Say where it works and writes."""
        requests = _requests(arguments, context)
        requests.unlink(missing_ok=True)
        into = requests.with_name("actors.jsonl")
        return {"folder": str(_folder(arguments, context)), "requests": str(requests), "into": str(into)}

    def begin(self, arguments: Arguments, context: Context) -> None:
        """Write its order and start it."""
        folder, requests = _folder(arguments, context), _requests(arguments, context)
        folder.mkdir(parents=True, exist_ok=True)
        params = {name: value for name, value in arguments.items() if name not in ("actor", "role")}
        order = {"actor": arguments["actor"], "episode": context.episode, "role": arguments["role"],
                 "seed": context.seed, "params": params}  # fmt: skip
        (folder / "order.json").write_text(json.dumps(order))
        bindir = make_python(STACK / "load" / "requirements.txt") / "bin"
        command = [str(bindir / "python"), "-m", "load.actors", "--order", "order.json", "--requests", str(requests)]
        target = context.runtime.environment()["TARGET"]
        with (folder / "output.log").open("wb") as output:
            context.kept[str(folder)] = subprocess.Popen(
                [*command, "--target", target],
                cwd=folder,
                env=_environment(folder),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=context.runtime.guard.register("actor", "SIGTERM", PATIENCE, lambda: out_of_the_way(LOAD)),
            )

    def in_effect(self, arguments: Arguments, context: Context) -> bool:
        """Tell whether the shop has answered it.

        Raises:
            ConductorError: it has ended without an answer.
        """
        folder = _folder(arguments, context)
        if any("status" in line for line in _lines(_requests(arguments, context))):
            return True
        status = context.kept[str(folder)].poll()
        if status is not None:
            raise ConductorError(f"{arguments['actor']} ended with status {status}:{tail(folder / 'output.log')}", 1)
        return False

    def undo(self, undo: Undo, context: Context) -> None:
        """End it, and join what it wrote to what all actors wrote."""
        folder = Path(undo["folder"])
        child = context.kept.pop(undo["folder"], None)
        left = working_in(folder)
        for stop in (psutil.Process.terminate, psutil.Process.kill):
            for process in left:
                with suppress(psutil.NoSuchProcess):
                    stop(process)
            if child is not None:
                with suppress(subprocess.TimeoutExpired):
                    child.wait(PATIENCE)
            _, left = psutil.wait_procs(left, timeout=PATIENCE)
        join(Path(undo["requests"]), Path(undo["into"]))
        shutil.rmtree(folder, ignore_errors=True)

    def undone(self, undo: Undo, context: Context) -> bool:
        """Tell whether it is gone and all that it sent stands with the others."""
        return not working_in(Path(undo["folder"])) and not Path(undo["requests"]).exists()


def join(requests: Path, into: Path) -> int:
    """Append an actor's requests, one line each, to those of all; gives their number. Twice is as good as once.

    The actor writes before it sends and again when it is answered; a request whose answer it did not live to see is
    `stopped`.
    """
    found: dict[str, dict[str, Any]] = {}
    for line in _lines(requests):
        if "sent_ns" in line:
            found[line["trace_id"]] = line
        elif line["trace_id"] in found:
            found[line["trace_id"]] |= line
    for line in _lines(into):
        found.pop(line["trace_id"], None)
    if found:
        text = "".join(json.dumps(_complete(line), separators=(",", ":")) + "\n" for line in found.values())
        with into.open("a", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    requests.unlink(missing_ok=True)
    return len(found)


def _complete(line: dict[str, Any]) -> dict[str, Any]:
    return line if "ms" in line else {**line, "error": "stopped", "ms": None}


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a file; one that was cut is none, and so is a file that is not there."""
    if path.exists():
        for line in path.read_bytes().split(b"\n"):
            with suppress(ValueError):
                yield json.loads(line)


def _folder(arguments: Arguments, context: Context) -> Path:
    return context.runtime.state / "actors" / f"{context.episode}-{arguments['actor']}"


def _requests(arguments: Arguments, context: Context) -> Path:
    return context.runtime.logs_folder / "truth" / f"actors-{context.episode}-{arguments['actor']}.jsonl"


def _environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.defpath, "HOME": str(folder), "TMPDIR": str(folder), "TZ": "UTC", "LANG": "C.UTF-8",
            "PYTHONPATH": str(STACK), "PYTHONPYCACHEPREFIX": str(MADE / "pycache")}  # fmt: skip
