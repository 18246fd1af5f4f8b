"""What scenarios do to PostgreSQL, Redis and the host, each alone: in effect, undone, and all as it was before."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from random import Random

import psycopg
import pytest
import redis

from conductor.episodes import asked
from conductor.guard import Guard
from conductor.mechanisms import Context, mechanism
from load.scenarios import SEVERITIES, load_all

ALONE = {"sql", "session", "redis", "process"}  # the others need the whole shop
ACTIONS = [
    (name, role, number)
    for name, scenario in load_all().items()
    for role in ("fault", "decoy")
    for number, action in enumerate(scenario.side(role == "decoy")["actions"])
    if action["mechanism"] in ALONE
]
SCHEMA = """
SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' UNION ALL
SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace UNION ALL
SELECT format('%s %s %s %s', table_name, column_name, data_type, column_default) FROM information_schema.columns
    WHERE table_schema = 'public' UNION ALL
SELECT unnest(setconfig) FROM pg_db_role_setting UNION ALL
SELECT name || setting FROM pg_settings WHERE context <> 'internal' AND pending_restart = false
ORDER BY 1
"""
COUNTS = [
    f"SELECT count(*), coalesce(sum(hashtext(t::text)::bigint), 0) FROM {table} t"
    for table in ("orders", "order_items", "products", "stock", "reviews")
]
CACHED = ("product:P00001", "listing:None:popular:24:1", "suggest:abc", "categories", "popular")
KEPT = ("cart:1", "card:100001", "verified:abc", "recent:u100", "auth:failures:u100")


class Shop:
    kind = "local"

    def __init__(self, state: Path) -> None:
        self.state = state

    @cached_property
    def guard(self) -> Guard:
        return Guard(self.state)

    def environment(self) -> dict[str, str]:
        return {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}


@pytest.fixture
def context(tmp_path):
    shop = Shop(tmp_path)
    yield Context(shop, "e1", 7)
    if "guard" in vars(shop):
        shop.guard.release()


@pytest.fixture
def owner():
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        yield connection


@pytest.fixture
def store():
    with redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True) as client:
        client.mset(dict.fromkeys((*CACHED, *KEPT), "1"))
        yield client
        client.delete(*CACHED, *KEPT)


def everything(owner: psycopg.Connection) -> list:
    return [owner.execute(query).fetchall() for query in (SCHEMA, *COUNTS)]


@pytest.mark.parametrize("role", ["fault", "decoy"])
@pytest.mark.parametrize("name", load_all())
def test_every_action_is_one_that_a_mechanism_takes(name, role):
    for severity in SEVERITIES:
        for action in load_all()[name].render(Random(7), severity, role == "decoy")["actions"]:
            # The plan says which release a change is.
            planned = {"service": "web-api", "from": "1.0.0", "to": "1.0.1"} if "change" in action else {}
            arguments = planned | {key: value for key, value in action.items() if key != "mechanism"}
            found = mechanism(action["mechanism"])
            try:
                assert found.target(arguments) and found.command(arguments)[0]
            except KeyError as error:
                pytest.fail(f"{name}.yaml: {role}, {severity}: {action['mechanism']} needs {error}")


@pytest.mark.parametrize(("name", "role", "number"), ACTIONS, ids=lambda value: str(value))
def test_an_action_is_in_effect_until_it_is_undone(name, role, number, context, owner, store):
    scenario = load_all()[name]
    rendered = scenario.render(Random(7), "medium", role == "decoy")["actions"][number]
    arguments = {key: value for key, value in rendered.items() if key != "mechanism"}
    found = mechanism(rendered["mechanism"])
    before = everything(owner)
    undo = found.prepare(arguments, context)
    try:
        found.begin(arguments, context)
        assert asked(lambda: found.in_effect(arguments, context), 15)
    finally:
        found.undo(undo, context)
    assert asked(lambda: found.undone(undo, context), 10)
    for now, then in zip(everything(owner), before, strict=True):
        assert set(now) ^ set(then) == set()
    assert store.mget(KEPT) == ["1"] * len(KEPT), "only what is cached may go"


@pytest.mark.parametrize("name", ["missing-index"])
def test_what_a_killed_conductor_left_half_done_is_undone(name, context, owner):
    scenario = load_all()[name]
    rendered = scenario.render(Random(7), "subtle", decoy=False)["actions"][0]
    before = everything(owner)
    for done in range(len(rendered["statements"]) + 1):
        found = mechanism("sql")
        undo = found.prepare(rendered, context)
        with suppress(psycopg.Error):
            found.begin({**rendered, "statements": rendered["statements"][:done]}, context)
        for _ in range(2):
            found.undo(undo, Context(context.runtime, "e1"))
        assert asked(partial(found.undone, undo, context), 10), rendered["statements"][:done]
        assert everything(owner) == before
