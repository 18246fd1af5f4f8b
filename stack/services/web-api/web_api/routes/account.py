"""What belongs to one customer."""

from typing import Any

from flask import Blueprint

from ..forms import AccountForm, Viewed, body
from ..identity import requires
from ..services import account

blueprint = Blueprint("account", __name__, url_prefix="/api/v1")


@blueprint.get("/account")
@requires()
def read() -> dict[str, Any]:
    """One's own account."""
    return account.read()


@blueprint.patch("/account")
@requires()
def rename() -> dict[str, Any]:
    """Another name."""
    name = body(AccountForm).name
    account.rename(name)
    return {"name": name}


@blueprint.get("/wishlist")
@requires()
def wishlist() -> dict[str, Any]:
    """One's wishes."""
    return {"products": account.wishlist()}


@blueprint.put("/wishlist/<sku>")
@requires()
def wish(sku: str) -> tuple[dict[str, Any], int]:
    """One more."""
    return {"sku": sku}, 201 if account.wish(sku) else 200


@blueprint.delete("/wishlist/<sku>")
@requires()
def unwish(sku: str) -> tuple[str, int]:
    """One less."""
    account.unwish(sku)
    return "", 204


@blueprint.post("/recently-viewed")
@requires()
def viewed() -> tuple[dict[str, Any], int]:
    """Remember a product."""
    sku = body(Viewed).sku
    account.viewed(sku)
    return {"sku": sku}, 202


@blueprint.get("/recommendations")
@requires()
def recommendations() -> dict[str, Any]:
    """What might please."""
    return {"products": account.recommendations()}
