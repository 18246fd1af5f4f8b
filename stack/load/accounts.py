"""Signing in, in its ways, and what people change about themselves."""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from load import tables
from load.products import misspelt
from load.steps import Step
from seed import people

if TYPE_CHECKING:
    from load.screens import Visit

LOGIN, REFRESH, REGISTER = "/api/v1/auth/login", "/api/v1/auth/refresh", "/api/v1/auth/register"


def arrive(v: "Visit") -> None:
    """Whoever was remembered shows the device's token; the others type their password."""
    if v.signed == "password":
        sign_in(v)
        return
    v.page("resume")
    if v.errs("stale_token"):
        token = f"nwr_{v.r.getrandbits(192):048x}"
        v.wave([Step("POST", REFRESH, REFRESH, {"refresh_token": token}, expect=401)])
        sign_in(v)
        return
    refresh(v, "{refresh_token}")


def refresh(v: "Visit", token: str) -> None:
    """A new access token; if the shop has forgotten the session, the password after all."""
    v.wave([Step("POST", REFRESH, REFRESH, {"refresh_token": token}, gives="tokens", lasting="session")])
    if v.person is not None:
        again = login(v.person.email, v.person.password)
        again.when = "signed-out"
        v.wave([again])
    v.token_at = v.clock


def sign_in(v: "Visit") -> None:
    assert v.person is not None
    email, password = v.person.email, v.person.password
    v.page("signin")
    if v.kind == "shopper":
        v.document("/account", "/account")
    if v.errs("wrong_email"):
        _try(v, misspelt(email, v.r), password)
    if v.errs("wrong_password"):
        _try(v, email, mistyped(v, password))
        if v.errs("wrong_again"):
            _try(v, email, mistyped(v, password))
    v.page("signin")
    v.wave([login(email, password)])
    v.token_at = v.clock


def _try(v: "Visit", email: str, password: str) -> None:
    v.page("signin")
    v.wave([Step("POST", LOGIN, LOGIN, {"email": email, "password": password}, expect=401)])


def login(email: str, password: str) -> Step:
    return Step("POST", LOGIN, LOGIN, {"email": email, "password": password}, gives="tokens", lasting="session")


def mistyped(v: "Visit", password: str) -> str:
    return v.r.choice((password.lower(), password[:-1], password.swapcase(), password + password[-1]))


def sign_in_to_buy(v: "Visit") -> bool:
    """A guest at the checkout signs in, registers, or leaves the cart behind."""
    if v.person is not None:
        sign_in(v)
    elif v.chance(tables.NEW_ACCOUNT):
        register(v)
    return v.token_at is not None


def register(v: "Visit") -> None:
    r = v.r
    first, last = r.choice(people.FIRST_NAMES), r.choice(people.LAST_NAMES)
    words = people.PASSWORD_WORDS
    body = {
        "email": mail_address(first, last, f".{r.getrandbits(28):07x}", r),
        "password": f"{r.choice(words).title()}-{r.choice(words)}-{r.randint(1000, 9999)}",
        "name": f"{first} {last}",
        "tenant_id": r.randint(1, people.TENANTS),
    }
    v.page("signin")
    v.document("/account", "/account")
    if v.errs("email_taken"):
        known = people.person(r.choice(people.CUSTOMERS)).email
        v.wave([Step("POST", REGISTER, REGISTER, {**body, "email": known}, expect=409)])
        return
    if v.errs("weak_password"):
        v.page("signin")
        weak = r.choice(("12345678", "password", "northwind", first.lower()))
        v.wave([Step("POST", REGISTER, REGISTER, {**body, "password": weak}, expect=422)])
    v.page("signin")
    v.wave([Step("POST", REGISTER, REGISTER, body, expect=201, gives="tokens", lasting="session")])
    v.token_at = v.clock


def mail_address(first: str, last: str, tail: str, r: Random) -> str:
    """An address at one of the providers that customers have."""
    mailbox = f"{first}.{last}{tail}".lower().replace("'", "").replace("é", "e")
    return f"{mailbox}@{r.choice(people.MAIL_DOMAINS)}"


def account(v: "Visit") -> None:
    v.page("account")
    if not v.document("/account", "/account"):
        return
    if v.token_at is None:  # a guest is sent back
        v.wave([v.call("GET", "/api/v1/account", expect=401)])
        return
    calls = [v.call("GET", "/api/v1/account", auth="must")]
    if v.chance(tables.CALLS["recommendations"]):
        calls.append(v.call("GET", "/api/v1/recommendations", auth="must"))
    v.wave(calls)


def rename(v: "Visit") -> None:
    v.page("rename")
    name = v.person.name if v.person else "A. Nyberg"
    first, _, last = name.partition(" ")
    spelt = v.r.choice((name, f"{first} {v.r.choice('ABEHJKLMRST')}. {last}", f"{first[0]}. {last}"))
    v.wave([v.call("PATCH", "/api/v1/account", body={"name": spelt}, auth="must")])


def password(v: "Visit") -> None:
    """The password itself stays: later visits of the same person need it."""
    if v.person is None:
        account(v)
        return
    v.page("password")
    body = {"current": mistyped(v, v.person.password), "new": f"{v.person.password}-{v.r.randint(10, 99)}"}
    v.wave([v.call("POST", "/api/v1/auth/password", body=body, auth="must", expect=401)])


def logout(v: "Visit") -> None:
    v.page("logout")
    v.wave([v.call("POST", "/api/v1/auth/logout", auth="must", expect=204, gives="goodbye")])
    v.token_at = None


SCREENS: dict[str, Callable[["Visit"], None]] = {
    "account": account, "rename": rename, "password": password, "logout": logout,
}  # fmt: skip
