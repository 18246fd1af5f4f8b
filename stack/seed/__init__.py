"""What the shop starts with: people, products and history, all pure functions of one constant seed."""
