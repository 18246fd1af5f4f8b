"""The TCP gateway before auth-service: forwards connections, shapes them when an operator says so."""
