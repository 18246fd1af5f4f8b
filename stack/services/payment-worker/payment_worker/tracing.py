"""Spans of the service's own functions."""

from collections.abc import Mapping

from opentelemetry import trace
from opentelemetry.util.types import AttributeValue

tracer = trace.get_tracer("payment_worker")


def annotate(attributes: Mapping[str, AttributeValue | None]) -> None:
    """Say what the current span is about; attributes without a value are left out."""
    span = trace.get_current_span()
    for key, value in attributes.items():
        if value is not None:
            span.set_attribute(key, value)
