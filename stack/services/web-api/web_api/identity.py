"""Who asks: credentials are verified by auth-service, and for reads remembered for half a minute."""

import functools
import hashlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ParamSpec, TypeVar

import requests
from flask import current_app, g, request
from opentelemetry import trace

from .errors import Refusal
from .logs import event
from .metrics import VERIFICATIONS
from .stores import cached, forget, stores
from .telemetry import traced

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

VERIFIED_SECONDS = 30
RETRY_SECONDS = 6.0  # a release of auth-service takes some seconds on a busy machine
FIRST_BACKOFF_SECONDS = 0.1
MOST_BACKOFF_SECONDS = 0.25  # whoever waits holds a thread, and others queue behind it
TIMEOUT = (1.0, 5.0)


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody whose credential auth-service knows."""

    user_id: str
    tenant_id: int | None
    roles: tuple[str, ...]
    session_id: str | None

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> "Principal":
        """From auth-service's words."""
        return cls(answer["user_id"], answer.get("tenant_id"), tuple(answer["roles"]), answer.get("session_id"))


class Rejected(Exception):
    """auth-service does not accept a credential."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def call_auth(path: str, body: Mapping[str, Any]) -> requests.Response:
    """POST to auth-service; a connection that fails is tried again with backoff until `RETRY_SECONDS` are over."""
    deadline = time.monotonic() + RETRY_SECONDS
    backoff = FIRST_BACKOFF_SECONDS
    headers = {
        "X-Client-Address": request.remote_addr or "",
        "X-Client-Agent": request.user_agent.string[:256].encode("latin-1", "replace").decode("latin-1"),
        "X-Request-Id": g.request_id,
    }
    while True:
        try:
            return stores().http.post(stores().config.auth_url + path, json=body, headers=headers, timeout=TIMEOUT)
        except requests.Timeout as error:
            if not isinstance(error, requests.ConnectTimeout):
                event(
                    log,
                    "upstream.timeout",
                    "auth-service did not answer %s in time",
                    path,
                    level=logging.ERROR,
                    attributes={"upstream.path": path},
                )
                raise Refusal(504, "auth_timeout") from error
            failure: requests.RequestException = error
        except requests.ConnectionError as error:
            failure = error
        if time.monotonic() + backoff > deadline:
            event(
                log,
                "upstream.unavailable",
                "auth-service unavailable for %s",
                path,
                level=logging.ERROR,
                attributes={"upstream.path": path, "error.type": type(failure).__name__},
            )
            raise Refusal(503, "auth_unavailable") from failure
        event(
            log,
            "upstream.retry",
            "no connection to auth-service for %s, trying again in %d ms",
            path,
            int(backoff * 1000),
            level=logging.WARNING,
            attributes={"upstream.path": path, "retry.delay_ms": int(backoff * 1000)},
        )
        time.sleep(backoff)
        backoff = min(backoff * 2, MOST_BACKOFF_SECONDS)


def bearer() -> str | None:
    """The access token that came along, if any."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _cache_key(credential: str) -> str:
    return "verified:" + hashlib.sha256(credential.encode()).hexdigest()


def _verify(path: str, body: Mapping[str, str]) -> Principal:
    try:
        response = call_auth(path, body)
    except Refusal:
        VERIFICATIONS.labels("unavailable").inc()
        raise
    if response.status_code != 200:
        VERIFICATIONS.labels("rejected").inc()
        code = response.json().get("error", "invalid_token") if response.status_code == 401 else "auth_unavailable"
        if response.status_code != 401:
            event(
                log,
                "upstream.failed",
                "auth-service answered %s with %d",
                path,
                response.status_code,
                level=logging.ERROR,
                attributes={"http.response.status_code": response.status_code},
            )
            raise Refusal(503, code)
        raise Rejected(code)
    VERIFICATIONS.labels("verified").inc()
    return Principal.of(response.json())


@traced("identity.resolve")
def resolve(credential: str, *, key: bool, remembered: bool) -> Principal:
    """The principal of an access token or an API key."""
    path, body = ("/v1/verify-key", {"api_key": credential}) if key else ("/v1/verify", {"access_token": credential})
    if not remembered:
        return _verify(path, body)
    fresh = False

    def load() -> dict[str, Any]:
        nonlocal fresh
        fresh = True
        return asdict(_verify(path, body))

    found = cached("principal", _cache_key(credential), VERIFIED_SECONDS, load)
    if not fresh:
        VERIFICATIONS.labels("remembered").inc()
    return Principal.of(found)


def forget_credential(credential: str) -> None:
    """A session that has ended must not live on in the cache."""
    forget(_cache_key(credential))


def adopt(principal: Principal) -> None:
    """Put the principal on the request, its SERVER span and its log records."""
    g.principal = principal
    known = {"user.id": principal.user_id, "session.id": principal.session_id, "tenant.id": principal.tenant_id}
    known = {name: value for name, value in known.items() if value is not None}
    g.log_context.update(known)
    span = g.get("server_span") or trace.get_current_span()
    span.set_attributes(known)


def identify() -> None:
    """On public routes a token is welcome, not needed: whoever shows a good one is known."""
    view = current_app.view_functions.get(request.endpoint or "")
    if (token := bearer()) and not hasattr(view, "guarded"):
        try:
            adopt(resolve(token, key=False, remembered=True))
        except Rejected as rejected:
            event(
                log,
                "credential.ignored",
                "credential on a public route not accepted: %s",
                rejected.code,
                attributes={"error.type": rejected.code},
            )


def current_user() -> Principal:
    """The principal that `requires` has made sure of."""
    principal: Principal = g.principal
    return principal


def requires(*roles: str, key: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let only principals with one of the roles through; anything that changes something verifies anew."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            credential = request.headers.get("X-Api-Key") if key else bearer()
            if not credential:
                raise Refusal(401, "unauthenticated")
            try:
                principal = resolve(credential, key=key, remembered=request.method == "GET")
            except Rejected as rejected:
                event(
                    log,
                    "credential.rejected",
                    "%s not accepted: %s",
                    "API key" if key else "access token",
                    rejected.code,
                    level=logging.WARNING,
                    attributes={"error.type": rejected.code, "auth.method": "api_key" if key else "bearer"},
                )
                raise Refusal(401, rejected.code) from None
            adopt(principal)
            if roles and not set(roles) & set(principal.roles):
                event(
                    log,
                    "access.denied",
                    "%s needs one of %s",
                    request.endpoint,
                    "/".join(roles),
                    level=logging.WARNING,
                    attributes={"user.roles": list(principal.roles)},
                )
                raise Refusal(403, "forbidden")
            return view(*args, **kwargs)

        guarded.guarded = True  # type: ignore[attr-defined]
        return guarded

    return decorate
