"""The command line: `python -m conductor setup|up|down|undo|status|logs|run|record|measure|test`."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from conductor import recovery, testing
from conductor.compose_file import closure, seconds
from conductor.errors import ConductorError
from conductor.opening import open_runtime
from conductor.places import ROOT
from conductor.runtime import LOAD, Runtime, exclusive
from conductor.steps import say

INTERRUPTED = 130
RECORD_EXAMPLES = """\
examples:
  conductor record                                   ten minutes, seed 7, whatever may go wrong
  conductor record --duration 2h --seed 11 --scenarios none
  conductor record --scenarios cpu-hog,bad-deploy@subtle,cache-storm:decoy
  conductor record --case lock-contention:fault@medium --normal 2m
"""
REFERENCE_EXAMPLES = """\
examples:
  conductor reference --python .venv/bin/python --cases 3            three faults of each scenario, one a severity
  conductor reference --python .venv/bin/python --cases 3,decoy*3,nothing*9
  conductor reference --python .venv/bin/python --cases cpu-hog@subtle*10,bad-deploy:decoy
"""


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    top = argparse.ArgumentParser(prog="conductor", description="Runs the shop, in containers or as local processes.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--runtime", default=os.environ.get("RUNTIME") or "auto", choices=("local", "compose", "auto"))
    common.add_argument("--state", type=Path, default=ROOT / "run", help="pids, data and logs of what runs")
    common.add_argument("--logs", type=Path, help="telemetry and truth (logs/, or STATE/logs for another state folder)")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("setup", parents=[common], help="install and build what the shop needs")
    up = verbs.add_parser("up", parents=[common], help="start the shop and wait until it is healthy")
    up.add_argument("--services", type=_names, help="only these and what they depend on (a,b,c)")
    up.add_argument("--load", action="store_true", help="start the load generator, too")
    up.add_argument("--fresh", action="store_true", help="begin with new volumes")
    down = verbs.add_parser("down", parents=[common], help="stop everything in order")
    down.add_argument("--volumes", action="store_true", help="forget the data, too")
    undo = verbs.add_parser(
        "undo", parents=[common], help="take back what a killed conductor has left in the shop; up and down do it, too"
    )
    undo.add_argument("--held", action="store_true", help=argparse.SUPPRESS)  # the guard holds the state folder
    verbs.add_parser("status", parents=[common], help="say how every service is")
    logs = verbs.add_parser("logs", parents=[common], help="show a service's own output")
    logs.add_argument("service")
    logs.add_argument("--follow", action="store_true")
    run = verbs.add_parser(
        "run", parents=[common], help="start services, run a command with their addresses, stop them"
    )
    run.add_argument("--services", type=_names, required=True)
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    record = verbs.add_parser(
        "record",
        parents=[common],
        help="run the shop with visitors; leave telemetry and truth",
        epilog=RECORD_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    record.add_argument("--seed", type=int, default=7, help="decides who visits and what happens (7)")
    record.add_argument("--duration", type=_duration, default=600.0, help="90s, 10m, 2h (10m)")
    record.add_argument("--rate", type=float, default=60.0, help="mean requests a second (60)")
    record.add_argument("--curve", choices=("day", "flat"), default="day", help="the load over the run (day)")
    record.add_argument(
        "--scenarios",
        default="all",
        help="what may go wrong: all, none, or names such as cpu-hog,bad-deploy@subtle (all)",
    )
    record.add_argument("--case", metavar="NAME:fault|decoy|nothing[@SEVERITY]", help="one episode, or none, beside …")
    record.add_argument("--normal", type=_duration, default=240.0, help="… so much normal time (4m)")
    reference = verbs.add_parser(
        "reference",
        parents=[common],
        help="record many short cases, each with its own seed; goes on after any interruption",
        epilog=REFERENCE_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    reference.add_argument(
        "--cases",
        default="3",
        help="3 (faults of each scenario, one a severity), decoy*2,nothing*9,cpu-hog@subtle*2 … (3)",
    )
    reference.add_argument("--out", type=Path, default=ROOT / "data" / "reference", help="the set (data/reference)")
    reference.add_argument("--normal", type=_duration, default=240.0, help="normal time of a case (4m)")
    reference.add_argument("--seed", type=int, default=7, help="with a case's name decides its own seed (7)")
    reference.add_argument("--rate", type=float, default=60.0, help="mean requests a second (60)")
    reference.add_argument("--python", type=Path, required=True, help="the Python that has ocsfconv")
    measure = verbs.add_parser("measure", parents=[common], help="hold what was recorded against what was converted")
    measure.add_argument("--data", type=Path, default=ROOT / "data", help="where the Parquet files are (data/)")
    test = verbs.add_parser("test", parents=[common], help="run the services' own tests with real databases")
    test.add_argument("parts", nargs="*", help=f"some of {', '.join(testing.PARTS)}")
    return top


def _duration(text: str) -> float:
    try:
        return seconds(text if text[-1:].isalpha() else f"{text}s")
    except ConductorError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration such as 90s, 10m or 2h") from None


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb: 0 done, 1 failed, 2 could not begin, 130 interrupted."""
    options = parser().parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        return _run(options)
    except ConductorError as error:
        say(f"conductor: {error}")
        return error.code
    except KeyboardInterrupt:
        say("conductor: interrupted; nothing is left running")
        return INTERRUPTED


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _run(options: argparse.Namespace) -> int:
    runtime = open_runtime(options.runtime, options.state, options.logs)
    match options.verb:
        case "setup":
            runtime.setup()
        case "up":
            _up(runtime, options)
        case "down":
            _down(runtime, options.volumes)
        case "undo":
            return _undo(runtime, options.held)
        case "status":
            return _status(runtime)
        case "logs":
            _logs(runtime, options.service, options.follow)
        case "run":
            return _command(runtime, options)
        case "record":
            from conductor import dataset  # what it measures with takes half a second to load

            duration = options.normal if options.case else options.duration
            what = (options.rate, options.curve, options.scenarios, options.case)
            dataset.record(runtime, dataset.Asked(options.seed, duration, *what))
        case "reference":
            return _reference(options)
        case "measure":
            from conductor import dataset

            return dataset.measure(runtime.logs_folder, options.data)
        case "test":
            return testing.run(runtime, options.parts)
    return 0


def _up(runtime: Runtime, options: argparse.Namespace) -> None:
    began = time.monotonic()
    if not options.fresh:
        recovery.undo_before(runtime)
    if not options.fresh and not recovery.left(runtime) and _is_up(runtime, options):
        say("up: it is up already")
        _table(runtime)
        return
    runtime.setup(options.services)
    prepared = time.monotonic()
    with runtime:
        runtime.up(options.services, fresh=options.fresh)
        if options.fresh:
            recovery.forget(runtime)
        recovery.undo_after(runtime)
        if options.load:
            runtime.up([LOAD])
        runtime.detach()
    say(f"up: healthy after {time.monotonic() - prepared:.1f} s (set-up {prepared - began:.1f} s)")
    _table(runtime)


def _reference(options: argparse.Namespace) -> int:
    from conductor import cases, reference

    where = (options.runtime, options.state, options.out.resolve(), options.python.absolute())
    settings = reference.Settings(*where, options.normal, options.rate, options.seed)
    return reference.make(settings, cases.choose(options.cases, reference.scenario_names(), options.seed))


def _down(runtime: Runtime, volumes: bool) -> None:
    if volumes:
        runtime.down(volumes=True)
        recovery.forget(runtime)
    else:
        recovery.undo_and_stop(runtime)


def _undo(runtime: Runtime, held: bool) -> int:
    with nullcontext() if held else exclusive(runtime.state):
        faults = recovery.undo(runtime)
    for fault in faults:
        say(f"conductor: {fault}")
    return 1 if faults else 0


def _is_up(runtime: Runtime, options: argparse.Namespace) -> bool:
    wanted = closure(runtime.services, options.services or [name for name in runtime.services if name != LOAD])
    states = {one.service: one.state for one in runtime.status()}
    ready = {"healthy", "running", "done"}
    return all(states[name] in ready for name in [*wanted, *([LOAD] if options.load else [])])


def _status(runtime: Runtime) -> int:
    _table(runtime)
    return 0 if any(one.pid for one in runtime.status()) else 1


def _table(runtime: Runtime) -> None:
    rows = runtime.status()
    for one in rows:
        size = f"{one.memory / 1e6:.0f} MB" if one.memory else ""
        sys.stdout.write(f"{one.service:<18} {one.state:<10} {one.pid or '':>8} {one.address:<22} {size:>8}\n")
    total = sum(one.memory for one in rows)
    if total:
        sys.stdout.write(f"{'together':<61} {total / 1e6:>5.0f} MB\n")


def _logs(runtime: Runtime, service: str, follow: bool) -> None:
    paths = runtime.logs(service)
    if not paths:
        raise ConductorError(f"there is no output of {service!r} under {runtime.state}", 1)
    command = ["tail", "-n", "+1", *(["-F"] if follow else []), *map(str, paths)]
    subprocess.run(command, check=False)


def _command(runtime: Runtime, options: argparse.Namespace) -> int:
    command = [word for word in options.command if word != "--"]
    if not command:
        raise ConductorError("run: say which command, after --")
    with runtime:
        runtime.up(options.services)
        return subprocess.run(command, env={**os.environ, **runtime.environment()}, check=False).returncode
