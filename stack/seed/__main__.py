"""Fill an empty database: roles, schema, rows, all in one transaction. A filled one is left alone."""

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from seed import catalogue, hashes, history, people

ROLES = ("web_api", "auth_service", "payment_worker", "otel")
WAIT_SECONDS = 60
REMEMBERED = timedelta(days=3650)  # a kept copy of the data folder must not age
LOCK = 4_711  # one filler at a time


def main() -> int:
    try:
        url = os.environ["DATABASE_URL"]
        passwords = json.loads(os.environ["ROLE_PASSWORDS"])
    except KeyError as missing:
        return _refuse(f"set {missing.args[0]}: DATABASE_URL is the owner's, ROLE_PASSWORDS a JSON object by role")
    except json.JSONDecodeError as error:
        return _refuse(f"ROLE_PASSWORDS is no JSON: {error.msg}")
    if absent := [role for role in ROLES if not passwords.get(role)]:
        return _refuse(f"ROLE_PASSWORDS lacks {', '.join(absent)}")
    try:
        with connect(url) as connection:
            if filled(connection):
                return 0
            stored = os.environ.get("PASSWORD_HASHES")
            password_hashes = hashes.kept(Path(stored) if stored else None)
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
                if not filled(connection):
                    fill(connection, passwords, password_hashes, datetime.now(UTC))
            connection.execute("VACUUM (ANALYZE)")
    except psycopg.Error as error:
        return _refuse(str(error).strip().splitlines()[0])
    sys.stderr.write("seed: the database is filled\n")
    return 0


def _refuse(why: str) -> int:
    sys.stderr.write(f"seed: {why}\n")
    return 2


def connect(url: str) -> psycopg.Connection:
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return psycopg.connect(url, autocommit=True, application_name="migrate", connect_timeout=5)
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def filled(connection: psycopg.Connection) -> bool:
    row = connection.execute("SELECT to_regclass('public.exports')").fetchone()
    return row is not None and row[0] is not None


def fill(
    connection: psycopg.Connection, passwords: dict[str, str], password_hashes: list[str], opening: datetime
) -> None:
    for role in ROLES:
        _create_role(connection, role, passwords[role])
    connection.execute(Path(__file__).with_name("schema.sql").read_text(encoding="utf-8"))
    for table, columns, rows in tables(password_hashes, opening):
        names = sql.SQL(", ").join(map(sql.Identifier, columns.split()))
        with connection.cursor().copy(sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)) as copy:
            for row in rows:
                copy.write_row(row)


def _create_role(connection: psycopg.Connection, role: str, password: str) -> None:
    # The server gets the verifier only: a slow statement is logged with its text.
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    known = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is not None
    verb = sql.SQL("ALTER" if known else "CREATE")
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, sql.Identifier(role), sql.Literal(verifier))
    )


def tables(password_hashes: list[str], opening: datetime) -> Iterator[tuple[str, str, Iterable[tuple[Any, ...]]]]:
    """Name, columns and rows of each table, in an order that its references allow."""

    def ago(days: float) -> datetime:
        return opening - timedelta(days=days)

    persons = [people.person(n) for n in range(1, people.PEOPLE + 1)]
    products = [catalogue.product(n) for n in range(1, catalogue.PRODUCTS + 1)]
    orders = history.orders()
    payments = list(history.payments())

    # fmt: off
    yield "tenants", "id name domain", ((t.id, t.name, t.domain) for t in map(people.tenant, range(1, 25)))
    yield "users", "id tenant_id email name password_hash roles created_at", (
        (p.id, p.tenant_id, p.email, p.name, hashed, list(p.roles), ago(p.age_days))
        for p, hashed in zip(persons, password_hashes, strict=True)
    )
    yield "sessions", "id user_id refresh_sha256 created_at expires_at", (
        (d.session_id, f"u{n}", _sha(d.refresh_token), ago(3 + which), opening + REMEMBERED)
        for n in people.CUSTOMERS
        for which in range(people.DEVICES)
        for d in (people.device(n, which),)
    )
    yield "api_keys", "id user_id key_sha256 name created_at", (
        (f"k{p.number}", p.id, _sha(p.api_key), "inventory sync", ago(p.age_days)) for p in persons if p.api_key
    )
    yield "categories", "id slug name", ((c.id, c.slug, c.name) for c in catalogue.categories())
    yield "products", "sku tenant_id category_id name description price_cents weight_grams popularity created_at", (
        (p.sku, p.tenant_id, p.category_id, p.name, p.description, p.price_cents, p.weight_grams, p.popularity,
         ago(p.age_days))
        for p in products
    )
    yield "stock", "sku quantity updated_at", ((p.sku, p.stock, ago(0.1)) for p in products)
    yield "reviews", "sku user_id rating title body created_at", (
        (r.sku, f"u{r.user}", r.rating, r.title, r.body, ago(r.days_ago)) for r in history.reviews()
    )
    yield "coupons", "code percent valid_until", (
        (code, percent, opening + timedelta(days=days)) for code, (percent, days) in catalogue.COUPONS.items()
    )
    yield "orders", "id user_id tenant_id status total_cents shipping_cents coupon postcode created_at updated_at", (
        (o.id, f"u{o.user}", people.person(o.user).tenant_id, o.status, o.total_cents, o.shipping_cents, o.coupon,
         history.postcode_of(o), ago(o.days_ago), ago(o.days_ago * 0.98))
        for o in orders
    )
    yield "order_items", "order_id sku quantity price_cents", chain.from_iterable(
        ((o.id, *item) for item in o.items) for o in orders
    )
    settled = len(payments) - history.UNSETTLED
    yield "payments", "order_id kind status amount_cents provider_reference created_at settled_at", (
        (p.order.id, p.kind, p.status, p.order.total_cents, p.reference, ago(p.order.days_ago),
         ago(p.order.days_ago * 0.99) if i < settled else None)
        for i, p in enumerate(payments)
    )
    yield "settings", "key value updated_at", ((k, v, ago(30)) for k, v in catalogue.SETTINGS.items())
    yield "flags", "key enabled updated_at", ((k, v, ago(30)) for k, v in catalogue.FLAGS.items())
    # fmt: on


def _sha(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


if __name__ == "__main__":
    sys.exit(main())
