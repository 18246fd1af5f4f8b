from random import Random
from statistics import median

import pytest

from payment_provider.latency import LATENCIES, Clocks


def share_above(operation: str, seconds: float, n: int = 40_000) -> float:
    random = Random(1)
    return sum(LATENCIES[operation].draw(random) > seconds for _ in range(n)) / n


@pytest.mark.parametrize(("operation", "expected"), [("charge", 0.060), ("quote", 0.025)])
def test_the_median_is_what_callers_plan_with(operation: str, expected: float) -> None:
    random = Random(2)
    assert median(LATENCIES[operation].draw(random) for _ in range(10_000)) == pytest.approx(expected, rel=0.05)


def test_few_quotes_miss_the_callers_deadline() -> None:
    assert 0.045 < share_above("quote", 1.5) < 0.07


def test_few_charges_time_out_and_are_retried() -> None:
    assert 0.003 < share_above("charge", 2.5) < 0.006


def test_nothing_takes_longer_than_the_ceiling() -> None:
    assert share_above("charge", 8.0) == 0


def test_the_same_seed_gives_the_same_latencies() -> None:
    first, second, other = Clocks("7"), Clocks("7"), Clocks("8")
    second.draw("quote")  # another operation's traffic shifts nothing
    drawn = [first.draw("charge") for _ in range(5)]
    assert drawn == [second.draw("charge") for _ in range(5)]
    assert drawn != [other.draw("charge") for _ in range(5)]
