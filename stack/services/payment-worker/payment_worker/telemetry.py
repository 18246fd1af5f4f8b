"""The OpenTelemetry SDK of one process: made after the fork, flushed within a limit at its end."""

import logging
import threading
import time
from collections.abc import Callable

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span
from requests import PreparedRequest

from payment_worker.settings import settings

FLUSH_SECONDS = 1.2  # the processes of the pool first, then their parent: together within 3 s


class Exported(logging.Filter):
    """Which records leave by OTLP, and in what shape."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the SDK's own complaints at home; turn Celery's bundle of a failed task into attributes."""
        if record.name.startswith("opentelemetry"):
            return False
        if isinstance(data := record.__dict__.pop("data", None), dict):
            record.__dict__["celery.task_name"] = data.get("name")
            record.__dict__["messaging.message.id"] = data.get("id")
        return True


class Telemetry:
    """Providers of this process."""

    def __init__(self) -> None:
        self._shutdowns: list[Callable[[], None]] = []

    def start(self, *, traces: bool) -> None:
        """Export logs, and spans too where work is done; replaces what a fork brought along."""
        self._shutdowns.clear()
        resource = Resource.create({"service.version": settings().version})
        self._start_logs(resource)
        if traces:
            self._start_traces(resource)

    def _start_logs(self, resource: Resource) -> None:
        provider = LoggerProvider(resource=resource, shutdown_on_exit=False)
        provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
        handler = LoggingHandler(logger_provider=provider)
        handler.addFilter(Exported())
        root = logging.getLogger()
        root.handlers = [other for other in root.handlers if not isinstance(other, LoggingHandler)]
        root.addHandler(handler)
        self._shutdowns.append(provider.shutdown)

    def _start_traces(self, resource: Resource) -> None:
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(provider)
        CeleryInstrumentor().instrument()
        PsycopgInstrumentor().instrument()
        RequestsInstrumentor().instrument(request_hook=_name_by_path)
        self._shutdowns.append(provider.shutdown)

    def stop(self, seconds: float = FLUSH_SECONDS) -> None:
        """Send what is left; a Collector that is away holds nobody up for longer than `seconds`."""
        deadline = time.monotonic() + seconds
        threads = [threading.Thread(target=shutdown, daemon=True) for shutdown in self._shutdowns]
        self._shutdowns = []
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))


def _name_by_path(span: Span, request: PreparedRequest) -> None:
    """The provider's paths have no ids in them."""
    span.update_name(f"{request.method} {request.path_url}")


telemetry = Telemetry()


def configure_console() -> None:
    """Send all records to standard error; Celery's line for each received and finished task adds nothing."""
    logging.basicConfig(
        level=settings().log_level, format="%(asctime)s %(levelname)s [%(process)d] %(name)s: %(message)s", force=True
    )
    for name in ("celery.app.trace", "celery.worker.strategy", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
