"""Prometheus metrics. One worker, so the default registry with its process and GC series is enough."""

from collections.abc import Iterator
from typing import Any

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector
from psycopg import Connection
from psycopg_pool import ConnectionPool

REQUEST_SECONDS = Histogram(
    "http_server_request_duration_seconds",
    "Duration of HTTP server requests.",
    ("http_request_method", "http_route", "http_response_status_code"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
ACTIVE_REQUESTS = Gauge("http_server_active_requests", "Requests being served.")
CACHE_REQUESTS = Counter("cache_requests", "Look-ups in a cache.", ("cache", "result"))
ORDERS = Counter("orders", "Orders by outcome.", ("channel", "outcome"))
VERIFICATIONS = Counter("auth_verifications", "Credentials checked.", ("result",))
JOBS = Counter("jobs_enqueued", "Jobs handed to the queue.", ("task",))


Pool = ConnectionPool[Connection[dict[str, Any]]]


class PoolCollector(Collector):
    """Reads the connection pool's state when it is scraped."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Connections that are idle or used, and requests that wait for one."""
        stats = self._pool.get_stats()
        size, idle = stats.get("pool_size", 0), stats.get("pool_available", 0)
        family = GaugeMetricFamily("db_client_connections", "Pooled database connections.", labels=("state",))
        for state, value in {"idle": idle, "used": size - idle, "waiting": stats.get("requests_waiting", 0)}.items():
            family.add_metric((state,), value)
        yield family


def watch(pool: Pool) -> None:
    """Add the pool's state to what is scraped, in place of that of an earlier application."""
    if earlier := getattr(watch, "collector", None):
        REGISTRY.unregister(earlier)
    watch.collector = PoolCollector(pool)  # type: ignore[attr-defined]
    REGISTRY.register(watch.collector)  # type: ignore[attr-defined]
