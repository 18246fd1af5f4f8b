from statistics import median

import pytest

from auth_gateway.shaping import Shaper, Shaping


def test_a_line_that_is_left_alone_holds_nothing() -> None:
    assert Shaper(Shaping(), 0.0).holds(5.0, 1_000_000, request=True) == 0


def test_delays_have_their_median_and_only_requests_have_them() -> None:
    shaper = Shaper(Shaping(delay_ms=80, sigma=0.5, seed=1), 0.0)
    drawn = [shaper.holds(1.0, 100, request=True) or 0.0 for _ in range(4000)]
    assert median(drawn) == pytest.approx(0.08, rel=0.05)
    assert max(drawn) > 0.2
    assert shaper.holds(1.0, 100, request=False) == 0


def test_the_same_seed_holds_the_same() -> None:
    shapers = [Shaper(Shaping(delay_ms=80, sigma=0.5, share=0.5, seed=seed), 0.0) for seed in (1, 1, 2)]
    first, second, other = ([shaper.holds(0.0, 1, request=True) for _ in range(20)] for shaper in shapers)
    assert first == second != other


def test_a_pause_begins_with_its_period() -> None:
    shaper = Shaper(Shaping(pause_s=2, pause_every_s=10), 100.0)
    assert shaper.holds(100.5, 1, request=True) == pytest.approx(1.5)
    assert shaper.holds(103.0, 1, request=True) == 0
    assert shaper.holds(110.0, 1, request=False) == pytest.approx(2.0)


def test_a_held_line_has_no_end_of_its_own() -> None:
    assert Shaper(Shaping(mode="hold"), 0.0).holds(1.0, 1, request=False) is None


@pytest.mark.parametrize("given", [None, [], {"pause_s": 3}, {"mode": 1}, {"delay_ms": float("inf")}])
def test_nonsense_is_no_shaping(given: object) -> None:
    with pytest.raises(ValueError, match=r"known|mode|numbers|share"):
        Shaping.of(given)
