"""What is kept in Redis for web-api; the keys are listed in docs/stack.md."""

from functools import cache

import redis

from payment_worker.settings import settings

HOUR = 3600


@cache
def store() -> "redis.Redis":
    """The client, made in the process that uses it."""
    return redis.Redis.from_url(
        settings().redis_url, socket_timeout=2, socket_connect_timeout=2, client_name="payment-worker"
    )
