"""Background work of the shop: payments, receipts, settlement, search data, reports."""
