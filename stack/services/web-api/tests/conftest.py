"""A shop with a few rows in a real PostgreSQL and a real Redis, and telemetry kept in memory."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from neighbours import Neighbours
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from psycopg.conninfo import conninfo_to_dict

os.environ["OTEL_SEMCONV_STABILITY_OPT_IN"] = "http,database"
SERVICE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SERVICE))

from web_api import create_app, logs, options, telemetry  # noqa: E402
from web_api.config import Config  # noqa: E402

ROLES = ("web_api", "auth_service", "payment_worker", "otel")
ROWS = """
INSERT INTO tenants VALUES (1, 'Northwind', 'northwind.example'), (2, 'Southwind', 'southwind.example');
INSERT INTO users (id, tenant_id, email, name, password_hash, roles) VALUES
  ('u1', 1, 'clara@northwind.example', 'Clara Klerk', '-', '{clerk}'),
  ('u9', 1, 'paul@northwind.example', 'Paul Partner', '-', '{partner}'),
  ('u100', 1, 'anna@northwind.example', 'Anna Adler', '-', '{customer}'),
  ('u101', 1, 'bela@northwind.example', 'Bela Bauer', '-', '{customer}');
INSERT INTO categories VALUES (1, 'tea', 'Tea'), (2, 'cups', 'Cups');
INSERT INTO products (sku, tenant_id, category_id, name, description, price_cents, weight_grams, popularity)
  SELECT 'P' || lpad(n::text, 5, '0'), 1 + n / 20, 1 + n % 2, 'Green tea ' || n, 'Fresh leaves', 100 * n, 250, 1.0 / n
  FROM generate_series(1, 30) n;
INSERT INTO stock SELECT sku, 10 FROM products;
INSERT INTO coupons VALUES ('SPRING', 10, now() + interval '1 day'), ('WINTER', 20, now() - interval '1 day');
INSERT INTO settings (key, value) VALUES ('catalog.page_size', '24'), ('cart.max_items', '50'),
  ('cache.product_ttl', '60'), ('search.min_length', '2'), ('quote.deadline_ms', '300');
INSERT INTO flags (key, enabled) VALUES ('related-products', true), ('review-prompts', false);
"""


def needed(name: str) -> str:
    if value := os.environ.get(name):
        return value
    pytest.fail(f"these tests need {name}; `make test-services` starts the servers and sets it", pytrace=False)


@pytest.fixture(scope="session")
def owner_url() -> Iterator[str]:
    """A database of its own, dropped at the end."""
    server, name = needed("DATABASE_URL"), f"web_api_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        for role in ROLES:
            exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
            if not exists:
                connection.execute(f"CREATE ROLE {role} LOGIN")
        connection.execute(f"CREATE DATABASE {name}")
        parts = conninfo_to_dict(server) | {"dbname": name}
        url = " ".join(f"{key}={value}" for key, value in parts.items())
        with psycopg.connect(url) as fresh:
            fresh.execute((SERVICE.parent.parent / "seed" / "schema.sql").read_text(encoding="utf-8"))
            fresh.execute(ROWS)
        yield url
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def memory() -> SimpleNamespace:
    logs.setup()
    spans, records = InMemorySpanExporter(), InMemoryLogRecordExporter()
    telemetry.setup(SimpleSpanProcessor(spans), SimpleLogRecordProcessor(records))
    return SimpleNamespace(spans=spans, records=records)


@pytest.fixture(scope="session")
def session_neighbours() -> Iterator[Neighbours]:
    neighbours = Neighbours()
    yield neighbours
    neighbours.close()


@pytest.fixture
def neighbours(session_neighbours: Neighbours) -> Iterator[Neighbours]:
    session_neighbours.asked.clear()
    answers = dict(session_neighbours.answers)
    yield session_neighbours
    session_neighbours.answers = answers


@pytest.fixture(scope="session")
def config(owner_url: str, session_neighbours: Neighbours) -> Config:
    own = conninfo_to_dict(needed("WEB_API_DATABASE_URL"))
    parts = conninfo_to_dict(owner_url) | {key: own[key] for key in ("user", "password")}
    store = needed("REDIS_URL").rpartition("/")[0] if needed("REDIS_URL").count("/") > 2 else needed("REDIS_URL")
    return Config(
        database_url=" ".join(f"{key}={value}" for key, value in parts.items()),
        redis_url=f"{store}/14",
        broker_url=f"{store}/15",
        auth_url=session_neighbours.url,
        provider_url=session_neighbours.url,
        trusted_proxies=("127.0.0.0/8",),
    )


@pytest.fixture(scope="session")
def app(config: Config, memory: SimpleNamespace) -> Iterator[Flask]:
    application = create_app(config)
    yield application
    application.extensions["stores"].pool.close()


@pytest.fixture
def owner(owner_url: str) -> Iterator[psycopg.Connection]:
    """The database as its owner sees it."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def broker(config: Config) -> Iterator["redis.Redis[str]"]:
    with redis.Redis.from_url(config.broker_url, decode_responses=True) as store:
        yield store


@pytest.fixture
def client(app: Flask, config: Config, memory: SimpleNamespace, neighbours: Neighbours, owner_url: str) -> FlaskClient:
    """A visitor of a shop in which nothing has happened yet."""
    for url in (config.redis_url, config.broker_url):
        with redis.Redis.from_url(url) as store:
            store.flushdb()
    with psycopg.connect(owner_url) as connection:
        connection.execute("TRUNCATE orders, order_items, reviews, wishlist, audit, exports RESTART IDENTITY CASCADE")
        connection.execute("UPDATE stock SET quantity = 10")
        connection.execute("UPDATE flags SET enabled = true WHERE key = 'related-products'")
    options.expire()
    memory.spans.clear()
    memory.records.clear()
    return app.test_client()
