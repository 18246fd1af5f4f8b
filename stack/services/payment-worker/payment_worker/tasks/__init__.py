"""The tasks; docs/stack.md lists them."""
