"""What bodies and queries may look like."""

from typing import Annotated, Any, Literal, TypeVar

from flask import request
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, TypeAdapter

Sku = Annotated[str, StringConstraints(pattern=r"^P\d{5}$")]
Postcode = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9 -]{3,10}$")]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Quantity = Annotated[int, Field(ge=1, le=99)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=254)]

T = TypeVar("T")


class Form(BaseModel):
    """Unknown fields are left alone: clients of several versions are about."""

    model_config = ConfigDict(str_max_length=4000, hide_input_in_errors=True)


class Page(Form):
    """Which page of a list."""

    page: int = Field(1, ge=1, le=500)


class ProductQuery(Page):
    """How to list products."""

    category: str | None = None
    sort: Literal["popular", "price", "-price", "new"] = "popular"


class SearchQuery(Page):
    """What to look for."""

    q: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] = ""


class CartItem(Form):
    """So many of a product."""

    sku: Sku
    quantity: Quantity = 1


class CartQuantity(Form):
    """A new quantity."""

    quantity: Quantity


class Coupon(Form):
    """A coupon's code."""

    code: Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, min_length=1, max_length=32)]


class Destination(Form):
    """Where to send it."""

    postcode: Postcode


class CheckoutForm(Destination):
    """An order's last step."""

    card_token: SecretStr = Field(min_length=4, max_length=200)


class ReviewForm(Form):
    """An opinion."""

    rating: int = Field(ge=1, le=5)
    title: Line
    body: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class Viewed(Form):
    """A product that was looked at."""

    sku: Sku


class AccountForm(Form):
    """What people may change about themselves."""

    name: Line


class Registration(Form):
    """A new customer; what makes an address or a password good is auth-service's to say."""

    email: Email
    password: SecretStr
    name: Line
    tenant_id: int = 1


class Login(Form):
    """E-mail and password."""

    email: Email
    password: SecretStr


class Refresh(Form):
    """A refresh token."""

    refresh_token: SecretStr


class PasswordChange(Form):
    """The old password and the new one."""

    current: SecretStr
    new: SecretStr


class StockLevel(Form):
    """How many a partner has of a product."""

    sku: Sku
    quantity: int = Field(ge=0, le=100_000)


class PartnerOrder(Form):
    """An order that a partner passes on."""

    items: list[CartItem] = Field(min_length=1, max_length=50)
    postcode: Postcode = "10115"


class OrderFilter(Page):
    """Which orders the back office wants to see."""

    status: Literal["pending", "paid", "declined", "shipped", "cancelled", "refunded"] | None = None


class ReportQuery(Form):
    """How far back a report goes."""

    days: int = Field(7, ge=1, le=365)


class ExportForm(Form):
    """What to export."""

    kind: Literal["orders", "products", "customers"]


class SettingForm(Form):
    """A setting's new value."""

    value: str | int


class FlagForm(Form):
    """On or off."""

    enabled: bool


STOCK_LEVELS: TypeAdapter[list[StockLevel]] = TypeAdapter(
    Annotated[list[StockLevel], Field(min_length=1, max_length=200)]
)
PARTNER_ORDERS: TypeAdapter[list[PartnerOrder]] = TypeAdapter(
    Annotated[list[PartnerOrder], Field(min_length=1, max_length=20)]
)

F = TypeVar("F", bound=Form)


def body(form: type[F]) -> F:
    """The JSON body; anything else than an object is invalid, not an error."""
    return form.model_validate(request.get_json(silent=True))


def bodies(adapter: TypeAdapter[T]) -> T:
    """A JSON list."""
    return adapter.validate_python(request.get_json(silent=True))


def query(form: type[F]) -> F:
    """The query string."""
    return form.model_validate(request.args.to_dict())


def revealed(form: Form) -> dict[str, Any]:
    """The fields with their secrets in the clear, for the one service that needs them."""
    return {name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in form}
