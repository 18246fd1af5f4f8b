"""OpenTelemetry: set up once in every worker, after the fork; nothing else in the service knows the SDK."""

import functools
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

from flask import Flask, has_request_context, request
from opentelemetry import trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from requests import PreparedRequest

from .config import VERSION
from .errors import Refusal
from .logs import RequestContext, not_from_the_sdk

FLUSH_SECONDS = 3.0
# Searched for in the whole URL.
UNTRACED = r"^https?://[^/]+/health$,^https?://[^/]+/metrics$"


class HashedOnce(Resource):
    """The exporter groups spans by their resource, and a resource serialises all its attributes to tell its hash."""

    @functools.cached_property
    def _hash(self) -> int:
        return super().__hash__()

    def __hash__(self) -> int:
        return self._hash


P = ParamSpec("P")
R = TypeVar("R")

_providers: list[TracerProvider | LoggerProvider] = []
_tracer = trace.get_tracer("web_api", VERSION)


def setup(spans: SpanProcessor | None = None, records: LogRecordProcessor | None = None) -> None:
    """Start the providers and instrument the libraries; to be called once in a process, before the app is made."""
    created = Resource.create({"service.version": VERSION})
    resource = HashedOnce(created.attributes, created.schema_url)
    tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
    tracers.add_span_processor(spans or BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(tracers)

    loggers = LoggerProvider(resource=resource, shutdown_on_exit=False)
    loggers.add_log_record_processor(records or BatchLogRecordProcessor(OTLPLogExporter()))
    set_logger_provider(loggers)
    handler = LoggingHandler(logger_provider=loggers)
    handler.addFilter(not_from_the_sdk)
    handler.addFilter(RequestContext())
    logging.getLogger().addHandler(handler)
    logging.getLogger("gunicorn.error").addHandler(handler)

    PsycopgInstrumentor().instrument()
    RedisInstrumentor().instrument()
    RequestsInstrumentor().instrument(request_hook=_name_client_span)
    CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]
    _providers[:] = [tracers, loggers]


def shutdown(grace: float = FLUSH_SECONDS) -> None:
    """Flush what is buffered, but never wait longer than `grace` for a Collector that is away."""
    deadline = time.monotonic() + grace
    threads = [threading.Thread(target=provider.shutdown, daemon=True) for provider in _providers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    _providers.clear()


def instrument_app(app: Flask) -> None:
    """Make a SERVER span of every request but health checks and scrapes."""
    FlaskInstrumentor().instrument_app(  # type: ignore[no-untyped-call]
        app, excluded_urls=UNTRACED, request_hook=_complete_server_span, enable_commenter=False
    )


def _complete_server_span(span: Span, environ: dict[str, Any]) -> None:
    if not span.is_recording():
        return
    if has_request_context() and request.url_rule is None:
        span.update_name(request.method)  # semconv: without a route the path must not be part of the name
    peer, port = environ.get("web_api.peer", (None, None))
    if peer:
        span.set_attribute("network.peer.address", peer)
        span.set_attribute("network.peer.port", int(port or 0))


def _name_client_span(span: Span, outgoing: PreparedRequest) -> None:
    """The paths called here are few and fixed, so they may name the span."""
    path = outgoing.path_url.partition("?")[0]
    span.update_name(f"{outgoing.method} {path}")
    span.set_attribute("url.template", path)


def traced(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Give a service function an INTERNAL span; a refusal (4xx) is an answer, not an error of the span."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        attributes = {"code.function.name": f"{function.__module__}.{function.__qualname__}"}

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            with _tracer.start_as_current_span(
                name,
                kind=SpanKind.INTERNAL,
                attributes=attributes,
                record_exception=False,
                set_status_on_exception=False,
            ) as span:
                try:
                    return function(*args, **kwargs)
                except Refusal as refusal:
                    span.set_attribute("error.type", refusal.code)
                    if refusal.status >= 500:
                        span.set_status(Status(StatusCode.ERROR, refusal.code))
                    raise
                except Exception as error:
                    span.record_exception(error)
                    span.set_attribute("error.type", type(error).__qualname__)
                    span.set_status(Status(StatusCode.ERROR, type(error).__qualname__))
                    raise

        return call

    return decorate


def end_producer(error: Exception) -> None:
    """End the span of a message that was not sent; the instrumentation ends it only after a success."""
    span = trace.get_current_span()
    if getattr(span, "kind", None) is SpanKind.PRODUCER:
        span.record_exception(error)
        span.set_status(Status(StatusCode.ERROR, type(error).__qualname__))
        span.end()


def annotate(attributes: Mapping[str, str | int | float | bool]) -> None:
    """Add attributes to the span at hand."""
    trace.get_current_span().set_attributes(attributes)
