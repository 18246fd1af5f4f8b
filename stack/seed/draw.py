"""Seeded draws that depend on nothing but their name."""

from hashlib import sha256
from random import Random

SEED = "northwind-market"


def rng(*name: object) -> Random:
    """A generator of its own for each name, so that adding one kind of data never moves another."""
    return Random(int.from_bytes(digest(*name)[:16]))


def digest(*name: object) -> bytes:
    return sha256("/".join(map(str, (SEED, *name))).encode()).digest()
