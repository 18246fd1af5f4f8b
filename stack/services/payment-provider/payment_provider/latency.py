"""How long the networks behind an operation take: a log-normal body and a Pareto tail."""

import math
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds. A share of `tail_share` follows a Pareto law that begins at `tail_from`."""

    median: float
    sigma: float
    tail_share: float = 0.0
    tail_from: float = 1.0
    tail_alpha: float = 1.2
    ceiling: float = 8.0

    def draw(self, random: Random) -> float:
        """Take one value in seconds."""
        if random.random() < self.tail_share:
            return min(self.tail_from * random.paretovariate(self.tail_alpha), self.ceiling)
        return min(random.lognormvariate(math.log(self.median), self.sigma), self.ceiling)


# Beyond 1.5 s: 6 % of the quotes, for carriers are asked. Beyond 2.5 s: 0.4 % of the charges.
LATENCIES = {
    "charge": Latency(median=0.060, sigma=0.40, tail_share=0.032, tail_from=0.5, tail_alpha=1.3),
    "refund": Latency(median=0.080, sigma=0.40, tail_share=0.020, tail_from=0.5, tail_alpha=1.3),
    "quote": Latency(median=0.0232, sigma=0.45, tail_share=0.12, tail_from=0.6, tail_alpha=0.8),
    "replay": Latency(median=0.008, sigma=0.30),
}


class Clocks:
    """One stream of latencies an operation, so that one's traffic does not shift another's."""

    def __init__(self, seed: str) -> None:
        self._streams = {operation: Random(f"{seed}/{operation}") for operation in LATENCIES}

    def draw(self, operation: str) -> float:
        """Seconds that this call of the operation takes."""
        return LATENCIES[operation].draw(self._streams[operation])
