"""Structured logging: events with a name, a readable message and attributes."""

import logging
import os
from collections.abc import Mapping
from typing import Any

from flask import g, has_request_context

EVENT_NAME = "otel.event.name"  # becomes the record's event name
ACCESS = "web_api.access"


def event(
    logger: logging.Logger,
    name: str,
    message: str,
    *args: object,
    level: int = logging.INFO,
    attributes: Mapping[str, Any] | None = None,
) -> None:
    """Log one event; who asked and from where is added by `RequestContext`."""
    logger.log(level, message, *args, extra={EVENT_NAME: name, **(attributes or {})}, stacklevel=2)


class RequestContext(logging.Filter):
    """Adds the request's id and principal to every record that is written while a request is served."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Enrich, never drop."""
        if has_request_context() and (context := g.get("log_context")):
            record.__dict__.update(context)
        return True


def not_from_the_sdk(record: logging.LogRecord) -> bool:
    """Keep complaints about a missing Collector from becoming telemetry when it is back."""
    return not record.name.startswith("opentelemetry")


def setup() -> None:
    """Write to standard error for whoever runs the process; the access log goes by OTLP only."""
    console = logging.StreamHandler()
    console.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    console.addFilter(lambda record: record.name != ACCESS)
    root = logging.getLogger()
    root.addHandler(console)
    root.setLevel(os.environ.get("LOG_LEVEL", "INFO").upper())
    logging.getLogger("urllib3").setLevel(logging.ERROR)
