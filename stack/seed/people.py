"""Tenants and people. Numbers 1-8 run the shop, 9-56 are partners (two a tenant), the rest are customers."""

from dataclasses import dataclass
from functools import cache
from uuid import UUID

from seed.draw import digest, rng

TENANTS = 24
PEOPLE = 2400
ADMINS = range(1, 4)
CLERKS = range(4, 9)
PARTNERS = range(9, 57)
CUSTOMERS = range(57, PEOPLE + 1)
DEVICES = 3  # on which a customer once signed in and was remembered

TENANT_NAMES = (
    "Alder & Pine", "Brightwater", "Cobalt Works", "Dunmore Supply", "Eastgate Outfitters", "Fennimore", "Greyfield",
    "Harborline", "Ironbridge", "Juniper Lane", "Kestrel Goods", "Larkspur Home", "Millstone", "Nordic Thread",
    "Oakhaven", "Peregrine Sports", "Quarry Kitchen", "Redwood Audio", "Silverbirch", "Tidewater", "Umber & Sons",
    "Valley Garden", "Westerly", "Yarrow Books",
)  # fmt: skip
FIRST_NAMES = (
    "Aaliyah", "Adam", "Aiko", "Alejandro", "Amara", "Amélie", "Anders", "Anna", "Arjun", "Astrid", "Beatriz", "Ben",
    "Camille", "Carlos", "Chiara", "Chloe", "Daniel", "David", "Deepa", "Diego", "Elena", "Elif", "Emil", "Emma",
    "Erik", "Fatima", "Felix", "Finn", "Freya", "Gabriel", "Grace", "Hana", "Hannah", "Henrik", "Hugo", "Ibrahim",
    "Ines", "Ingrid", "Isabel", "Ivan", "Jack", "Jonas", "Julia", "Kai", "Karin", "Kofi", "Lars", "Laura", "Leila",
    "Liam", "Lucia", "Magnus", "Malik", "Maria", "Marta", "Mateo", "Maya", "Mei", "Mia", "Mikael", "Milan", "Nadia",
    "Naomi", "Niamh", "Nikolai", "Noah", "Nora", "Olga", "Oliver", "Omar", "Paul", "Petra", "Priya", "Rafael",
    "Rosa", "Ruth", "Sami", "Sara", "Sean", "Sofia", "Stefan", "Tara", "Theo", "Tomas", "Uma", "Vera", "Victor",
    "Wei", "Yara", "Yusuf", "Zoe",
)  # fmt: skip
LAST_NAMES = (
    "Abbott", "Adeyemi", "Almeida", "Andersen", "Baker", "Banerjee", "Becker", "Bianchi", "Blake", "Brennan", "Carter",
    "Castillo", "Chen", "Clarke", "Costa", "Dahl", "Dubois", "Eriksen", "Evans", "Farah", "Fischer", "Fontaine",
    "Garcia", "Gupta", "Haddad", "Hansen", "Hayes", "Hoffmann", "Ivanova", "Jansen", "Johansson", "Kaya", "Keller",
    "Kim", "Kowalski", "Larsen", "Leroy", "Lindqvist", "Lopez", "Marino", "Martin", "Mensah", "Meyer", "Mitchell",
    "Moreau", "Moreno", "Murphy", "Nakamura", "Nguyen", "Novak", "O'Brien", "Okafor", "Olsen", "Osei", "Park",
    "Patel", "Pereira", "Petrov", "Quinn", "Rahman", "Reyes", "Ricci", "Rossi", "Santos", "Sato", "Schmidt", "Silva",
    "Singh", "Sokolov", "Suzuki", "Svensson", "Tanaka", "Taylor", "Thomas", "Torres", "Usman", "Vargas", "Vogel",
    "Walker", "Wang", "Weber", "White", "Yilmaz", "Young", "Zhang",
)  # fmt: skip
MAIL_DOMAINS = ("fjordmail.net", "postbrook.com", "mailhaven.net", "inboxly.org", "larkpost.com", "tidemail.net")
PASSWORD_WORDS = (
    "amber", "anchor", "bramble", "breeze", "candle", "canyon", "cedar", "copper", "coral", "dapple", "drift", "ember",
    "falcon", "fern", "garnet", "glacier", "harvest", "hazel", "indigo", "ivory", "jasper", "juniper", "kettle",
    "lagoon", "lantern", "maple", "meadow", "nectar", "nimbus", "opal", "orchid", "paddle", "pebble", "quartz",
    "quiver", "raven", "ripple", "saddle", "sparrow", "thistle", "timber", "umbra", "velvet", "walnut", "willow",
    "zephyr",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tenant:
    id: int
    name: str
    domain: str


@dataclass(frozen=True, slots=True)
class Person:
    number: int
    id: str
    tenant_id: int
    email: str
    name: str
    password: str
    roles: tuple[str, ...]
    postcode: str
    card_token: str
    api_key: str | None  # partners only
    age_days: int  # since the account was made


@dataclass(frozen=True, slots=True)
class Device:
    """A browser or app that stays signed in: its session's id and its refresh token when the shop opens."""

    session_id: str
    refresh_token: str


@cache
def tenant(number: int) -> Tenant:
    name = TENANT_NAMES[number - 1]
    letters = "".join(c for c in name.lower().replace("&", "and") if c.isalpha())
    return Tenant(number, name, f"{letters}.com")


@cache
def person(number: int) -> Person:
    if not 1 <= number <= PEOPLE:
        raise ValueError(f"there is no person {number}")
    r = rng("person", number)
    first, last = r.choice(FIRST_NAMES), r.choice(LAST_NAMES)
    tenant_id = (number - PARTNERS.start) % TENANTS + 1 if number in PARTNERS else r.randint(1, TENANTS)
    if number in CUSTOMERS:
        mailbox, domain = f"{first}.{last}{number}", r.choice(MAIL_DOMAINS)
    elif number in PARTNERS:
        mailbox, domain = f"{first}.{last}{number}", tenant(tenant_id).domain
    else:
        mailbox, domain = f"{first}.{last}{number}", "northwind-market.com"
    return Person(
        number=number,
        id=f"u{number}",
        tenant_id=tenant_id,
        email=f"{_plain(mailbox)}@{domain}",
        name=f"{first} {last}",
        password=f"{r.choice(PASSWORD_WORDS).title()}-{r.choice(PASSWORD_WORDS)}-{r.randint(1000, 9999)}",
        roles=_roles(number),
        postcode=f"{r.randint(10000, 98999)}",
        card_token=f"card_{digest('card', number).hex()[:24]}",
        api_key=f"nwk_{digest('key', number).hex()[:40]}" if number in PARTNERS else None,
        age_days=r.randint(40, 1400),
    )


@cache
def device(number: int, which: int) -> Device:
    if number not in CUSTOMERS or not 0 <= which < DEVICES:
        raise ValueError(f"person {number} has no device {which}")
    raw = digest("device", number, which)
    return Device(str(UUID(bytes=raw[:16], version=4)), f"nwr_{digest('refresh', number, which).hex()[:48]}")


def _roles(number: int) -> tuple[str, ...]:
    if number in ADMINS:
        return ("admin", "clerk")
    if number in CLERKS:
        return ("clerk",)
    return ("partner",) if number in PARTNERS else ("customer",)


def _plain(mailbox: str) -> str:
    return mailbox.lower().replace("'", "").replace("é", "e")
