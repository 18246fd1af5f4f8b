"""When what goes wrong: how many episodes and decoys a run holds, which, how long and when. Pure; a seed decides."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from math import log
from random import Random
from typing import Any

from load.itinerary import stream
from load.scenarios import RECOVER, SEVERITIES, Choice, Scenario, ScenarioError

LEAST = 300.0  # seconds: shorter runs hold only what is named
SHORT, LONG = 600.0, 7200.0  # the two lengths that numbers are given for; between them they follow a power of time
FEWEST, MOST = (2, 8), (3, 10)  # faults, and as many decoys
HOLD_LOW, HOLD_HIGH = (30.0, 60.0), (60.0, 240.0)  # seconds
SHARE = (0.27, 0.15)  # of the time that faults may take at most, and decoys as well
FULL = 0.72  # of the time that all may take together with their recovery
NAMED_SHARE, SHORTEST = 0.7, 20.0  # the same of what is named for a short run, and the least hold it may leave
CASE_HOLD = (60.0, 90.0)
EARLIEST = 0.25  # of a case's normal time that passes before its episode at least; where it stood must tell nothing
HANDOVER = 25.0  # seconds that a release of ordinary operation stays away from an episode of the same service
TRIES = 200


@dataclass
class Block:
    """An episode that has no time yet."""

    scenario: Scenario
    decoy: bool
    severity: str
    hold: float = 0.0

    @property
    def active(self) -> float:
        return self.scenario.ramp + self.hold

    @property
    def length(self) -> float:
        return self.active + self.scenario.recover

    def disturbs(self, service: str) -> bool:
        """A release of the service in the meantime would end it, or could not be told from it."""
        actions = self.scenario.side(self.decoy)["actions"]
        return service == self.scenario.facts["root"]["service"] or any(a["mechanism"] == "release" for a in actions)


def schedule(
    seed: int, duration: float, choices: Sequence[Choice], releases: Sequence[dict[str, Any]] = ()
) -> list[dict[str, Any]]:
    """The plan's episodes, ordered by start; times in seconds of the run.

    Raises:
        ScenarioError: what was named does not fit into the run.
    """
    r = stream(seed, 0, "episodes")
    once = [choice for choice in choices if choice.decoy is not None]
    pool = [choice for choice in choices if choice.decoy is None]
    if duration < LEAST:
        once += [choice for choice in pool if choice.named]
        pool = []
    blocks = _named(r, once, duration) if once else _drawn(r, pool, duration) if pool else []
    return [_episode(seed, n, at, block) for n, (at, block) in enumerate(_placed(r, blocks, duration, releases), 1)]


def case(seed: int, choice: Choice | None, normal: float) -> tuple[float, list[dict[str, Any]]]:
    """Duration and episodes of a short run of one fault, one decoy, or nothing, beside so much normal time."""
    r = stream(seed, 0, "episodes")
    hold, waited = round(r.uniform(*CASE_HOLD)), round(normal * r.uniform(EARLIEST, 1.0) - _edge(normal), 1)
    if choice is None:
        return float(round(normal + hold)), []
    block = Block(choice.scenario, bool(choice.decoy), choice.severity or r.choice(SEVERITIES), hold)
    return float(round(normal + block.length)), [_episode(seed, 1, max(waited, _edge(normal)), block)]


def clear(episodes: Sequence[dict[str, Any]]) -> list[tuple[str | None, float, float]]:
    """Service (None is any), begin and end of the times in which ordinary operation has no release of it."""
    kept = []
    for one in episodes:
        deploys = any(action["mechanism"] == "release" for action in one["actions"])
        end = one["start"] + one["ramp"] + one["hold"] + one["recover"]
        kept.append((None if deploys else one["root"]["service"], one["start"] - HANDOVER, end))
    return kept


def _drawn(r: Random, pool: Sequence[Choice], duration: float) -> list[Block]:
    """As many faults as the duration asks for and as many decoys, each scenario once before any comes again."""
    count = r.randint(round(_between(FEWEST, duration)), round(_between(MOST, duration)))
    faults, decoys = (list(_turns(r, pool, decoy, count)) for decoy in (False, True))
    low, high, share = (_between(ends, duration) for ends in (HOLD_LOW, HOLD_HIGH, SHARE))
    while True:
        for blocks in (faults, decoys):
            _hold(r, blocks, low, high, share * duration - sum(block.scenario.ramp for block in blocks))
        if sum(block.length for block in (*faults, *decoys)) <= FULL * duration or len(faults) == 1:
            return [*faults, *decoys]
        faults.pop()
        decoys.pop()


def _turns(r: Random, pool: Sequence[Choice], decoy: bool, count: int) -> Iterator[Block]:
    severities = r.sample(SEVERITIES, len(SEVERITIES))
    turns = cycle(r.sample(pool, len(pool)))
    for choice, severity in zip(islice(turns, count), cycle(severities), strict=False):
        yield Block(choice.scenario, decoy, choice.severity or severity)


def _named(r: Random, choices: Sequence[Choice], duration: float) -> list[Block]:
    blocks = [Block(one.scenario, bool(one.decoy), one.severity or r.choice(SEVERITIES)) for one in choices]
    around = sum(block.scenario.ramp + block.scenario.recover for block in blocks)
    budget = min(NAMED_SHARE * duration, duration - 2 * _edge(duration) - _gap(duration) * len(blocks)) - around
    if budget < SHORTEST * len(blocks):
        needed = (around + SHORTEST * len(blocks)) / NAMED_SHARE
        raise ScenarioError(
            f"{len(blocks)} episodes do not fit into {duration:g} s: let it last {needed:.0f} s or more"
        )
    _hold(r, blocks, SHORTEST, _between(HOLD_HIGH, duration), budget)
    return blocks


def _hold(r: Random, blocks: Sequence[Block], low: float, high: float, budget: float) -> None:
    """Draw how long each lasts; what is over the budget all give in proportion, down to the least."""
    drawn = [r.uniform(low, high) for _ in blocks]
    over = sum(drawn) - low * len(blocks)
    left = max(0.0, budget - low * len(blocks))
    part = min(1.0, left / over) if over > 0 else 0.0
    for block, hold in zip(blocks, drawn, strict=True):
        block.hold = round(low + (hold - low) * part, 1)


def _placed(
    r: Random, blocks: list[Block], duration: float, releases: Sequence[dict[str, Any]]
) -> list[tuple[float, Block]]:
    """Any order, any time: what is left of the run falls at random before, between and after them."""
    best: list[tuple[float, Block]] = []
    fewest = len(releases) * len(blocks) + 1
    for _ in range(TRIES):
        order = r.sample(blocks, len(blocks))
        edge, gap = _edge(duration), _gap(duration)
        spare = max(0.0, duration - 2 * edge - sum(block.length for block in order) - gap * (len(order) - 1))
        before = min(RECOVER, spare)  # as long as what follows the last one's end, so that they lie in the middle
        at, found = edge + before, []
        for block, moved in zip(order, sorted(r.uniform(0.0, spare - before) for _ in order), strict=True):
            found.append((round(at + moved, 1), block))
            at += block.length + gap
        clashes = sum(
            start - HANDOVER <= release["t"] <= start + block.length and block.disturbs(release["service"])
            for start, block in found
            for release in releases
        )
        if clashes < fewest:
            best, fewest = found, clashes
        if not clashes:
            break
    return best


def _episode(seed: int, number: int, start: float, block: Block) -> dict[str, Any]:
    scenario, facts, identity = block.scenario, block.scenario.facts, f"e{number}"
    rendered = scenario.render(stream(seed, 0, "episode", identity), block.severity, block.decoy)
    return {
        "id": identity,
        "scenario": scenario.name,
        "number": scenario.number,
        "decoy": block.decoy,
        "severity": block.severity,
        "class": facts["class"],
        "technique": None if block.decoy else facts["technique"],
        "root": facts["root"],
        "reach": facts["reach"],
        "hostwide": facts["hostwide"],
        "start": start,
        "ramp": scenario.ramp,
        "hold": block.hold,
        "recover": scenario.recover,
        **rendered,
    }


def _between(ends: tuple[float, float], duration: float) -> float:
    """What a run of this length has of something that is known of two lengths."""
    part = log(max(duration, LEAST) / SHORT) / log(LONG / SHORT)
    first, last = ends
    grows = last >= first and isinstance(first, int)  # numbers go on growing with the day, lengths and shares do not
    return first * (last / first) ** (part if grows else min(max(part, 0.0), 1.0))


def _edge(duration: float) -> float:
    return min(max(duration * 0.025, 5.0), 30.0)


def _gap(duration: float) -> float:
    return min(max(duration * 0.015, 5.0), 30.0)
