"""Which product, and with which words people look for it."""

from bisect import bisect_left
from functools import cache
from itertools import accumulate
from random import Random

from load.tables import PRODUCT_EXPONENT
from seed.catalogue import PRODUCTS, Product, by_popularity, product


@cache
def _cumulated() -> list[float]:
    return list(accumulate(rank**-PRODUCT_EXPONENT for rank in range(1, PRODUCTS + 1)))


def zipf_product(r: Random) -> Product:
    weights = _cumulated()
    return product(by_popularity()[bisect_left(weights, r.random() * weights[-1])])


def product_of(number: int) -> Product:
    return product(number)


def search_text(wanted: Product, r: Random) -> str:
    style, material, noun = wanted.name.lower().split(" ", 2)
    forms = (noun, f"{material} {noun}", f"{style} {noun}", f"{style} {material} {noun}", style, f"{noun} {material}")
    return r.choices(forms, (24, 30, 22, 8, 6, 10))[0]


def misspelt(text: str, r: Random) -> str:
    """Two letters change places, or one is missing."""
    if len(text) < 3:
        return text
    i = r.randrange(1, len(text) - 1)
    return text[:i] + text[i + 1] + text[i] + text[i + 2 :] if r.random() < 0.6 else text[:i] + text[i + 1 :]
