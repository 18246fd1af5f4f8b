"""Spans of the service's own functions."""

from collections.abc import Callable, Mapping
from typing import ParamSpec, TypeVar

from opentelemetry import trace
from opentelemetry.util.types import AttributeValue

P = ParamSpec("P")
R = TypeVar("R")

_tracer = trace.get_tracer("payment_worker")


def traced(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Run the function in a span of this name."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        code = {"code.function.name": f"{function.__module__}.{function.__qualname__}"}
        return _tracer.start_as_current_span(name, attributes=code)(function)

    return decorate


def annotate(attributes: Mapping[str, AttributeValue | None]) -> None:
    """Say what the current span is about; attributes without a value are left out."""
    span = trace.get_current_span()
    for key, value in attributes.items():
        if value is not None:
            span.set_attribute(key, value)
