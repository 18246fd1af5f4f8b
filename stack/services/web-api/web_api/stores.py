"""PostgreSQL, Redis and the neighbours' HTTP APIs, as the application at hand has them."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import redis
import requests
from flask import current_app
from psycopg import Connection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool
from redis.exceptions import RedisError
from requests.adapters import HTTPAdapter

from .config import Config
from .logs import event
from .metrics import CACHE_REQUESTS

log = logging.getLogger(__name__)

POOL_SIZE = 12
POOL_WAIT_SECONDS = 2.0
THREADS = 10
# Of every connection: no page may hold a server process longer, no order waits longer for a row.
STATEMENT_TIMEOUT_MS = 2000
LOCK_TIMEOUT_MS = 600

Pool = ConnectionPool[Connection[DictRow]]


@dataclass(frozen=True, slots=True)
class Stores:
    """What the service functions talk to."""

    pool: Pool
    redis: redis.Redis
    http: requests.Session
    config: Config


def connect(config: Config) -> Stores:
    """Make the clients; the pool opens in the background, so that a slow database does not keep the service down."""
    pool = ConnectionPool(
        config.database_url,
        connection_class=Connection[DictRow],
        kwargs={
            "autocommit": True,
            "row_factory": dict_row,
            "application_name": "web-api",
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS}",
            "connect_timeout": 3,
        },
        min_size=4,
        max_size=POOL_SIZE,
        timeout=POOL_WAIT_SECONDS,
        open=True,
        name="web-api",
    )
    client = redis.Redis.from_url(
        config.redis_url, decode_responses=True, socket_timeout=1.0, socket_connect_timeout=0.5
    )
    session = requests.Session()
    session.trust_env = False  # neighbours are never behind a proxy, and looking for one costs time
    session.headers["User-Agent"] = "web-api"
    session.mount("http://", HTTPAdapter(pool_connections=4, pool_maxsize=THREADS))
    event(
        log,
        "database.pool.opened",
        "database pool opened with at most %d connections",
        POOL_SIZE,
        attributes={"db.client.connection.max": POOL_SIZE},
    )
    return Stores(pool, client, session, config)


def stores() -> Stores:
    """The clients of the current application."""
    return cast(Stores, current_app.extensions["stores"])


def rows(sql: str, *parameters: Any) -> list[DictRow]:
    """Run one statement and fetch all its rows."""
    with stores().pool.connection() as connection:
        return connection.execute(sql, parameters).fetchall()


def row(sql: str, *parameters: Any) -> DictRow | None:
    """Run one statement and fetch its only row."""
    with stores().pool.connection() as connection:
        return connection.execute(sql, parameters).fetchone()


def execute(sql: str, *parameters: Any) -> int:
    """Run one statement and tell how many rows it touched."""
    with stores().pool.connection() as connection:
        return connection.execute(sql, parameters).rowcount


def cached(cache: str, key: str, seconds: int, load: Callable[[], Any]) -> Any:
    """A value from the cache, else loaded and kept. Without Redis the shop is slower, not down."""
    client = stores().redis
    try:
        if (text := client.get(key)) is not None:
            CACHE_REQUESTS.labels(cache, "hit").inc()
            return json.loads(cast(str, text))
    except RedisError as error:
        CACHE_REQUESTS.labels(cache, "error").inc()
        event(
            log,
            "cache.unavailable",
            "cache %s not readable: %s",
            cache,
            type(error).__name__,
            level=logging.WARNING,
            attributes={"cache.name": cache, "error.type": type(error).__name__},
        )
        return load()
    CACHE_REQUESTS.labels(cache, "miss").inc()
    value = load()
    if value is not None:
        keep(cache, key, seconds, value)
    return value


def keep(cache: str, key: str, seconds: int, value: Any) -> None:
    """Put a value into the cache; a failure costs only the next look-up."""
    try:
        stores().redis.set(key, json.dumps(value, default=str), ex=seconds)
    except RedisError as error:
        event(
            log,
            "cache.write.failed",
            "cache %s not writable: %s",
            cache,
            type(error).__name__,
            level=logging.WARNING,
            attributes={"cache.name": cache, "error.type": type(error).__name__},
        )


def forget(*keys: str) -> None:
    """Drop cached values that a change has made stale; a failure leaves them to their time to live."""
    try:
        stores().redis.delete(*keys)
    except RedisError as error:
        event(
            log,
            "cache.invalidation.failed",
            "%d cached values not dropped: %s",
            len(keys),
            type(error).__name__,
            level=logging.WARNING,
            attributes={"error.type": type(error).__name__},
        )
