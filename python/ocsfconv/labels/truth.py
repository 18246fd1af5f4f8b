"""What really happened, read from `logs/truth/`: the plan's episodes, when each was in effect, and what was late.

Times are Unix ns. Nothing here looks at the telemetry.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ocsfconv.labels.errors import LabelError

Json = dict[str, Any]
SECOND = 1_000_000_000
PHASES = ("ramp", "hold", "recover")
EXPOSURES = ("statements", "blocked", "host", "calls", "version", "actor")
ROLES = ("attacker", "decoy")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time, its end left out."""

    start: int
    end: int

    @property
    def seconds(self) -> float:
        """How long it is."""
        return max(0, self.end - self.start) / SECOND


@dataclass(frozen=True, slots=True)
class Actual:
    """When an episode was what, from the ledger."""

    start: int
    """The first action began."""
    hold: int
    """A probe had found all of it in effect; without such a probe, the planned ramp had passed."""
    undo: int
    """The first action began to be undone."""
    over: int
    """The last undo had ended, and the planned time of recovery had passed."""
    confirmed: bool
    """Probes found all of its actions in effect."""
    reset_confirmed: bool
    """A probe found every action gone."""

    def phase(self, name: str) -> Stretch:
        """The stretch of `ramp`, `hold` or `recover`."""
        edges = (self.start, self.hold, self.undo, self.over)
        index = PHASES.index(name)
        return Stretch(edges[index], edges[index + 1])


@dataclass(slots=True)
class Episode:
    """One planned episode, and what became of it."""

    index: int
    id: str
    scenario: str
    number: int
    decoy: bool
    severity: str
    group: str
    technique: str | None
    root_service: str
    root_resource: str
    planned: Stretch
    """From the beginning of the injection to that of its undo."""
    exposures: list[Json]
    footprint: list[Json]
    actual: Actual | None = None

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"{self.id} ({'decoy of ' if self.decoy else ''}{self.scenario})"


@dataclass(slots=True)
class Truth:
    """A run's truth. `late` is merged and in order; `actors` are rows of trace id, episode's index, role, time sent."""

    folder: Path
    seed: int
    run: Stretch
    episodes: list[Episode]
    late: list[Stretch]
    blocked: list[Json] = field(default_factory=list)
    actors: list[tuple[str, int, str, int]] = field(default_factory=list)


def truth_folder(logs: Path) -> Path:
    """The folder that holds `plan.json`: LOGS/truth, or LOGS itself.

    Raises:
        LabelError: neither has one.
    """
    for folder in (logs / "truth", logs):
        if (folder / "plan.json").is_file():
            return folder
    if not logs.exists():
        raise LabelError(f"no such directory: {logs}")
    raise LabelError(f"{logs} holds no truth/plan.json: give the folder that a recording left, e.g. logs")


def read_truth(logs: Path) -> Truth:
    """Read all of a run's truth.

    Raises:
        LabelError: a file is missing or broken, or two do not fit together.
    """
    folder = truth_folder(logs)
    plan_path, run_path = folder / "plan.json", folder / "run.json"
    plan, run = _read_json(plan_path), _read_json(run_path)
    seed, started = _get(plan, "seed", int, plan_path), _get(run, "started_ns", int, run_path)
    whole = Stretch(started, started + int(_get(run, "seconds", float, run_path) * SECOND))
    planned = _get(plan, "episodes", list, plan_path)
    episodes = [_episode(number, entry, started, plan_path) for number, entry in enumerate(planned)]
    if len({episode.id for episode in episodes}) < len(episodes):
        raise LabelError(f"{plan_path}: two episodes have the same id")
    known = {episode.id: episode for episode in episodes}
    _read_ledger(folder / "ledger.jsonl", known, planned, whole.end)
    truth = Truth(folder, seed, whole, episodes, _read_late(folder / "harness.jsonl"))
    kinds = {exposure["kind"] for episode in episodes for exposure in episode.exposures}
    truth.actors = list(_read_actors(folder / "actors.jsonl", known, needed="actor" in kinds))
    truth.blocked = list(_read_blocked(folder / "evidence.jsonl", known, needed="blocked" in kinds))
    return truth


def _episode(index: int, entry: Any, started: int, path: Path) -> Episode:
    where = f"{path}: episode {index + 1}"
    if not isinstance(entry, dict):
        raise LabelError(f"{where} is not an object")

    def get(key: str, kind: type) -> Any:
        return _get(entry, key, kind, where)

    root = get("root", dict)
    begin = started + int(get("start", float) * SECOND)
    exposure = entry.get("exposure")
    exposures = [] if exposure is None else exposure if isinstance(exposure, list) else [exposure]
    for one in exposures:
        if not isinstance(one, dict) or one.get("kind") not in EXPOSURES:
            told = one.get("kind") if isinstance(one, dict) else one
            raise LabelError(
                f"{where} ({entry.get('scenario')}): there is no exposure {told!r}; there are {', '.join(EXPOSURES)}"
            )
    return Episode(
        index=index,
        id=get("id", str),
        scenario=get("scenario", str),
        number=get("number", int),
        decoy=get("decoy", bool),
        severity=get("severity", str),
        group=get("class", str),
        technique=entry.get("technique"),
        root_service=_get(root, "service", str, f"{where}: root"),
        root_resource=_get(root, "resource", str, f"{where}: root"),
        planned=Stretch(begin, begin + int((get("ramp", float) + get("hold", float)) * SECOND)),
        exposures=exposures,
        footprint=entry.get("footprint") or [],
    )


def _read_ledger(path: Path, known: dict[str, Episode], planned: list[Json], end: int) -> None:
    """Fill in when each episode was in effect; `end` is that of the run, for what was never undone."""
    if known and not path.exists():
        raise LabelError(f"{path}: no such file, though the plan has {len(known)} episodes: was the recording stopped?")
    actions: dict[str, dict[str, list[Json]]] = {name: {} for name in known}
    for where, line in _read_lines(path):
        params = line.get("params")
        name = params.get("episode") if isinstance(params, dict) else None
        if name is None:
            continue
        if name not in known:
            raise LabelError(f"{where}: episode {name!r} is not in the plan: plan and ledger are of different runs")
        _get(line, "utc_ns", int, where)
        actions[name].setdefault(_get(line, "id", str, where), []).append(line)
    for name, episode in known.items():
        if actions[name]:
            episode.actual = _actual(list(actions[name].values()), planned[episode.index], end)


def _actual(actions: list[list[Json]], entry: Json, end: int) -> Actual:
    finished = [[line for line in lines if line.get("event") == "finished"] for lines in actions]
    done = [lines[-1] for lines in finished if lines]
    begun = min(line["utc_ns"] for lines in actions for line in lines)
    effects = [at for line in done if isinstance(at := line["params"].get("in_effect_ns"), int)]
    undone = [line["params"].get("undo_began_ns") or line["utc_ns"] for line in done]
    is_open = len(done) < len(actions)
    undo = min([*undone, *([end] if is_open else [])])
    over = max([*(line["utc_ns"] for line in done), *([end] if is_open else [])])
    hold = max(effects) if effects else begun + int(entry["ramp"] * SECOND)
    return Actual(
        start=begun,
        hold=min(hold, undo),
        undo=undo,
        over=over + int((entry.get("recover") or 0) * SECOND),
        confirmed=len(effects) == max(len(actions), len(entry.get("actions") or [])),
        reset_confirmed=not is_open and all(line.get("reset_confirmed") is True for line in done),
    )


def _read_late(path: Path) -> list[Stretch]:
    """Each sample stands for the time since the one before; the first for the second before it."""
    late: list[Stretch] = []
    before: int | None = None
    for where, line in _read_lines(path, needed=True):
        at = _get(line, "utc_ns", int, where)
        if line.get("late"):
            late.append(Stretch(at - SECOND if before is None else before, at))
        before = at
    return merged(late)


def _read_actors(path: Path, known: dict[str, Episode], *, needed: bool) -> Iterator[tuple[str, int, str, int]]:
    for where, line in _read_lines(path, needed=needed):
        name, role = _get(line, "episode", str, where), _get(line, "role", str, where)
        if name not in known:
            raise LabelError(f"{where}: episode {name!r} is not in the plan: plan and actors are of different runs")
        if role not in ROLES:
            raise LabelError(f"{where}: role {role!r} is neither attacker nor decoy")
        if known[name].decoy != (role == "decoy"):
            raise LabelError(f"{where}: an actor of role {role} in {known[name].name}")
        yield _get(line, "trace_id", str, where), known[name].index, role, _get(line, "sent_ns", int, where)


def _read_blocked(path: Path, known: dict[str, Episode], *, needed: bool) -> Iterator[Json]:
    """Lines `blocked`, with the episode's index; other kinds serve people."""
    for where, line in _read_lines(path, needed=needed):
        if _get(line, "kind", str, where) != "blocked":
            continue
        name = line.get("episode")
        if name not in known:
            continue
        yield {
            "episode": known[name].index,
            "statement": _get(line, "statement", str, where),
            "since": _get(line, "since_ns", int, where),
            "until": _get(line, "until_ns", int, where),
        }


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same time as stretches that neither touch nor overlap, in order."""
    found: list[Stretch] = []
    for one in sorted(stretches, key=lambda stretch: stretch.start):
        if found and one.start <= found[-1].end:
            found[-1] = Stretch(found[-1].start, max(found[-1].end, one.end))
        else:
            found.append(one)
    return found


def _read_json(path: Path) -> Json:
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise LabelError(f"{path}: no such file; a recording leaves it: make dataset") from error
    except ValueError as error:
        raise LabelError(f"{path}: {_cause(error)}; record the run again, or take its truth from a copy") from error
    if not isinstance(data, dict):
        raise LabelError(f"{path} holds no JSON object")
    return data


def _read_lines(path: Path, *, needed: bool = False) -> Iterator[tuple[str, Json]]:
    """Each line's place and object; a file that is not `needed` may be missing."""
    if not path.exists() and not needed:
        return
    try:
        with path.open("rb") as file:
            for number, text in enumerate(file, 1):
                where = f"{path}:{number}"
                try:
                    line = json.loads(text)
                except ValueError as error:
                    cut = "" if text.endswith(b"\n") else ", cut off at the end of the file"
                    raise LabelError(f"{where}: {_cause(error)}{cut}") from error
                if not isinstance(line, dict):
                    raise LabelError(f"{where}: not a JSON object")
                yield where, line
    except FileNotFoundError as error:
        raise LabelError(f"{path}: no such file; a recording leaves it: make dataset") from error


def _cause(error: ValueError) -> str:
    return (
        f"not JSON ({error.msg} at character {error.pos + 1})"
        if isinstance(error, json.JSONDecodeError)
        else "not text"
    )


KINDS: dict[type, tuple[str, Callable[[Any], bool]]] = {
    str: ("text", lambda value: isinstance(value, str)),
    int: ("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    float: ("a number", lambda value: isinstance(value, int | float) and not isinstance(value, bool)),
    bool: ("true or false", lambda value: isinstance(value, bool)),
    list: ("a list", lambda value: isinstance(value, list)),
    dict: ("an object", lambda value: isinstance(value, dict)),
}


def _get(data: Json, key: str, kind: type, where: Path | str) -> Any:
    """The value of a key, which must be there and of its kind."""
    said, fits = KINDS[kind]
    if key not in data:
        raise LabelError(f"{where}: {key!r} is missing")
    if not fits(data[key]):
        raise LabelError(f"{where}: {key!r} is {data[key]!r}, not {said}")
    return data[key]
