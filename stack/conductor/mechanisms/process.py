"""A real program beside the shop, on the host: copies of it run until undone.

Arguments: `module` and `words`, a Python program of this package and what it is told; `copies`, a number of them for
each core that the shop has; `nice`, 0 to 19. Each copy is a session of its own, for the scheduler shares cores among
sessions. Whoever started them, they are known by their working folder, in which nothing else works.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from conductor.launch import cores, out_of_the_way
from conductor.mechanisms.base import Arguments, Context, Undo
from conductor.places import STACK

NAME = "job"
PATIENCE = 3.0
SPENT = 0.05  # CPU seconds that tell that a copy works
AUTOGROUP = Path("/proc/self/autogroup")  # where cores are shared among sessions, the session's nice is what counts
TRIES = 10


class Process:
    """Copies of a program."""

    kind = "process"
    role = "operator"

    def target(self, arguments: Arguments) -> str:
        """Name what the program burdens."""
        return "host"

    def command(self, arguments: Arguments) -> tuple[str, str]:
        """Give one copy's line, and how all are ended."""
        line = " ".join(["nice", "-n", str(arguments.get("nice", 0)), "python", "-m", *_words(arguments)])
        return f"{line} & # {arguments['copies']:g} for each core", "kill of each"

    def prepare(self, arguments: Arguments, context: Context) -> Undo:
        """Make the working folder."""
        folder = context.runtime.state / "jobs" / f"{context.episode}-{time.time_ns()}"
        folder.mkdir(parents=True)
        context.kept[_key(arguments)] = {"folder": folder, "children": [], "from_ns": 0}
        return {"key": _key(arguments), "folder": str(folder)}

    def begin(self, arguments: Arguments, context: Context) -> None:
        """Start the copies."""
        kept = context.kept[_key(arguments)]
        kept["from_ns"] = time.time_ns()
        for number in range(copies(arguments["copies"])):
            folder = kept["folder"] / str(number + 1)
            folder.mkdir()
            before_exec = context.runtime.guard.register(NAME, "SIGTERM", PATIENCE, _humbly(arguments.get("nice", 0)))
            kept["children"].append(
                subprocess.Popen(
                    [sys.executable, "-m", *_words(arguments)],
                    cwd=folder,
                    env={**os.environ, "PYTHONPATH": str(STACK)},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                    preexec_fn=before_exec,
                )
            )

    def in_effect(self, arguments: Arguments, context: Context) -> bool:
        """Tell whether every copy has had the processor."""
        with suppress(psutil.NoSuchProcess):
            children = context.kept[_key(arguments)]["children"]
            return all(sum(psutil.Process(child.pid).cpu_times()[:2]) > SPENT for child in children)
        return False

    def undo(self, undo: Undo, context: Context) -> None:
        """End all that works in the folder, and remove that."""
        kept = context.kept.pop(undo["key"], {"children": [], "from_ns": 0})
        found = working_in(Path(undo["folder"]))
        for process in found:
            with suppress(psutil.NoSuchProcess):
                _testify(process, kept["from_ns"], context)
                process.send_signal(signal.SIGTERM)
        for child in kept["children"]:
            with suppress(subprocess.TimeoutExpired):
                child.wait(PATIENCE)
        _, left = psutil.wait_procs(found, timeout=PATIENCE)
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        for child in kept["children"]:
            child.wait()
        psutil.wait_procs(left, timeout=PATIENCE)
        shutil.rmtree(undo["folder"], ignore_errors=True)

    def undone(self, undo: Undo, context: Context) -> bool:
        """Tell whether nothing works in the folder."""
        return not working_in(Path(undo["folder"]))


def copies(share: float) -> int:
    """Say how many there are for a number a core; the shop's cores count, not the machinery's."""
    return max(1, round(share * (len(cores()[1]) or os.cpu_count() or 1)))


def working_in(folder: Path) -> list[psutil.Process]:
    """Give the processes whose working folder is in this one."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if Path(process.cwd()).is_relative_to(folder):
                found.append(process)
    return found


def _humbly(nice: int) -> Callable[[], None]:
    def before_exec() -> None:
        out_of_the_way(NAME)
        os.nice(nice)
        for _ in range(TRIES if nice and AUTOGROUP.exists() else 0):
            with suppress(OSError):  # only every tenth of a second one may, unless root
                AUTOGROUP.write_text(str(nice))
                return
            time.sleep(0.1)

    return before_exec


def _words(arguments: Arguments) -> list[str]:
    return [arguments["module"], *map(str, arguments.get("words", []))]


def _testify(process: psutil.Process, from_ns: int, context: Context) -> None:
    if context.evidence is not None:
        spent: Any = process.cpu_times()
        context.evidence.add(
            "process",
            context.episode,
            pid=process.pid,
            cpu_seconds=round(spent.user + spent.system, 2),
            from_ns=from_ns,
            to_ns=time.time_ns(),
        )


def _key(arguments: Arguments) -> str:
    return f"process {arguments['module']} {arguments['copies']}"
