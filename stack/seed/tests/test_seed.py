"""What the shop starts with is the same everywhere, hangs together, and goes into an empty database."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest

from seed import __main__ as filling
from seed import catalogue, hashes, history, people

OPENING = datetime(2026, 11, 1, tzinfo=UTC)
PASSWORDS = {role: f"{role}-Kx93vTq" for role in filling.ROLES}
NO_HASHES = ["$argon2id$none"] * people.PEOPLE


def rows() -> dict[str, list[tuple]]:
    return {table: list(found) for table, _, found in filling.tables(NO_HASHES, OPENING)}


def test_two_processes_see_the_same_shop() -> None:
    code = (
        "from datetime import UTC, datetime; from hashlib import sha256; from seed.__main__ import tables;"
        "print(sha256(repr([(t, list(r)) for t, _, r in tables(['x'] * 2400, datetime(2026, 11, 1, tzinfo=UTC))])"
        ".encode()).hexdigest())"
    )
    command = [sys.executable, "-c", code]
    seen = {
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1


def test_people_are_who_the_contract_says() -> None:
    persons = [people.person(n) for n in range(1, people.PEOPLE + 1)]
    assert len({p.email for p in persons}) == len({p.id for p in persons}) == 2400
    assert len({p.password for p in persons}) == 2400 and min(len(p.password) for p in persons) >= 12
    assert {n for n, p in enumerate(persons, 1) if p.api_key} == set(people.PARTNERS)
    per_tenant = [sum(people.person(n).tenant_id == t for n in people.PARTNERS) for t in range(1, 25)]
    assert per_tenant == [2] * 24
    assert persons[0].roles == ("admin", "clerk") and persons[7].roles == ("clerk",)
    assert persons[8].roles == ("partner",) and persons[56].roles == ("customer",)
    assert all(p.postcode.isdigit() and len(p.postcode) == 5 for p in persons)


def test_devices_have_tokens_of_their_own() -> None:
    devices = [people.device(n, which) for n in people.CUSTOMERS for which in range(people.DEVICES)]
    assert len({d.refresh_token for d in devices}) == len({d.session_id for d in devices}) == len(devices)


def test_products_hang_together() -> None:
    products = [catalogue.product(n) for n in range(1, catalogue.PRODUCTS + 1)]
    assert {p.category_id for p in products} == set(range(1, 25))
    assert all(len(catalogue.of_tenant(t)) >= 60 for t in range(1, 25))
    assert all(catalogue.of_category(c) for c in range(1, 25))
    best = catalogue.product(catalogue.by_popularity()[0])
    assert best.popularity == max(p.popularity for p in products) and best.stock > 10_000
    assert 30 <= len(catalogue.sold_out()) <= 100


def test_references_lead_somewhere() -> None:
    found = rows()
    users, skus = {row[0] for row in found["users"]}, {row[0] for row in found["products"]}
    orders = {row[0] for row in found["orders"]}
    assert {row[1] for row in found["orders"]} <= users and max(orders) < 100_001
    assert {row[0] for row in found["order_items"]} <= orders and {row[1] for row in found["order_items"]} <= skus
    assert len({row[:2] for row in found["order_items"]}) == len(found["order_items"])
    assert len({row[:2] for row in found["reviews"]}) == len(found["reviews"]) == history.REVIEWS
    assert sum(row[6] is None for row in found["payments"]) == history.UNSETTLED
    assert all(row[-1] < OPENING for row in found["orders"])


def test_nothing_says_that_it_is_not_a_shop() -> None:
    text = repr({table: found for table, found in rows().items() if table != "users"}).lower()
    for word in ("test", "demo", "fake", "synthetic", "simulat", "chaos", "scenario", "lorem"):
        assert word not in text.replace("latest", "").replace("greatest", "")


def test_hashes_are_argon2id_as_promised_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = hashes.password_hash(100)
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$") and one == hashes.password_hash(100)
    hashes.PasswordHasher().verify(one, people.person(100).password)
    made: list[int] = []
    monkeypatch.setattr(hashes, "make", lambda: made.append(1) or NO_HASHES)
    path = tmp_path / "hashes"
    assert hashes.kept(path) == hashes.kept(path) == NO_HASHES and len(made) == 1
    path.write_text("another seed's\n$argon2id$old")
    assert hashes.kept(path) == NO_HASHES and len(made) == 2
    assert hashes.kept(tmp_path / "no" / "folder") == NO_HASHES


@pytest.mark.parametrize("env", [{}, {"DATABASE_URL": "x"}, {"DATABASE_URL": "x", "ROLE_PASSWORDS": "{"},
                                 {"DATABASE_URL": "x", "ROLE_PASSWORDS": "{}"}])  # fmt: skip
def test_what_is_missing_is_said(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DATABASE_URL", "ROLE_PASSWORDS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert filling.main() == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.fixture
def empty_database() -> Iterator[psycopg.Connection]:
    url = os.environ.get("DATABASE_URL")
    if not url:
        pytest.fail("DATABASE_URL must be a superuser's of a PostgreSQL that is running", pytrace=False)
    name = f"shop_{uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(f"CREATE DATABASE {name}")
        try:
            with psycopg.connect(urlunsplit(urlsplit(url)._replace(path=f"/{name}"))) as connection:
                yield connection
                connection.rollback()  # roles belong to the whole server: others keep theirs
        finally:
            owner.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_an_empty_database_is_filled(empty_database: psycopg.Connection) -> None:
    assert not filling.filled(empty_database)
    filling.fill(empty_database, PASSWORDS, NO_HASHES, OPENING)
    assert filling.filled(empty_database)
    for table, expected in {"users": 2400, "products": 2400, "orders": 4000, "api_keys": 48, "sessions": 7032}.items():
        assert empty_database.execute(f"SELECT count(*) FROM {table}").fetchone() == (expected,)
    for role in filling.ROLES:
        row = empty_database.execute(
            "SELECT rolcanlogin, rolpassword FROM pg_authid WHERE rolname = %s", (role,)
        ).fetchone()
        assert row is not None and row[0] and row[1].startswith("SCRAM-SHA-256$")
    for privilege, table, role in (("UPDATE", "stock", "web_api"), ("INSERT", "sessions", "auth_service"),
                                   ("UPDATE", "payments", "payment_worker")):  # fmt: skip
        held = empty_database.execute("SELECT has_table_privilege(%s, %s, %s)", (role, table, privilege)).fetchone()
        assert held == (True,)
    newest = empty_database.execute(
        "INSERT INTO orders (user_id, tenant_id, status, total_cents) VALUES ('u57', 1, 'pending', 1) RETURNING id"
    ).fetchone()
    assert newest == (100_001,)
