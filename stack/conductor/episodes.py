"""Carries the plan's episodes out, in a thread of its own: begin, hold, undo, each confirmed by asking the shop itself.

Nothing is changed before the ledger says how it is taken back. An injection that fails is undone and the run goes on;
an undo that cannot be confirmed ends the episodes, and `wrong` says what is still changed.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conductor.deployer import Deployer
from conductor.evidence import watching
from conductor.ledger import Action, Ledger, lines
from conductor.mechanisms import Context, Mechanism, mechanism
from conductor.mechanisms.base import Evidence
from conductor.runtime import Runtime, undisturbed
from conductor.steps import say

EFFECT_SECONDS = 15.0
"""How long an injection may take until it is in effect, after it was begun."""
UNDONE_SECONDS = 15.0
"""How long the shop may take until it is as before, after each attempt to undo."""
UNDO_ATTEMPTS = 3
ASK_EVERY = 0.1
END_SECONDS = 180.0
"""How long the end of a run waits for the undo."""
Episode = dict[str, Any]


@dataclass
class Injection:
    """An action under way."""

    mechanism: Mechanism
    context: Context
    action: Action
    identity: str


class Failed(Exception):
    """An injection came to nothing; the message says why."""


class Episodes:
    """Used as a context: leaving it undoes what is open, whatever the reason, and waits for that."""

    def __init__(
        self,
        plan: dict[str, Any],
        runtime: Runtime,
        ledger: Ledger,
        deployer: Deployer | None = None,
        evidence: Evidence | None = None,
    ) -> None:
        self._plan, self._runtime, self._ledger = plan, runtime, ledger
        self._deployer, self._evidence = deployer, evidence
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="episodes", daemon=True)
        self._start_ns = self._start = 0.0
        self.wrong: list[str] = []
        """What could not be undone, a sentence each."""

    def begin(self, start_ns: int, start: float) -> None:
        """Let the episodes come at their times; the run began at `start_ns` (Unix) and `start` (monotonic, s)."""
        self._start_ns, self._start = start_ns, start
        self._thread.start()

    def __enter__(self) -> Episodes:
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        if self._thread.ident is not None:
            with undisturbed():
                self._thread.join(END_SECONDS)
            if self._thread.is_alive():
                self.wrong.append(f"an undo has not come to its end in {END_SECONDS:.0f} s; `make up` tries again")

    def _run(self) -> None:
        for episode in self._plan["episodes"]:
            if self._ending.wait(max(0.0, self._start + episode["start"] - time.monotonic())) or self.wrong:
                return
            try:
                self._play(episode)
            except Exception as error:  # noqa: BLE001 - a full disk under the ledger, evidence that cannot be had
                self.wrong.append(f"{name_of(episode)} came to an end by itself: {one_line(error)}")

    def _play(self, episode: Episode) -> None:
        key, title = episode["id"], name_of(episode)
        self._runtime.guard.undo(key, undo_command(self._runtime))
        begun: list[Injection] = []
        with watching(episode["exposure"], self._context(episode)):  # also how it begins and how it is undone
            try:
                for arguments in episode["actions"]:
                    self._inject(arguments, episode, begun)
                self._say(f"{title}: in effect")
                self._ending.wait(episode["hold"])
            except Failed as failed:
                self._say(f"{title}: not carried out, {failed}")
            if begun:
                self._say(f"{title}: undoing")
                for injection in reversed(begun):
                    self._take_back(injection)
                self._say(f"{title}: {'NOT ' if self.wrong else ''}undone")
        if not self.wrong:
            self._runtime.guard.undone(key)

    def _context(self, episode: Episode) -> Context:
        return Context(self._runtime, episode["id"], self._plan["seed"], self._deployer, self._evidence)

    def _inject(self, words: dict[str, Any], episode: Episode, begun: list[Injection]) -> None:
        context = self._context(episode)
        arguments = {name: value for name, value in words.items() if name != "mechanism"}
        planned_ns = int(self._start_ns + episode["start"] * 1e9)
        try:
            found = mechanism(words["mechanism"])
            undo = found.prepare(arguments, context)
            command, back = found.command(arguments)
            params = {**arguments, "episode": context.episode, "undo": undo, "in_effect_ns": None}
            action = Action(found.role, found.kind, found.target(arguments), planned_ns, command, back, params)
            begun.append(Injection(found, context, action, self._ledger.start(action)))
            found.begin(arguments, context)
            if not asked(lambda: found.in_effect(arguments, context), EFFECT_SECONDS, self._ending.is_set):
                raise Failed(f"`{command}` shows no effect")
        except Failed:
            raise
        except Exception as error:  # whatever a mechanism raises, the run goes on and the rest is undone
            raise Failed(one_line(error)) from error
        params["in_effect_ns"] = time.time_ns()

    def _take_back(self, injection: Injection) -> None:
        action = injection.action
        action.params["undo_began_ns"] = time.time_ns()
        fault = take_back(injection.mechanism, action.params["undo"], injection.context)
        action.reset_confirmed = fault is None
        failed = fault or (None if action.params["in_effect_ns"] else "not in effect")
        try:
            self._ledger.finish(injection.identity, action, failed)
        except OSError as error:
            self.wrong.append(f"the ledger cannot be written: {one_line(error)}")
        if fault is not None:
            self.wrong.append(still_changed(action.target, action.command, action.undo, fault))

    def _say(self, text: str) -> None:
        say(f"{time.monotonic() - self._start:5.0f} s  {text}")


def name_of(episode: Episode) -> str:
    """Name an episode for people."""
    return f"{episode['id']} {episode['scenario']}{' (decoy)' if episode['decoy'] else ''}, {episode['severity']}"


def asked(question: Callable[[], bool], seconds: float, given_up: Callable[[], bool] = lambda: False) -> bool:
    """Ask until the answer is yes, for so many seconds."""
    deadline = time.monotonic() + seconds
    while not question():
        if time.monotonic() > deadline or given_up():
            return False
        time.sleep(ASK_EVERY)
    return True


def take_back(found: Mechanism, undo: dict[str, Any], context: Context, attempts: int = UNDO_ATTEMPTS) -> str | None:
    """Undo an action until the shop confirms it; None when it did, else what is wrong."""
    fault = ""
    for _ in range(attempts):
        try:
            found.undo(undo, context)
            if asked(lambda: found.undone(undo, context), UNDONE_SECONDS):
                return None
            fault = "the shop does not confirm it"
        except Exception as error:  # noqa: BLE001 - the next attempt, or whoever reads the sentence, has to do with it
            fault = one_line(error)
    return fault


def still_changed(target: str, command: str, undo: str | None, fault: str) -> str:
    """Say what is left of an action whose undo failed."""
    return f"{target} is still as `{command}` has left it ({fault}): `{undo}` takes it back, and so does `make up`"


def one_line(error: Exception) -> str:
    """Make one line of an error."""
    return " ".join(str(error).split()) or type(error).__name__


def undo_command(runtime: Runtime) -> list[str]:
    """Say what the guard runs when this process has died."""
    where = ["--runtime", runtime.kind, "--state", str(runtime.state), "--logs", str(runtime.logs_folder)]
    return [sys.executable, "-m", "conductor", "undo", "--held", *where]


@dataclass(frozen=True)
class Outcome:
    """What became of a planned episode, by the ledger: each of its actions in effect, and each undone."""

    episode: Episode
    executed: bool
    undone: bool


def outcomes(plan: dict[str, Any], ledger: Path) -> Iterable[Outcome]:
    """Give what became of each of the plan's episodes."""
    finished: dict[str, list[dict[str, Any]]] = {}
    for line in lines(ledger):
        if line["event"] == "finished" and line["params"].get("episode"):
            finished.setdefault(line["params"]["episode"], []).append(line)
    for episode in plan["episodes"]:
        found = finished.get(episode["id"], [])
        effective = sum(line["params"].get("in_effect_ns") is not None for line in found)
        undone = all(line["reset_confirmed"] for line in found)
        yield Outcome(episode, effective == len(episode["actions"]), undone)
