"""Where people come from and with what: addresses and user agents."""

from functools import cache
from hashlib import sha256
from random import Random

from seed.people import CUSTOMERS, DEVICES, PARTNERS

# Access networks of households, and what stands before many people: carriers, offices, proxies.
HOMES = (
    "24.5", "31.51", "45.20", "62.31", "68.44", "73.162", "77.22", "78.86", "81.96", "82.13", "84.115", "86.140",
    "88.66", "90.212", "91.64", "94.112", "98.207", "109.70", "151.227", "176.24", "188.98", "213.47",
)  # fmt: skip
CARRIERS = ("37.4", "92.40", "107.77", "166.137", "172.58", "174.203")
OFFICES = ("12.190", "63.88", "80.169", "195.27")
DATA_CENTRES = ("35.190", "51.77", "138.68", "167.99")
HOUSEHOLDS, CARRIER_GATEWAYS, OFFICE_PROXIES = 5000, 36, 14
BEHIND_OFFICE = 0.07

CHROME = ("129.0.0.0", "130.0.0.0", "131.0.0.0", "128.0.0.0")
_KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
BROWSERS: dict[str, float] = {
    **{f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_KIT} Chrome/{v} Safari/537.36": 12 / 2**i
       for i, v in enumerate(("131.0.0.0", "130.0.0.0", "129.0.0.0", "128.0.0.0", "124.0.0.0"))},
    **{f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_KIT} Chrome/{v} Safari/537.36": 5 / 2**i
       for i, v in enumerate(("131.0.0.0", "130.0.0.0", "129.0.0.0"))},
    **{f"Mozilla/5.0 (X11; Linux x86_64) {_KIT} Chrome/{v} Safari/537.36": 1.2 / 2**i
       for i, v in enumerate(("131.0.0.0", "130.0.0.0"))},
    **{f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_KIT} Chrome/{v}.0.0.0 Safari/537.36 Edg/{v}.0.0.0": 4 / 2**i
       for i, v in enumerate(("131", "130", "129"))},
    **{f"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{v}) Gecko/20100101 Firefox/{v}": 2.5 / 2**i
       for i, v in enumerate(("132.0", "131.0", "128.0", "115.0"))},
    **{f"Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:{v}) Gecko/20100101 Firefox/{v}": 0.8 / 2**i
       for i, v in enumerate(("132.0", "131.0"))},
    **{f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{v}"
       " Safari/605.1.15": 5 / 2**i for i, v in enumerate(("18.1", "18.0", "17.6"))},
    **{f"Mozilla/5.0 (iPhone; CPU iPhone OS {v} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{s}"
       " Mobile/15E148 Safari/604.1": 9 / 2**i
       for i, (v, s) in enumerate((("18_1", "18.1"), ("17_6_1", "17.6"), ("18_0_1", "18.0"), ("16_7", "16.6")))},
    **{f"Mozilla/5.0 (Linux; Android 10; K) {_KIT} Chrome/{v} Mobile Safari/537.36": 6 / 2**i
       for i, v in enumerate(("131.0.0.0", "130.0.0.0", "129.0.0.0"))},
    f"Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S918B) {_KIT} SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile"
    " Safari/537.36": 2.0,
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_KIT} Chrome/130.0.0.0 Safari/537.36 OPR/115.0.0.0": 0.7,
}  # fmt: skip
APPS: dict[str, float] = {
    "NorthwindShop/6.4.1 (iOS 18.1; iPhone16,2)": 8, "NorthwindShop/6.4.1 (iOS 18.1; iPhone15,3)": 6,
    "NorthwindShop/6.4.1 (iOS 17.6.1; iPhone14,5)": 4, "NorthwindShop/6.4.0 (iOS 18.0.1; iPhone15,4)": 2,
    "NorthwindShop/6.3.2 (iOS 17.5; iPhone13,2)": 1, "NorthwindShop/6.4.1 (Android 14; SM-S918B)": 5,
    "NorthwindShop/6.4.1 (Android 15; Pixel 8)": 3, "NorthwindShop/6.4.0 (Android 14; Pixel 7a)": 2,
    "NorthwindShop/6.4.1 (Android 13; SM-A546B)": 3, "NorthwindShop/6.3.2 (Android 12; M2101K6G)": 1,
    "NorthwindShop/6.2.0 (Android 11; moto g(30))": 0.5,
}  # fmt: skip
PROGRAMS = (
    "python-requests/2.32.3", "okhttp/4.12.0", "Java-http-client/17.0.12", "axios/1.7.7", "Go-http-client/1.1",
    "GuzzleHttp/7", "python-httpx/0.27.2", "Apache-HttpClient/5.3.1 (Java/21.0.4)", "node-fetch/1.0", "Ruby",
    "curl/8.9.1", "StockBridge/3.8 (+https://stockbridge.io)",
)  # fmt: skip
CLERK_AGENTS = tuple(BROWSERS)[:3]


def _stable(*name: object) -> Random:
    return Random(int.from_bytes(sha256("/".join(map(str, ("crowd", *name))).encode()).digest()[:16]))


@cache
def _pool(networks: tuple[str, ...], size: int) -> tuple[str, ...]:
    r = _stable(networks[0], size)
    found: dict[str, None] = {}
    while len(found) < size:
        found[f"{r.choice(networks)}.{r.randrange(256)}.{r.randint(1, 254)}"] = None
    return tuple(found)


def agent(kind: str, r: Random) -> str:
    table = APPS if kind == "mobile" else BROWSERS
    return r.choices(list(table), list(table.values()))[0]


def address(kind: str, r: Random) -> str:
    """Phones mostly share their carrier's gateways, others mostly have an address of their own."""
    if kind == "mobile" and r.random() < 0.45:
        return r.choice(_pool(CARRIERS, CARRIER_GATEWAYS))
    if kind == "shopper" and r.random() < BEHIND_OFFICE:
        return office(r)
    return r.choice(_pool(HOMES, HOUSEHOLDS))


def office(r: Random) -> str:
    """What all people of an office come from."""
    return r.choice(_pool(OFFICES, OFFICE_PROXIES))


def exits(r: Random, count: int) -> list[str]:
    """Where a rented network of other people's devices comes out: with visitors, next door to them, behind carriers."""
    found: dict[str, None] = {}
    while len(found) < count:
        where = r.random()
        if where < 0.5:
            address = r.choice(_pool(HOMES, HOUSEHOLDS))
        elif where < 0.85:
            address = f"{r.choice(HOMES)}.{r.randrange(256)}.{r.randint(1, 254)}"
        else:
            address = r.choice(_pool(CARRIERS, CARRIER_GATEWAYS))
        found[address] = None
    return list(found)


@cache
def device(user: int, which: int) -> tuple[str, str, str]:
    """Kind, address and user agent of a customer's device; a household's devices share an address."""
    if user not in CUSTOMERS or not 0 <= which < DEVICES:
        raise ValueError(f"person {user} has no device {which}")
    r = _stable("device", user, which)
    kind = ("shopper", "mobile", "shopper")[which]
    home = address("shopper", _stable("home", user))
    return kind, address(kind, r) if which and r.random() < 0.5 else home, agent(kind, r)


@cache
def partner(user: int) -> tuple[str, str]:
    """Address and user agent of a partner's program."""
    if user not in PARTNERS:
        raise ValueError(f"person {user} is no partner")
    r = _stable("partner", user)
    return r.choice(_pool(DATA_CENTRES, 40)), r.choice(PROGRAMS)


@cache
def clerk(user: int) -> tuple[str, str]:
    """Address and user agent at a desk of the shop."""
    r = _stable("clerk", user)
    return r.choice(_pool(OFFICES, OFFICE_PROXIES)[:2]), r.choice(CLERK_AGENTS)
