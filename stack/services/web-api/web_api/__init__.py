"""The shop's public entrance: pages, the JSON API, the partners' API and the back office."""

from .app import create_app

__all__ = ["create_app"]
