"""HTTP in, service functions, HTTP out."""

from . import account, admin, cart, catalog, credentials, documents, operations, orders, partner

BLUEPRINTS = (
    operations.blueprint,
    documents.blueprint,
    catalog.blueprint,
    cart.blueprint,
    orders.blueprint,
    account.blueprint,
    credentials.blueprint,
    partner.blueprint,
    admin.blueprint,
)
