"""What the service answers when it cannot do what was asked."""

import logging

from flask import Flask, Response, g, jsonify, render_template, request
from psycopg import OperationalError
from psycopg.errors import LockNotAvailable, QueryCanceled
from psycopg_pool import PoolTimeout
from pydantic import ValidationError
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException

from .logs import event

log = logging.getLogger(__name__)


class Refusal(Exception):
    """A request that is answered with an error code, on purpose."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


def answer(status: int, code: str, **more: object) -> Response:
    """The same error as JSON to programs and as a page to browsers."""
    g.error_code = code
    if request.path.startswith("/api/"):
        response = jsonify(error=code, **more)
    else:
        response = Response(render_template("error.html", status=status, code=code), mimetype="text/html")
    response.status_code = status
    return response


def register(app: Flask) -> None:
    """Map every exception that can be foreseen to its status."""

    @app.errorhandler(Refusal)
    def refused(refusal: Refusal) -> Response:
        return answer(refusal.status, refusal.code)

    @app.errorhandler(HTTPException)
    def standard(error: HTTPException) -> Response:
        return answer(error.code or 500, error.name.lower().replace(" ", "_"))

    @app.errorhandler(ValidationError)
    def invalid(error: ValidationError) -> Response:
        # Neither the log nor the answer repeats what was sent: it may be a password.
        fields = sorted({".".join(map(str, entry["loc"])) or "body" for entry in error.errors(include_input=False)})
        event(log, "request.invalid", "invalid %s: %s", error.title, ", ".join(fields), attributes={"fields": fields})
        return answer(422, "invalid_request", fields=fields)

    @app.errorhandler(PoolTimeout)
    def busy(_: PoolTimeout) -> Response:
        event(log, "database.pool.exhausted", "no database connection became free in time", level=logging.WARNING)
        return answer(503, "busy")

    @app.errorhandler(QueryCanceled)
    def too_slow(_: QueryCanceled) -> Response:
        event(log, "database.timeout", "statement of %s was canceled", request.endpoint, level=logging.WARNING)
        return answer(503, "busy")

    @app.errorhandler(LockNotAvailable)
    def locked(_: LockNotAvailable) -> Response:
        event(log, "database.lock.timeout", "%s gave up on a locked row", request.endpoint, level=logging.WARNING)
        return answer(503, "busy")

    @app.errorhandler(OperationalError)
    def no_database(error: OperationalError) -> Response:
        kind = type(error).__name__
        event(
            log,
            "database.unavailable",
            "database unavailable: %s",
            kind,
            level=logging.ERROR,
            attributes={"error.type": kind},
        )
        return answer(503, "database_unavailable")

    @app.errorhandler(RedisError)
    def no_redis(error: RedisError) -> Response:
        kind = type(error).__name__
        event(
            log,
            "store.unavailable",
            "key-value store unavailable: %s",
            kind,
            level=logging.ERROR,
            attributes={"error.type": kind},
        )
        return answer(503, "store_unavailable")
