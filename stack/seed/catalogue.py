"""Categories, products, stock, coupons, settings and flags."""

from dataclasses import dataclass
from functools import cache

from seed.draw import rng
from seed.people import TENANTS

PRODUCTS = 2400
ZIPF_EXPONENT = 0.95

# name: (typical price in cents, typical weight in grams, what is sold)
CATEGORIES: dict[str, tuple[int, int, tuple[str, ...]]] = {
    "Backpacks": (6900, 900, ("backpack", "daypack", "rucksack", "duffel")),
    "Bedding": (5400, 1400, ("duvet", "pillow", "blanket", "sheet set")),
    "Bikes": (8900, 2100, ("pannier", "bike light", "saddle", "pump")),
    "Books": (1800, 450, ("field guide", "cookbook", "atlas", "journal")),
    "Camping": (9900, 1900, ("tent", "sleeping bag", "stove", "camp chair")),
    "Candles": (1600, 350, ("candle", "diffuser", "wax melt", "lantern")),
    "Coffee": (2900, 700, ("grinder", "kettle", "dripper", "mug")),
    "Cookware": (5900, 1800, ("skillet", "saucepan", "stockpot", "wok")),
    "Desks": (19900, 9000, ("desk", "desk lamp", "monitor stand", "drawer unit")),
    "Footwear": (8400, 1100, ("boot", "sneaker", "sandal", "slipper")),
    "Garden": (3400, 1300, ("trowel", "planter", "hose", "pruner")),
    "Headphones": (7900, 300, ("headphones", "earbuds", "headset", "ear pads")),
    "Jackets": (11900, 850, ("parka", "anorak", "rain jacket", "vest")),
    "Kitchen": (2400, 600, ("knife", "cutting board", "peeler", "whisk")),
    "Lighting": (4700, 1200, ("pendant", "floor lamp", "sconce", "bulb")),
    "Luggage": (12900, 3200, ("suitcase", "carry-on", "garment bag", "packing cube")),
    "Pets": (2200, 800, ("leash", "dog bed", "feeder", "scratching post")),
    "Rugs": (9400, 4200, ("rug", "runner", "doormat", "sheepskin")),
    "Skincare": (1900, 200, ("face cream", "serum", "balm", "soap")),
    "Speakers": (10900, 1500, ("speaker", "soundbar", "turntable", "radio")),
    "Sweaters": (6400, 550, ("sweater", "cardigan", "hoodie", "pullover")),
    "Toys": (2600, 500, ("puzzle", "kite", "train set", "building blocks")),
    "Watches": (14900, 150, ("watch", "watch strap", "stopwatch", "travel clock")),
    "Yoga": (3900, 1000, ("yoga mat", "foam roller", "block", "bolster")),
}
STYLES = (
    "Alpine", "Arctic", "Atlas", "Aurora", "Birch", "Bolt", "Breton", "Canvas", "Cascade", "Cinder", "Classic",
    "Coastal", "Compact", "Delta", "Dune", "Everyday", "Fjord", "Granite", "Harbor", "Heritage", "Highland", "Juno",
    "Kodiak", "Lumen", "Meridian", "Mesa", "Monarch", "Nomad", "Orbit", "Pacific", "Pioneer", "Polar", "Prairie",
    "Quill", "Ridge", "Sierra", "Sol", "Summit", "Tundra", "Vista",
)  # fmt: skip
MATERIALS = (
    "aluminium", "bamboo", "beech", "brass", "ceramic", "cork", "cotton", "felt", "glass", "hemp", "leather", "linen",
    "merino", "oak", "recycled", "steel", "stone", "waxed", "wicker", "wool",
)  # fmt: skip
COLOURS = ("black", "charcoal", "clay", "cream", "forest", "indigo", "mustard", "natural", "rust", "sand", "slate")
DETAILS = (
    "Made to be repaired.", "Ships flat.", "Five-year guarantee.", "Spare parts available.", "Hand finished.",
    "Machine washable.", "Fits most sizes.", "Plastic-free packaging.", "A favourite of our own staff.",
)  # fmt: skip

HELP_PAGES = ("shipping", "returns", "payment", "contact", "privacy")  # those web-api has
COUPONS = {  # code: (percent, days from the opening until it ends)
    "WELCOME10": (10, 3650), "NORTH5": (5, 3650), "FRIENDS15": (15, 3650), "BUNDLE20": (20, 3650),
    "LOYAL12": (12, 3650), "SUMMER20": (20, -80), "SPRING15": (15, -170), "OUTLET30": (30, -25),
}  # fmt: skip
VALID_COUPONS = tuple(code for code, (_, days) in COUPONS.items() if days > 0)
EXPIRED_COUPONS = tuple(code for code, (_, days) in COUPONS.items() if days < 0)
SETTINGS = {
    "catalog.page_size": "24", "cart.max_items": "50", "cache.product_ttl": "60", "search.min_length": "2",
    "quote.deadline_ms": "1500",
}  # fmt: skip
FLAGS = {"related-products": True, "review-prompts": False, "free-shipping-banner": False}


@dataclass(frozen=True, slots=True)
class Category:
    id: int
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Product:
    number: int
    sku: str
    tenant_id: int
    category_id: int
    name: str
    description: str
    price_cents: int
    weight_grams: int
    popularity: float
    stock: int
    age_days: int


@cache
def categories() -> tuple[Category, ...]:
    return tuple(Category(i, name.lower(), name) for i, name in enumerate(CATEGORIES, start=1))


@cache
def by_popularity() -> tuple[int, ...]:
    """Product numbers, the most popular first."""
    numbers = list(range(1, PRODUCTS + 1))
    rng("popularity").shuffle(numbers)
    return tuple(numbers)


@cache
def _ranks() -> dict[int, int]:
    return {number: rank for rank, number in enumerate(by_popularity(), start=1)}


@cache
def product(number: int) -> Product:
    if not 1 <= number <= PRODUCTS:
        raise ValueError(f"there is no product {number}")
    r = rng("product", number)
    category = categories()[r.randrange(len(CATEGORIES))]
    price, grams, nouns = CATEGORIES[category.name]
    noun, style, material = r.choice(nouns), r.choice(STYLES), r.choice(MATERIALS)
    rank = _ranks()[number]
    weight = rank**-ZIPF_EXPONENT
    return Product(
        number=number,
        sku=f"P{number:05d}",
        tenant_id=r.randint(1, TENANTS),
        category_id=category.id,
        name=f"{style} {material} {noun}",
        description=f"{style} {noun} in {r.choice(COLOURS)} {material}. {r.choice(DETAILS)} {r.choice(DETAILS)}",
        price_cents=max(290, round(price * r.lognormvariate(0, 0.45) / 10) * 10 - 1),
        weight_grams=max(40, round(grams * r.lognormvariate(0, 0.3))),
        popularity=round(1000 * weight, 4),
        stock=_stock(r.random(), weight),
        age_days=r.randint(5, 900),
    )


def _stock(luck: float, weight: float) -> int:
    """What sells is kept in stock; one product in forty has run out, one in twenty nearly."""
    if luck < 0.025 and weight < 0.1:
        return 0
    if luck < 0.075 and weight < 0.1:
        return 1 + int(luck * 100)
    return 60 + int(40 * luck) + int(60_000 * weight)


@cache
def sold_out() -> tuple[int, ...]:
    return tuple(n for n in by_popularity() if product(n).stock == 0)


@cache
def of_tenant(tenant_id: int) -> tuple[int, ...]:
    return tuple(n for n in by_popularity() if product(n).tenant_id == tenant_id)


@cache
def of_category(category_id: int) -> tuple[int, ...]:
    """Product numbers of a category, the most popular first."""
    return tuple(n for n in by_popularity() if product(n).category_id == category_id)
