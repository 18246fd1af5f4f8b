"""What visitors, customers, partners and clerks can do."""

import gzip
import json

import pytest
import redis
from flask.testing import FlaskClient
from shop import CHECKOUT, CLERK, CUSTOMER, PARTNER, error, events, fill_cart


@pytest.mark.parametrize(
    "path",
    ["/", "/c/tea", "/p/P00003", "/search?q=tea", "/search", "/cart", "/checkout", "/account", "/account/orders",
     "/account/orders/1", "/help/returns"],
)  # fmt: skip
def test_pages_are_small_and_need_nothing_from_elsewhere(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert response.mimetype == "text/html"
    assert len(response.data) < 20_000
    assert b"src=" not in response.data and b"http://" not in response.data and b"https://" not in response.data


@pytest.mark.parametrize("path", ["/c/none", "/p/P99999", "/help/none", "/none"])
def test_missing_pages_are_404_pages(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.mimetype) == (404, "text/html")


def test_catalogue_lists_filters_sorts_and_pages(client: FlaskClient) -> None:
    assert [entry["slug"] for entry in client.get("/api/v1/categories").json["categories"]] == ["tea", "cups"]
    cheap = client.get("/api/v1/products?category=cups&sort=price").json["products"]
    assert [entry["sku"] for entry in cheap][:2] == ["P00001", "P00003"]
    assert len(client.get("/api/v1/products").json["products"]) == 24
    assert len(client.get("/api/v1/products?page=2").json["products"]) == 6
    assert error(client.get("/api/v1/products?category=none")) == (404, "unknown_category")
    assert error(client.get("/api/v1/products?page=0")) == (422, "invalid_request")


def test_product_stock_related_and_reviews(client: FlaskClient) -> None:
    assert client.get("/api/v1/products/P00003").json["name"] == "Green tea 3"
    assert client.get("/api/v1/products/P00003/stock").json["quantity"] == 10
    assert client.get("/api/v1/products/P00003/related").json["products"]
    assert client.get("/api/v1/products/P00003/reviews").json["reviews"] == []
    assert error(client.get("/api/v1/products/P99999")) == (404, "unknown_product")
    assert error(client.get("/api/v1/products/P99999/stock")) == (404, "unknown_product")


def test_search_finds_words_and_parts_of_words_and_takes_wildcards_literally(client: FlaskClient) -> None:
    assert len(client.get("/api/v1/search?q=tea").json["products"]) == 24
    assert len(client.get("/api/v1/search?q=gre").json["products"]) == 24
    assert client.get("/api/v1/search?q=100%25").json["products"] == []
    assert client.get("/api/v1/search?q=O'Brien").json["products"] == []
    assert error(client.get("/api/v1/search?q=t")) == (422, "query_too_short")
    assert "Green tea 1" in client.get("/api/v1/search/suggest?q=gre").json["suggestions"]


def test_cart_is_given_at_first_use_and_remembers(client: FlaskClient) -> None:
    assert "cart=" in client.get("/api/v1/cart").headers["Set-Cookie"]
    fill_cart(client)
    fill_cart(client, "P00004")
    assert client.patch("/api/v1/cart/items/P00003", json={"quantity": 1}).json["quantity"] == 1
    assert client.delete("/api/v1/cart/items/P00004").status_code == 204
    assert client.post("/api/v1/cart/coupon", json={"code": "spring"}).json == {"percent": 10}
    content = client.get("/api/v1/cart").json
    assert (content["subtotal_cents"], content["discount_cents"]) == (300, 30)
    assert error(client.post("/api/v1/cart/items", json={"sku": "P00003", "quantity": 50})) == (409, "out_of_stock")
    assert error(client.post("/api/v1/cart/items", json={"sku": "P99999"})) == (404, "unknown_product")
    assert error(client.post("/api/v1/cart/items", json={"sku": "x"})) == (422, "invalid_request")
    assert error(client.patch("/api/v1/cart/items/P00009", json={"quantity": 1})) == (404, "not_in_cart")
    assert error(client.post("/api/v1/cart/coupon", json={"code": "nope"})) == (422, "unknown_coupon")
    assert error(client.post("/api/v1/cart/coupon", json={"code": "winter"})) == (422, "expired_coupon")


def test_checkout_reserves_stock_and_hands_the_charge_to_the_worker(client: FlaskClient, broker, memory) -> None:
    fill_cart(client)
    assert client.post("/api/v1/checkout/shipping-quote", json={"postcode": "10115"}).json["price_cents"] == 690
    response = client.post("/api/v1/checkout", json=CHECKOUT, headers=CUSTOMER)
    assert response.status_code == 202
    order_id = response.json["order_id"]
    order = client.get(f"/api/v1/orders/{order_id}", headers=CUSTOMER).json
    assert (order["status"], order["total_cents"], order["items"][0]["quantity"]) == ("pending", 1290, 2)
    assert client.get("/api/v1/products/P00003/stock").json["quantity"] == 8
    assert client.get("/api/v1/cart").json["items"] == []
    job = json.loads(broker.lindex("payments", 0))
    assert (job["headers"]["task"], job["headers"]["argsrepr"]) == ("payments.charge", f"({order_id},)")
    assert job["headers"]["origin"] == "web-api"
    assert events(memory, "order.placed")[0]["order.total_cents"] == 1290


def test_checkout_refusals(client: FlaskClient) -> None:
    assert error(client.post("/api/v1/checkout", json=CHECKOUT)) == (401, "unauthenticated")
    assert error(client.post("/api/v1/checkout", json=CHECKOUT, headers=CUSTOMER)) == (422, "empty_cart")
    fill_cart(client, quantity=10)
    other = client.application.test_client()
    fill_cart(other, quantity=1)
    assert other.post("/api/v1/checkout", json=CHECKOUT, headers=CUSTOMER).status_code == 202
    assert error(client.post("/api/v1/checkout", json=CHECKOUT, headers=CUSTOMER)) == (409, "out_of_stock")


def test_orders_can_be_cancelled_once_and_only_by_their_owner(client: FlaskClient, broker) -> None:
    fill_cart(client)
    order_id = client.post("/api/v1/checkout", json=CHECKOUT, headers=CUSTOMER).json["order_id"]
    assert error(client.get(f"/api/v1/orders/{order_id}", headers=CLERK)) == (404, "unknown_order")
    assert error(client.post(f"/api/v1/orders/{order_id}/cancel", headers=CLERK)) == (404, "unknown_order")
    assert client.post(f"/api/v1/orders/{order_id}/cancel", headers=CUSTOMER).status_code == 202
    assert client.get("/api/v1/products/P00003/stock").json["quantity"] == 10
    assert error(client.post(f"/api/v1/orders/{order_id}/cancel", headers=CUSTOMER)) == (409, "not_cancellable")
    assert client.get("/api/v1/orders", headers=CUSTOMER).json["orders"][0]["status"] == "cancelled"
    assert broker.llen("payments") == 2


def test_one_review_a_person_and_product(client: FlaskClient, broker) -> None:
    review = {"rating": 4, "title": "Good", "body": "Tastes like tea."}
    path = "/api/v1/products/P00003/reviews"
    assert client.get("/api/v1/products/P00003").json["reviews"] == 0
    assert client.post(path, json=review, headers=CUSTOMER).status_code == 201
    assert client.get("/api/v1/products/P00003").json["reviews"] == 1
    assert client.get(path).json["reviews"][0]["author"] == "Anna"
    assert error(client.post(path, json=review, headers=CUSTOMER)) == (409, "already_reviewed")
    assert error(client.post(path, json=review | {"rating": 9}, headers=CUSTOMER)) == (422, "invalid_request")
    assert error(client.post(path, json=review)) == (401, "unauthenticated")
    assert broker.llen("default") == 1


def test_account_wishlist_and_recommendations(client: FlaskClient, broker) -> None:
    assert client.patch("/api/v1/account", json={"name": "Anna Adler"}, headers=CUSTOMER).status_code == 200
    assert client.get("/api/v1/account", headers=CUSTOMER).json["name"] == "Anna Adler"
    assert error(client.patch("/api/v1/account", json={"name": ""}, headers=CUSTOMER)) == (422, "invalid_request")
    assert [client.put("/api/v1/wishlist/P00007", headers=CUSTOMER).status_code for _ in range(2)] == [201, 200]
    assert [entry["sku"] for entry in client.get("/api/v1/wishlist", headers=CUSTOMER).json["products"]] == ["P00007"]
    assert client.delete("/api/v1/wishlist/P00007", headers=CUSTOMER).status_code == 204
    assert error(client.delete("/api/v1/wishlist/P00007", headers=CUSTOMER)) == (404, "not_on_wishlist")
    assert client.post("/api/v1/recently-viewed", json={"sku": "P00007"}, headers=CUSTOMER).status_code == 202
    assert client.get("/api/v1/recommendations", headers=CUSTOMER).status_code == 200
    client.application.extensions["stores"].redis.set("recommendations:u100", '["P00005", "P00002"]')
    products = client.get("/api/v1/recommendations", headers=CUSTOMER).json["products"]
    assert [entry["sku"] for entry in products] == ["P00005", "P00002"]


def test_partners_read_all_and_change_only_their_own(client: FlaskClient, broker) -> None:
    page = client.get("/api/v1/partner/catalog?cursor=P00028", headers=PARTNER).json
    assert ([entry["sku"] for entry in page["products"]], page["cursor"]) == (["P00029", "P00030"], None)
    own = [{"sku": "P00001", "quantity": 5}, {"sku": "P00002", "quantity": 0}]
    assert client.put("/api/v1/partner/stock", json=own, headers=PARTNER).json == {"updated": 2}
    assert client.get("/api/v1/products/P00001/stock").json["quantity"] == 5
    foreign = [*own, {"sku": "P00025", "quantity": 5}]
    assert error(client.put("/api/v1/partner/stock", json=foreign, headers=PARTNER)) == (403, "not_your_product")
    orders = [{"items": [{"sku": "P00001", "quantity": 2}, {"sku": "P00001", "quantity": 1}]}]
    assert len(client.post("/api/v1/partner/orders", json=orders, headers=PARTNER).json["order_ids"]) == 1
    assert client.get("/api/v1/products/P00001/stock").json["quantity"] == 2
    assert error(client.put("/api/v1/partner/stock", json={"sku": "x"}, headers=PARTNER)) == (422, "invalid_request")
    assert error(client.get("/api/v1/partner/catalog")) == (401, "unauthenticated")
    assert error(client.get("/api/v1/partner/catalog", headers={"X-Api-Key": "x"})) == (401, "invalid_token")


def test_back_office(client: FlaskClient, broker, owner) -> None:
    fill_cart(client)
    order_id = client.post("/api/v1/checkout", json=CHECKOUT, headers=CUSTOMER).json["order_id"]
    assert error(client.post(f"/api/v1/admin/orders/{order_id}/ship", headers=CLERK)) == (409, "not_paid")
    owner.execute("UPDATE orders SET status = 'paid'")
    assert client.get("/api/v1/admin/orders?status=paid", headers=CLERK).json["orders"][0]["items"] == 1
    assert client.get("/api/v1/admin/reports/sales?days=7", headers=CLERK).json["sales"][0]["revenue_cents"] == 600
    assert client.post(f"/api/v1/admin/orders/{order_id}/ship", headers=CLERK).status_code == 200
    assert error(client.post("/api/v1/admin/orders/1/ship", headers=CLERK)) == (404, "unknown_order")
    export_id = client.post("/api/v1/admin/exports", json={"kind": "orders"}, headers=CLERK).json["export_id"]
    assert client.get(f"/api/v1/admin/exports/{export_id}", headers=CLERK).json["status"] == "queued"
    assert client.get("/api/v1/admin/users/u100", headers=CLERK).json["email"] == "a***@northwind.example"
    assert error(client.get("/api/v1/admin/users/u0", headers=CLERK)) == (404, "unknown_user")
    actions = [entry["action"] for entry in client.get("/api/v1/admin/audit", headers=CLERK).json["audit"]]
    assert actions == ["user.view", "export.request", "order.ship"]
    assert error(client.get("/api/v1/admin/audit", headers=CUSTOMER)) == (403, "forbidden")


def test_an_export_is_downloaded_once_it_is_there(client: FlaskClient, memory, config, owner) -> None:
    export_id = client.post("/api/v1/admin/exports", json={"kind": "orders"}, headers=CLERK).json["export_id"]
    path = f"/api/v1/admin/exports/{export_id}/file"
    assert error(client.get(path, headers=CLERK)) == (409, "export_not_ready")
    content = gzip.compress(b"id,user_id\n1,u100\n")
    owner.execute("UPDATE exports SET status = 'ready', rows = 1")
    assert error(client.get(path, headers=CLERK)) == (409, "export_expired")
    with redis.Redis.from_url(config.redis_url) as store:
        store.set(f"export:{export_id}", content)
    answer = client.get(path, headers=CLERK)
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "application/gzip", content)
    assert events(memory, "export.downloaded")[0]["export.bytes"] == len(content)
    assert events(memory, "http.access")[-1]["http.response.body.size"] == len(content)
    assert error(client.get("/api/v1/admin/exports/999/file", headers=CLERK)) == (404, "unknown_export")
    assert error(client.get(path, headers=CUSTOMER)) == (403, "forbidden")


def test_settings_and_flags_change_at_once_and_are_reported(client: FlaskClient, memory) -> None:
    path = "/api/v1/admin/settings/catalog.page_size"
    assert client.put(path, json={"value": 12}, headers=CLERK).status_code == 200
    assert len(client.get("/api/v1/products?sort=new").json["products"]) == 12
    assert client.put(path, json={"value": "24"}, headers=CLERK).status_code == 200
    changed = events(memory, "config.changed")[0]
    names = ("config.key", "config.value.old", "config.value.new", "user.id")
    assert [changed[name] for name in names] == ["catalog.page_size", "24", "12", "u1"]
    assert error(client.put(path, json={"value": "many"}, headers=CLERK)) == (422, "invalid_value")
    assert error(client.put("/api/v1/admin/settings/none", json={"value": 1}, headers=CLERK)) == (
        404,
        "unknown_setting",
    )
    flag = "/api/v1/admin/flags/related-products"
    assert client.put(flag, json={"enabled": False}, headers=CLERK).status_code == 200
    assert error(client.get("/api/v1/products/P00003/related")) == (404, "not_available")
    assert events(memory, "config.changed")[-1]["feature_flag.key"] == "related-products"
    assert error(client.put("/api/v1/admin/flags/none", json={"enabled": True}, headers=CLERK)) == (404, "unknown_flag")
    assert len(client.get("/api/v1/admin/settings", headers=CLERK).json["settings"]) == 5


def test_credentials_are_forwarded_with_the_clients_address_and_agent(client: FlaskClient, neighbours) -> None:
    headers = {"User-Agent": "Mozilla/5.0", "X-Forwarded-For": "81.2.69.142"}
    login = {"email": "anna@northwind.example", "password": "correct horse"}
    assert client.post("/api/v1/auth/login", json=login, headers=headers).json["session_id"] == "s100"
    path, body, sent = neighbours.asked[-1]
    assert (path, body) == ("/v1/login", login)
    assert (sent["X-Client-Address"], sent["X-Client-Agent"]) == ("81.2.69.142", "Mozilla/5.0")
    assert sent["traceparent"] and sent["X-Request-Id"]
    wrong = login | {"password": "wrong"}
    assert error(client.post("/api/v1/auth/login", json=wrong)) == (401, "invalid_credentials")
    assert error(client.post("/api/v1/auth/logout")) == (401, "unauthenticated")
    assert client.post("/api/v1/auth/logout", headers=CUSTOMER).status_code == 204


def test_reads_remember_a_verified_token_and_changes_verify_anew(client: FlaskClient, neighbours) -> None:
    for _ in range(3):
        assert client.get("/api/v1/orders", headers=CUSTOMER).status_code == 200
    assert len(neighbours.asked) == 1
    client.put("/api/v1/wishlist/P00007", headers=CUSTOMER)
    client.put("/api/v1/wishlist/P00007", headers=CUSTOMER)
    assert len(neighbours.asked) == 3
    assert error(client.get("/api/v1/orders", headers={"Authorization": "Bearer stolen"})) == (401, "invalid_token")
    assert client.get("/api/v1/categories", headers={"Authorization": "Bearer stolen"}).status_code == 200
