"""A program of the load, where the load runs: an attacker, or people who only look like one.

Arguments: `actor`, which one; `role`, attacker or decoy; what else is said are its own parameters. It acts as long as
its order is there, which also reaches into a container. What it sends it writes into a file of its own, and undoing
joins that to `actors.jsonl`, whether it ended by itself, was stopped or was killed.
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

from conductor.errors import ConductorError, tail
from conductor.launch import out_of_the_way
from conductor.mechanisms.base import Arguments, Context, Undo
from conductor.mechanisms.process import working_in
from conductor.runtime import LOAD

INSIDE, TARGET = "/var/log/truth", "http://web-api:8000"  # as compose.yaml has them for the load
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
        return f"python -m load.actors --order FILE # {arguments['actor']}", "rm FILE"

    def prepare(self, arguments: Arguments, context: Context) -> Undo:
        """Say where it works, is ordered and writes."""
        name, truth = _name(arguments, context), context.runtime.logs_folder / "truth"
        undo = {
            "folder": str(context.runtime.state / "actors" / name),
            "order": str(truth / f"{name}.order"),
            "requests": str(truth / f"{name}.jsonl"),
            "into": str(truth / "actors.jsonl"),
        }
        Path(undo["requests"]).unlink(missing_ok=True)
        return undo

    def begin(self, arguments: Arguments, context: Context) -> None:
        """Write its order and start it."""
        undo = self.prepare(arguments, context)
        folder, name = Path(undo["folder"]), _name(arguments, context)
        folder.mkdir(parents=True, exist_ok=True)
        params = {key: value for key, value in arguments.items() if key not in ("actor", "role")}
        order = {"actor": arguments["actor"], "episode": context.episode, "role": arguments["role"],
                 "seed": context.seed, "params": params}  # fmt: skip
        Path(undo["order"]).write_text(json.dumps(order))
        words = ["--order", f"{INSIDE}/{name}.order", "--requests", f"{INSIDE}/{name}.jsonl", "--target", TARGET]
        how = context.runtime.beside(LOAD, ["python", "-m", "load.actors", *words])
        with (folder / "output.log").open("wb") as output:
            context.kept[str(folder)] = subprocess.Popen(
                how.command,
                cwd=folder,
                env=how.environment,
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
        name = _name(arguments, context)
        folder = context.runtime.state / "actors" / name
        if any("status" in line for line in _lines(context.runtime.logs_folder / "truth" / f"{name}.jsonl")):
            return True
        status = context.kept[str(folder)].poll()
        if status is not None:
            raise ConductorError(f"{arguments['actor']} ended with status {status}:{tail(folder / 'output.log')}", 1)
        return False

    def undo(self, undo: Undo, context: Context) -> None:
        """End it, and join what it wrote to what all actors wrote."""
        folder = Path(undo["folder"])
        child = context.kept.pop(undo["folder"], None)
        Path(undo["order"]).unlink(missing_ok=True)
        left = working_in(folder)
        for stop in (None, psutil.Process.terminate, psutil.Process.kill):
            for process in left if stop else []:
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


def _name(arguments: Arguments, context: Context) -> str:
    return f"actor-{context.episode}-{arguments['actor']}"
