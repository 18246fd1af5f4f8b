import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT.parents[1] / "seed" / "schema.sql"
NEEDED = ("DATABASE_URL", "REDIS_URL")

if missing := [name for name in NEEDED if not os.environ.get(name)]:
    pytest.exit(f"set {' and '.join(missing)} to a PostgreSQL (as its owner) and a Redis that these tests may fill", 2)

OWNER_URL = os.environ["DATABASE_URL"]
DATABASE = f"payment_worker_{os.getpid()}"


def _with_path(url: str, path: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=path))


# The packages read the environment and VERSION when they are imported.
os.chdir(ROOT)
sys.path[:0] = [str(ROOT), str(ROOT.parent / "payment-provider"), str(Path(__file__).parent)]
os.environ.update(
    DATABASE_URL=_with_path(OWNER_URL, f"/{DATABASE}"),
    REDIS_URL=_with_path(os.environ["REDIS_URL"], "/2"),
    BROKER_URL=_with_path(os.environ["REDIS_URL"], "/3"),
)

import psycopg  # noqa: E402
import redis  # noqa: E402
from running import PROVIDER_ROOT, Provider, Shop  # noqa: E402


@pytest.fixture(scope="session")
def owner() -> Iterator["psycopg.Connection[Any]"]:
    """A database of these tests' own; the code under test uses it in its own role, with that role's rights."""
    with psycopg.connect(OWNER_URL, autocommit=True) as admin:
        for role in ("web_api", "auth_service", "payment_worker", "otel"):
            if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
                admin.execute(f"CREATE ROLE {role} LOGIN")
        admin.execute(f"CREATE DATABASE {DATABASE}")
        try:
            with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
                connection.execute(SCHEMA.read_text(encoding="utf-8"))
                admin.execute(f"ALTER DATABASE {DATABASE} SET role = 'payment_worker'")
                yield connection
        finally:
            admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


@pytest.fixture
def shop(owner: "psycopg.Connection[Any]") -> Iterator[Shop]:
    owner.execute("TRUNCATE tenants, categories, exports CASCADE")
    owner.execute("INSERT INTO tenants VALUES (1, 'Hearth', 'hearth.example'), (2, 'Loft', 'loft.example')")
    owner.execute("INSERT INTO categories VALUES (1, 'lamps', 'Lamps')")
    owner.execute(
        "INSERT INTO users (id, tenant_id, email, name, password_hash) VALUES ('u1001', 1, 'a@b.c', 'Ann', '')"
    )
    for number in range(1, 6):
        owner.execute(
            "INSERT INTO products (sku, tenant_id, category_id, name, description, price_cents, weight_grams)"
            " VALUES (%s, 1, 1, 'Lamp', 'A lamp', 700, 900)",
            (f"P0000{number}",),
        )
    owner.execute("INSERT INTO stock SELECT sku, 10 FROM products")
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as store:
        store.flushdb()
        yield Shop(owner, store)


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    started = Provider(PROVIDER_ROOT)
    yield started
    started.stop()
