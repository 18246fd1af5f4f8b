"""What partners' programs and the shop's own clerks do."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from load.products import zipf_product
from seed import catalogue, people

if TYPE_CHECKING:
    from load.screens import Visit

CATALOG_PAGE = 200
ADMIN = "/api/v1/admin"


def catalog(v: "Visit") -> None:
    v.page("catalog")
    cursor = v.cursor * CATALOG_PAGE
    v.cursor = (v.cursor + 1) % (catalogue.PRODUCTS // CATALOG_PAGE)
    path = "/api/v1/partner/catalog" + (f"?cursor=P{cursor:05d}" if cursor else "")
    v.wave([v.call("GET", "/api/v1/partner/catalog", path, auth="key")])


def stock(v: "Visit") -> None:
    assert v.person is not None
    v.page("stock")
    own = catalogue.of_tenant(v.person.tenant_id)
    numbers = v.r.sample(own, min(len(own), 5 + int(v.r.expovariate(1 / 25))))
    levels = [_level(v, number) for number in numbers]
    expect = 200
    if v.errs("foreign_stock"):
        other = v.person.tenant_id % people.TENANTS + 1
        levels.append(_level(v, catalogue.of_tenant(other)[0]))
        expect = 403
    v.wave([v.call("PUT", "/api/v1/partner/stock", body=levels, auth="key", expect=expect)])


def _level(v: "Visit", number: int) -> dict[str, object]:
    product = catalogue.product(number)
    return {"sku": product.sku, "quantity": int(product.stock * v.r.uniform(0.85, 1.2))}


def sell(v: "Visit") -> None:
    v.page("sell")
    orders = [
        {"items": [_item(v) for _ in range(v.r.choices((1, 2, 3), (70, 20, 10))[0])],
         "postcode": f"{v.r.randint(10000, 98999)}"}
        for _ in range(v.r.choices((1, 2, 3), (80, 14, 6))[0])
    ]  # fmt: skip
    v.wave([v.call("POST", "/api/v1/partner/orders", body=orders, auth="key", expect=202)])


def _item(v: "Visit") -> dict[str, object]:
    product = zipf_product(v.r)
    while product.stock < 60:
        product = zipf_product(v.r)
    return {"sku": product.sku, "quantity": v.r.randint(1, 3)}


def desk(v: "Visit") -> None:
    v.page("desk")
    status = v.r.choices(("paid", "pending", "shipped", ""), (70, 10, 10, 10))[0]
    query = f"?status={status}" if status else ""
    gives = "shippable" if status == "paid" else ""
    v.wave([v.call("GET", f"{ADMIN}/orders", f"{ADMIN}/orders{query}", auth="must", gives=gives)])


def ship(v: "Visit") -> None:
    v.page("ship")
    step = v.call("POST", f"{ADMIN}/orders/<int:order_id>/ship", f"{ADMIN}/orders/{{shippable}}/ship", auth="must")
    v.wave(v.twice(step, "already_shipped", 409))


def lookup(v: "Visit") -> None:
    v.page("lookup")
    known = not v.errs("wrong_user")
    user = f"u{v.r.choice(people.CUSTOMERS) if known else v.r.randint(30_000, 99_999)}"
    v.wave([v.call("GET", f"{ADMIN}/users/<user_id>", f"{ADMIN}/users/{user}", auth="must",
                   expect=200 if known else 404)])  # fmt: skip


def reports(v: "Visit") -> None:
    v.page("reports")
    days = v.r.choices((1, 7, 30, 90), (30, 40, 22, 8))[0]
    v.awaited(v.call("GET", f"{ADMIN}/reports/sales", f"{ADMIN}/reports/sales?days={days}", auth="must"), slow=True)


def audit(v: "Visit") -> None:
    v.page("audit")
    v.wave([v.call("GET", f"{ADMIN}/audit", auth="must")])


def settings(v: "Visit") -> None:
    v.page("settings")
    v.wave([v.call("GET", f"{ADMIN}/settings", auth="must")])


def export(v: "Visit") -> None:
    v.page("export")
    kind = v.r.choice(("orders", "products", "customers"))
    v.wave([v.call("POST", f"{ADMIN}/exports", body={"kind": kind}, auth="must", expect=202, gives="export")])


def check(v: "Visit") -> None:
    v.page("check")
    v.wave([v.call("GET", f"{ADMIN}/exports/<int:export_id>", f"{ADMIN}/exports/{{export}}", auth="must")])


def download(v: "Visit") -> None:
    v.page("download")
    v.wave([v.call("GET", f"{ADMIN}/exports/<int:export_id>/file", f"{ADMIN}/exports/{{export}}/file", auth="must")])


SCREENS: dict[str, Callable[["Visit"], None]] = {
    "catalog": catalog, "stock": stock, "sell": sell, "desk": desk, "ship": ship, "lookup": lookup,
    "reports": reports, "audit": audit, "settings": settings, "export": export, "check": check,
    "download": download,
}  # fmt: skip
