"""The routes that auth-service answers."""

from flask import Blueprint, Response, jsonify

from ..errors import Refusal
from ..forms import Login, PasswordChange, Refresh, Registration, body, revealed
from ..identity import bearer, forget_credential, requires
from ..services.credentials import forward

blueprint = Blueprint("credentials", __name__, url_prefix="/api/v1/auth")


def _pass_on(operation: str, fields: dict[str, object]) -> Response:
    status, answer = forward(operation, fields)
    response = jsonify(answer) if answer is not None else Response()
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response


def _own_token() -> str:
    if not (token := bearer()):
        raise Refusal(401, "unauthenticated")
    return token


@blueprint.post("/register")
def register() -> Response:
    """Become a customer."""
    return _pass_on("register", revealed(body(Registration)))


@blueprint.post("/login")
def login() -> Response:
    """Get tokens."""
    return _pass_on("login", revealed(body(Login)))


@blueprint.post("/refresh")
def refresh() -> Response:
    """Get new ones."""
    return _pass_on("refresh", revealed(body(Refresh)))


@blueprint.post("/logout")
def logout() -> Response:
    """End the session."""
    token = _own_token()
    forget_credential(token)
    return _pass_on("logout", {"access_token": token})


@blueprint.post("/password")
@requires()
def password() -> Response:
    """Another password."""
    return _pass_on("password", {"access_token": _own_token(), **revealed(body(PasswordChange))})
