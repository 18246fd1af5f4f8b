"""The parent's HTTP port: health and metrics of the whole worker."""

import json
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import redis
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from payment_worker.app import QUEUES
from payment_worker.settings import settings

Pids = Callable[[], list[int]]
SUMMED = ("process_cpu_seconds", "process_resident_memory_bytes", "process_virtual_memory_bytes", "process_open_fds")


class Processes(Collector):
    """The usual process series, added up over the parent and its pool."""

    def __init__(self, pids: Pids) -> None:
        self._pids = pids

    def collect(self) -> Iterable[Metric]:
        """Sum what adds up; start time and limits are the parent's."""
        families = {family.name: family for family in self._of("self")}
        for pid in self._pids():
            for family in self._of(str(pid)):
                if family.name in SUMMED and family.name in families:
                    total, part = families[family.name].samples[0], family.samples[0]
                    families[family.name].samples[0] = total._replace(value=total.value + part.value)
        return families.values()

    @staticmethod
    def _of(pid: str) -> Iterable[Metric]:
        return ProcessCollector(pid=lambda: pid, registry=None).collect()


class Queues(Collector):
    """Messages that nobody has taken yet."""

    def __init__(self, broker: "redis.Redis") -> None:
        self._broker = broker

    def collect(self) -> Iterable[Metric]:
        """Ask the broker; while it is away there is nothing to say."""
        family = GaugeMetricFamily("celery_queue_length", "Messages waiting in a queue", labels=["queue"])
        try:
            for queue in QUEUES:
                family.add_metric([queue], self._broker.llen(queue))
        except redis.RedisError:
            return []
        return [family]


class Admin:
    """Serves until the process ends; made once the pool has been forked."""

    def __init__(self, pids: Pids) -> None:
        config = settings()
        self._pids = pids
        self._broker = redis.Redis.from_url(config.broker_url, socket_timeout=1, socket_connect_timeout=1)
        self._registry = CollectorRegistry()
        MultiProcessCollector(self._registry, path=str(config.metrics_dir))
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._registry.register(Processes(pids))
        self._registry.register(Queues(self._broker))
        self.server = ThreadingHTTPServer((config.host, config.port), self._handler())
        self.server.daemon_threads = True

    def start(self) -> None:
        """Serve in a thread."""
        threading.Thread(target=self.server.serve_forever, name="admin", daemon=True).start()

    def health(self) -> tuple[HTTPStatus, dict[str, object]]:
        """Well means: the broker answers and the pool has processes."""
        try:
            self._broker.ping()
            broker = True
        except redis.RedisError:
            broker = False
        processes = len(self._pids())
        status = HTTPStatus.OK if broker and processes else HTTPStatus.SERVICE_UNAVAILABLE
        return status, {
            "status": "ok" if status is HTTPStatus.OK else "unavailable",
            "version": settings().version,
            "broker": broker,
            "processes": processes,
        }

    def metrics(self) -> bytes:
        """All series as text."""
        return generate_latest(self._registry)

    def _handler(admin) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/health":
                    status, body = admin.health()
                    self._answer(status, "application/json", json.dumps(body).encode())
                elif self.path == "/metrics":
                    self._answer(HTTPStatus.OK, CONTENT_TYPE_LATEST, admin.metrics())
                else:
                    self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"not found\n")

            def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Health checks and scrapes are not logged."""

        return Handler
