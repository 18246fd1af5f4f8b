"""Ten minutes at the default rate, before anything is sent: what the realism report will judge."""

from typing import Any

import pytest

from load.expect import expectations
from load.plan import compile_plan


@pytest.fixture(scope="module", params=[7, 20])
def expected(request: pytest.FixtureRequest) -> dict[str, Any]:
    return expectations(compile_plan(request.param, 600, 60))


BANDS = {
    "requests_per_second": (58.5, 61.5),
    "peak_10_s": (85, 140),
    "pages_median": (5, 8),
    "live_sessions_peak": (150, 700),
    "iat_cv": (1.2, 3.0),
    "dispersion_1_s": (1.5, 30),
    "dispersion_10_s": (1.5, 200),
    "routes": (40, 70),
    "top_10_routes_percent": (58, 85),
    "top_tenth_of_items_percent": (50, 80),
    "urls": (10_000, 30_000),
    "addresses": (800, 3000),
    "networks": (20, 60),
    "agents": (30, 80),
    "people": (400, 2400),
    "client_errors_percent": (1.0, 4.0),
    "hang_ups_percent": (0.03, 0.5),
    "password_percent": (0.2, 1.5),
    "login_failures_percent": (2, 8),
    "jobs_percent": (6, 9),
}


@pytest.mark.parametrize("name", BANDS)
def test_is_in_its_band(expected: dict[str, Any], name: str) -> None:
    low, high = BANDS[name]
    assert low <= expected[name] <= high


def test_popularity_follows_zipf() -> None:
    """The exponent by maximum likelihood over many draws."""
    from collections import Counter
    from math import log

    from load.itinerary import stream
    from load.products import zipf_product
    from seed.catalogue import PRODUCTS, by_popularity

    ranks = {number: rank for rank, number in enumerate(by_popularity(), start=1)}
    r = stream(1, 1)
    drawn = Counter(ranks[zipf_product(r).number] for _ in range(20_000))

    def likelihood(s: float) -> float:
        norm = log(sum(k**-s for k in range(1, PRODUCTS + 1)))
        return sum(n * (-s * log(k) - norm) for k, n in drawn.items())

    best = max((0.80 + i / 100 for i in range(31)), key=likelihood)
    assert best == pytest.approx(0.95, abs=0.03)
