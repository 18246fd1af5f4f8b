"""The tables are what they say: probabilities add up, and every name leads somewhere."""

import pytest

from load import crowd, tables
from load.backoffice import SCREENS as BACK_OFFICE
from load.screens import SCREENS

ROWS = [(audience, name, row) for audience, rows in tables.WAYS.items() for name, row in rows.items()]


@pytest.mark.parametrize(("audience", "name", "row"), ROWS, ids=[f"{a}-{n}" for a, n, _ in ROWS])
def test_a_row_adds_up_and_leads_to_rows(audience: str, name: str, row: dict[str, float]) -> None:
    assert sum(row.values()) == pytest.approx(1.0)
    for following in row:
        assert following == "out" or following in tables.WAYS[audience]
        assert following == "out" or following in SCREENS or following in BACK_OFFICE


@pytest.mark.parametrize("table", [tables.KINDS], ids=["kinds"])
def test_shares_add_up(table: dict[str, float]) -> None:
    assert sum(table.values()) == pytest.approx(1.0)


def test_probabilities_are_probabilities() -> None:
    for table in (tables.CALLS, tables.MISTAKES, tables.SIGNED_IN, tables.KNOWN_GUEST):
        assert all(0 < value < 1 for value in table.values())


def test_the_day_has_the_published_shape() -> None:
    mean = sum(tables.DAY) / len(tables.DAY)
    assert mean == pytest.approx(1.0, abs=0.01)
    assert 3 <= max(tables.DAY) / min(tables.DAY) <= 4
    assert 1.6 <= max(tables.DAY) / mean <= 1.7


def test_agents_are_as_many_as_a_shop_sees_and_say_nothing_else() -> None:
    agents = {*crowd.BROWSERS, *crowd.APPS, *crowd.PROGRAMS}
    assert 30 <= len(agents) <= 80
    words = ("test", "locust", "synthetic", "demo", "fake", "simulat", "chaos", "gevent")
    assert not [agent for agent in agents for word in words if word in agent.lower()]
