-- The shop's database. Applied once to an empty database; every service has a role of its own.

CREATE TABLE tenants (
    id integer PRIMARY KEY,
    name text NOT NULL,
    domain text NOT NULL UNIQUE
);

CREATE TABLE users (
    id text PRIMARY KEY,                     -- 'u1042'
    tenant_id integer NOT NULL REFERENCES tenants,
    email text NOT NULL UNIQUE,
    name text NOT NULL,
    password_hash text NOT NULL,             -- argon2id, PHC string
    roles text[] NOT NULL DEFAULT '{customer}', -- customer, partner, clerk, admin
    locked_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE sessions (
    id text PRIMARY KEY,
    user_id text NOT NULL REFERENCES users,
    refresh_sha256 bytea NOT NULL UNIQUE,
    address inet,
    user_agent text,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE api_keys (
    id text PRIMARY KEY,                     -- 'k17'
    user_id text NOT NULL REFERENCES users,
    key_sha256 bytea NOT NULL UNIQUE,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);

CREATE TABLE auth_audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    user_id text,
    event text NOT NULL,
    outcome text NOT NULL,
    address inet
);

CREATE TABLE categories (
    id integer PRIMARY KEY,
    slug text NOT NULL UNIQUE,
    name text NOT NULL
);

CREATE TABLE products (
    sku text PRIMARY KEY,                    -- 'P01234'
    tenant_id integer NOT NULL REFERENCES tenants,
    category_id integer NOT NULL REFERENCES categories,
    name text NOT NULL,
    description text NOT NULL,
    price_cents integer NOT NULL,
    weight_grams integer NOT NULL,
    popularity double precision NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    search tsvector GENERATED ALWAYS AS (to_tsvector('simple', name || ' ' || description)) STORED
);
CREATE INDEX products_category ON products (category_id, popularity DESC);
CREATE INDEX products_tenant ON products (tenant_id);
CREATE INDEX products_search ON products USING gin (search);

CREATE TABLE stock (
    sku text PRIMARY KEY REFERENCES products,
    quantity integer NOT NULL CHECK (quantity >= 0),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE reviews (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text NOT NULL REFERENCES products,
    user_id text NOT NULL REFERENCES users,
    rating smallint NOT NULL CHECK (rating BETWEEN 1 AND 5),
    title text NOT NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (sku, user_id)
);

CREATE TABLE wishlist (
    user_id text NOT NULL REFERENCES users,
    sku text NOT NULL REFERENCES products,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, sku)
);

CREATE TABLE coupons (
    code text PRIMARY KEY,
    percent smallint NOT NULL,
    valid_until timestamptz NOT NULL
);

CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY (START WITH 100001) PRIMARY KEY,
    user_id text NOT NULL REFERENCES users,
    tenant_id integer NOT NULL REFERENCES tenants,
    status text NOT NULL,                    -- pending, paid, declined, shipped, cancelled, refunded
    total_cents integer NOT NULL,
    shipping_cents integer NOT NULL DEFAULT 0,
    coupon text,
    postcode text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX orders_user ON orders (user_id, created_at DESC);
CREATE INDEX orders_status ON orders (status, created_at);
CREATE INDEX orders_created ON orders (created_at);

CREATE TABLE order_items (
    order_id bigint NOT NULL REFERENCES orders,
    sku text NOT NULL REFERENCES products,
    quantity integer NOT NULL,
    price_cents integer NOT NULL,
    PRIMARY KEY (order_id, sku)
);
CREATE INDEX order_items_sku ON order_items (sku);

CREATE TABLE payments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES orders,
    kind text NOT NULL,                      -- charge, refund
    status text NOT NULL,                    -- authorised, declined, failed
    amount_cents integer NOT NULL,
    provider_reference text,
    created_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz
);
CREATE INDEX payments_order ON payments (order_id);
CREATE INDEX payments_unsettled ON payments (created_at) WHERE settled_at IS NULL;

CREATE TABLE settings (
    key text PRIMARY KEY,                    -- 'catalog.page_size'
    value text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text
);

CREATE TABLE flags (
    key text PRIMARY KEY,                    -- 'related-products'
    enabled boolean NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text
);

CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    user_id text NOT NULL,
    action text NOT NULL,
    target text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE exports (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id text NOT NULL REFERENCES users,
    kind text NOT NULL,
    status text NOT NULL,                    -- queued, ready
    rows integer,
    created_at timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT ON ALL TABLES IN SCHEMA public TO web_api, auth_service, payment_worker;
GRANT INSERT, UPDATE, DELETE ON reviews, wishlist, orders, order_items, stock, settings, flags, audit, exports TO web_api;
GRANT UPDATE (name) ON users TO web_api;
GRANT INSERT, UPDATE ON users, sessions, api_keys, auth_audit TO auth_service;
GRANT INSERT, UPDATE ON orders, payments, products, stock, exports TO payment_worker;
GRANT pg_monitor TO otel;
