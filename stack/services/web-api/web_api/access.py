"""What happens around every request: its id, its metrics, its access log."""

import logging
import re
import secrets
import time

from flask import Flask, Response, g, request
from opentelemetry import trace

from .logs import event
from .metrics import ACTIVE_REQUESTS, REQUEST_SECONDS

log = logging.getLogger(__name__)
slow_log = logging.getLogger("web_api.slow")

QUIET = ("/health", "/metrics")
SLOW_SECONDS = 1.0
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def register(app: Flask) -> None:
    """Hook into the application; to be called after the instrumentation, so that the SERVER span is there already."""
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(lambda _: ACTIVE_REQUESTS.dec() if g.get("counted") else None)


def _begin() -> None:
    g.started = time.perf_counter()
    sent = request.headers.get("X-Request-Id", "")
    g.request_id = sent if REQUEST_ID.fullmatch(sent) else secrets.token_hex(8)
    g.log_context = {"client.address": request.remote_addr, "request.id": g.request_id}
    if request.path in QUIET:
        return
    g.server_span = trace.get_current_span()
    g.server_span.set_attribute("request.id", g.request_id)
    g.counted = True
    ACTIVE_REQUESTS.inc()


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    if request.path in QUIET:
        response.headers["Connection"] = "close"  # a scraper's idle connection would delay the end of a worker
        return response
    seconds = time.perf_counter() - g.started
    route = request.url_rule.rule if request.url_rule else None
    status = response.status_code
    REQUEST_SECONDS.labels(request.method, route or "", str(status)).observe(seconds)
    attributes = {
        "http.request.method": request.method,
        "url.path": request.path,
        "http.response.status_code": status,
        "http.response.body.size": response.calculate_content_length() or 0,
        "user_agent.original": request.user_agent.string,
        "duration_ms": round(seconds * 1000, 3),
    }
    if route:
        attributes["http.route"] = route
    if code := g.get("error_code"):
        attributes["error.type"] = code
    event(log, "http.access", "%s %s %d", request.method, request.path, status, attributes=attributes)
    if seconds > SLOW_SECONDS:
        event(
            slow_log,
            "request.slow",
            "%s took %d ms",
            request.endpoint,
            round(seconds * 1000),
            level=logging.WARNING,
            attributes={"duration_ms": round(seconds * 1000, 3), "http.route": route or ""},
        )
    return response
