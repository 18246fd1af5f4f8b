"""What an operator can make of the line, and for how long it holds a segment then."""

import math
from dataclasses import asdict, dataclass, fields
from random import Random
from typing import Any

MODES = ("forward", "hold", "refuse")
NEVER = math.inf


@dataclass(frozen=True, slots=True)
class Shaping:
    """As it is by default the line is left alone.

    A `share` of the requests' segments waits for a log-normal time of this median and sigma of the logarithm;
    `bytes_per_second` limits either direction; within every `pause_every_s` nothing passes for the first `pause_s`.
    Mode `hold` lets nothing pass and keeps connections open, `refuse` ends them and takes no new ones.
    """

    mode: str = "forward"
    delay_ms: float = 0.0
    sigma: float = 0.0
    share: float = 1.0
    bytes_per_second: float = 0.0
    pause_s: float = 0.0
    pause_every_s: float = 0.0
    seed: int = 0

    @classmethod
    def of(cls, given: Any) -> "Shaping":
        """Read JSON; whatever it does not name has its default.

        Raises:
            ValueError: an unknown name, or a value that is none.
        """
        known = {field.name for field in fields(cls)}
        if not isinstance(given, dict) or not set(given) <= known:
            raise ValueError(f"known are {', '.join(sorted(known))}")
        shaping = cls(**given)
        if shaping.mode not in MODES:
            raise ValueError(f"mode is one of {', '.join(MODES)}")
        numbers = {name: value for name, value in asdict(shaping).items() if name != "mode"}
        if not all(isinstance(value, int | float) and 0 <= value < NEVER for value in numbers.values()):
            raise ValueError("numbers are not negative")
        if shaping.share > 1 or shaping.pause_s > shaping.pause_every_s:
            raise ValueError("a share is at most 1, a pause no longer than its period")
        return shaping

    @property
    def neutral(self) -> bool:
        """Say whether it changes nothing."""
        return self.mode == "forward" and not (self.delay_ms or self.bytes_per_second or self.pause_s)


class Shaper:
    """A shaping at work, from the moment it was set."""

    def __init__(self, shaping: Shaping, now: float) -> None:
        self.shaping = shaping
        self._since = self._free = now
        self._random = Random(shaping.seed)

    def holds(self, now: float, size: int, *, request: bool) -> float | None:
        """Say for how many seconds a segment of `size` bytes is held from `now` on; None is until all is different."""
        shaping = self.shaping
        if shaping.neutral:
            return 0.0
        if shaping.mode != "forward":
            return None
        held = 0.0
        if shaping.bytes_per_second:  # all share the line
            self._free = max(self._free, now) + size / shaping.bytes_per_second
            held = self._free - now
        if request and shaping.delay_ms and self._random.random() < shaping.share:
            held += shaping.delay_ms / 1000 * self._random.lognormvariate(0.0, shaping.sigma)
        if shaping.pause_s:
            phase = (now + held - self._since) % shaping.pause_every_s
            held += max(0.0, shaping.pause_s - phase)
        return held
