"""People and programs that use the shop: what they do is planned first and sent afterwards."""
