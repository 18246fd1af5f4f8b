"""Takes back what a conductor that died has left in the shop, by the ledger that it kept.

`STATE/ledger.jsonl` is a link to the ledger of the state folder's last recording, wherever its truth went.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conductor.errors import ConductorError
from conductor.ledger import Ledger, open_actions
from conductor.runtime import Runtime, exclusive
from conductor.steps import say


def keep(state: Path, ledger: Path) -> None:
    """Remember which ledger tells of a state folder."""
    state.mkdir(parents=True, exist_ok=True)
    link = state / "ledger.jsonl"
    link.unlink(missing_ok=True)
    link.symlink_to(ledger.resolve())


def left(runtime: Runtime) -> list[dict[str, Any]]:
    """The actions that are still open, newest first."""
    return open_actions(runtime.state / "ledger.jsonl")


def undo(runtime: Runtime) -> list[str]:
    """Undo what is open in the services that run; a sentence for each that fails."""
    from conductor.episodes import still_changed, take_back  # with all mechanisms, which take a second to load
    from conductor.mechanisms import Context, mechanism

    ledger = Ledger((runtime.state / "ledger.jsonl").resolve())
    reachable = {one.service for one in runtime.status() if one.pid}
    faults = []
    for line in left(runtime):
        params, target = line["params"], line["target"]
        if "undo" not in params:  # ordinary operation, which a new start of the shop finishes or forgets
            ledger.close(line, None)
            continue
        if target in runtime.services and target not in reachable:
            continue
        fault = take_back(mechanism(line["kind"]), params["undo"], Context(runtime, params["episode"]), attempts=1)
        if fault is None:
            ledger.close(line, True)
            say(f"undid what an earlier conductor has left: `{line['command']}`, by `{line['undo']}`")
        else:
            faults.append(still_changed(target, line["command"], line["undo"], fault))
    return faults


def undo_before(runtime: Runtime) -> None:
    """Undo what can be undone in what still runs: a stopped process would never become healthy."""
    if left(runtime):
        with exclusive(runtime.state):
            undo(runtime)


def undo_after(runtime: Runtime) -> None:
    """Undo the rest in a shop that is up.

    Raises:
        ConductorError: something could not be undone.
    """
    if left(runtime) and (faults := undo(runtime)):
        raise ConductorError("; ".join(faults), 1)


def undo_and_stop(runtime: Runtime) -> None:
    """Undo what is open, with the services that it takes, then stop everything."""
    undo_before(runtime)
    needed = sorted({line["target"] for line in left(runtime)} & set(runtime.services))
    if needed:
        with runtime:
            runtime.up(needed)
            undo_after(runtime)
    else:
        runtime.down()


def forget(runtime: Runtime) -> None:
    """Close what is open: the data that it had changed are gone."""
    path = runtime.state / "ledger.jsonl"
    for line in open_actions(path):
        Ledger(path.resolve()).close(line, None)
