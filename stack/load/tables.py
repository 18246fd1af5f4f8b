"""How people use the shop: rates, ways through it, pauses, mistakes. Nothing but data."""

# One day, an hour a value, as a multiple of the day's mean: a trough before dawn, a lunch bump, an evening peak.
DAY = (
    0.62, 0.53, 0.47, 0.45, 0.46, 0.53, 0.66, 0.83, 0.98, 1.07, 1.13, 1.20,
    1.27, 1.24, 1.15, 1.11, 1.13, 1.22, 1.40, 1.59, 1.67, 1.48, 1.10, 0.71,
)  # fmt: skip
NOISE_SECONDS = 5.0  # how long a gust of visitors lasts
NOISE_SHAPE = 7.0  # of the gamma distribution around the curve; its variation is shape ** -0.5
EARLIER = 300.0  # sessions that began so long before the start are entered midway

KINDS = {"shopper": 0.590, "mobile": 0.264, "partner": 0.140, "clerk": 0.006}
SIGNED_IN = {"shopper": 0.38, "mobile": 0.52}  # sessions of people who are recognised when they come
KNOWN_GUEST = {"shopper": 0.45, "mobile": 0.45}  # guests who have an account and sign in when they must
PASSWORD_AT_START = 0.13  # of those signed in: typed a password rather than being remembered
LIVE_SESSIONS = 2  # of one person
LIVE_RUNS = 6  # of one partner's programs
PERSON_SIGMA = 1.0  # log-normal weight of people
PARTNER_SIGMA = 1.2
PRODUCT_EXPONENT = 0.95
CLERK_WEIGHTS = (1, 1, 2, 6, 6, 5, 4, 3)  # numbers 1 to 8

# What people do next. "out" ends the session.
GUEST = {
    "enter": {"home": 0.38, "product": 0.30, "category": 0.14, "search": 0.13, "help": 0.03, "cart": 0.02},
    "home": {"category": 0.37, "search": 0.27, "product": 0.20, "account": 0.03, "help": 0.02, "out": 0.11},
    "category": {"category": 0.20, "product": 0.55, "search": 0.10, "home": 0.04, "out": 0.11},
    "search": {"search": 0.20, "product": 0.57, "category": 0.09, "home": 0.03, "out": 0.11},
    "product": {"product": 0.33, "category": 0.17, "search": 0.11, "add": 0.20, "home": 0.03, "help": 0.01,
                "out": 0.15},
    "add": {"product": 0.32, "category": 0.15, "search": 0.09, "cart": 0.36, "out": 0.08},
    "cart": {"change": 0.15, "coupon": 0.10, "checkout": 0.38, "product": 0.15, "category": 0.07, "out": 0.15},
    "change": {"change": 0.08, "checkout": 0.52, "product": 0.20, "out": 0.20},
    "coupon": {"coupon": 0.12, "checkout": 0.63, "product": 0.10, "out": 0.15},
    "checkout": {"pay": 0.72, "cart": 0.07, "product": 0.03, "out": 0.18},
    "pay": {"order": 0.40, "home": 0.10, "out": 0.50},
    "order": {"cancel": 0.06, "home": 0.20, "product": 0.10, "out": 0.64},
    "cancel": {"home": 0.30, "out": 0.70},
    "account": {"home": 0.45, "category": 0.20, "out": 0.35},
    "help": {"help": 0.15, "home": 0.35, "category": 0.25, "out": 0.25},
}  # fmt: skip
CUSTOMER = {
    "enter": {"home": 0.40, "product": 0.24, "category": 0.09, "search": 0.12, "orders": 0.10, "account": 0.03,
              "cart": 0.02},
    "home": {"category": 0.28, "search": 0.26, "product": 0.24, "orders": 0.05, "account": 0.03, "wishlist": 0.05,
             "cart": 0.03, "out": 0.06},
    "category": {"category": 0.19, "product": 0.62, "search": 0.09, "home": 0.03, "out": 0.07},
    "search": {"search": 0.18, "product": 0.63, "category": 0.09, "home": 0.03, "out": 0.07},
    "product": {"product": 0.37, "category": 0.15, "search": 0.10, "add": 0.18, "wish": 0.05, "review": 0.02,
                "home": 0.02, "out": 0.11},
    "add": {"product": 0.31, "category": 0.14, "search": 0.08, "cart": 0.40, "out": 0.07},
    "cart": {"change": 0.13, "coupon": 0.11, "checkout": 0.46, "product": 0.13, "category": 0.06, "out": 0.11},
    "change": {"change": 0.08, "checkout": 0.58, "product": 0.17, "out": 0.17},
    "coupon": {"coupon": 0.12, "checkout": 0.68, "product": 0.08, "out": 0.12},
    "checkout": {"pay": 0.80, "cart": 0.06, "product": 0.03, "out": 0.11},
    "pay": {"order": 0.42, "orders": 0.08, "home": 0.12, "product": 0.08, "out": 0.30},
    "orders": {"order": 0.50, "home": 0.20, "product": 0.10, "account": 0.03, "out": 0.17},
    "order": {"cancel": 0.08, "orders": 0.13, "product": 0.20, "home": 0.19, "review": 0.09, "out": 0.31},
    "cancel": {"orders": 0.45, "home": 0.20, "out": 0.35},
    "account": {"orders": 0.30, "rename": 0.05, "wishlist": 0.15, "password": 0.01, "home": 0.22, "logout": 0.05,
                "out": 0.22},
    "rename": {"account": 0.30, "home": 0.40, "out": 0.30},
    "password": {"account": 0.40, "home": 0.30, "out": 0.30},
    "wishlist": {"product": 0.47, "unwish": 0.15, "home": 0.20, "out": 0.18},
    "wish": {"product": 0.50, "wishlist": 0.17, "category": 0.15, "search": 0.08, "out": 0.10},
    "unwish": {"wishlist": 0.25, "product": 0.45, "out": 0.30},
    "review": {"product": 0.50, "home": 0.28, "out": 0.22},
    "logout": {"home": 0.10, "out": 0.90},
}  # fmt: skip
PARTNER = {
    "enter": {"catalog": 0.30, "stock": 0.48, "sell": 0.22},
    "catalog": {"catalog": 0.86, "stock": 0.08, "out": 0.06},
    "stock": {"stock": 0.78, "sell": 0.07, "catalog": 0.03, "out": 0.12},
    "sell": {"sell": 0.48, "stock": 0.18, "out": 0.34},
}
CLERK = {
    "enter": {"desk": 0.70, "settings": 0.06, "reports": 0.24},
    "desk": {"ship": 0.42, "desk": 0.20, "lookup": 0.20, "reports": 0.06, "audit": 0.04, "settings": 0.02,
             "export": 0.04, "out": 0.02},
    "ship": {"ship": 0.56, "desk": 0.38, "lookup": 0.04, "out": 0.02},
    "lookup": {"lookup": 0.30, "desk": 0.66, "out": 0.04},
    "reports": {"reports": 0.30, "desk": 0.48, "export": 0.12, "audit": 0.04, "out": 0.06},
    "audit": {"desk": 0.80, "settings": 0.10, "out": 0.10},
    "settings": {"desk": 0.70, "audit": 0.20, "out": 0.10},
    "export": {"check": 1.0},
    "check": {"check": 0.15, "download": 0.75, "desk": 0.10},
    "download": {"desk": 0.85, "out": 0.15},
}  # fmt: skip
WAYS = {"guest": GUEST, "customer": CUSTOMER, "partner": PARTNER, "clerk": CLERK}
LONGEST = {"shopper": 40, "mobile": 40, "partner": 60, "clerk": 120}  # pages

# Seconds before the next page: median, sigma of the logarithm, longest.
THINK = {
    "home": (6.0, 0.9, 90.0), "category": (8.0, 1.0, 120.0), "search": (7.0, 1.0, 120.0), "product": (11.0, 1.0, 150.0),
    "add": (3.0, 0.8, 60.0), "cart": (7.0, 1.0, 120.0), "change": (4.0, 0.8, 60.0), "coupon": (8.0, 0.9, 60.0),
    "checkout": (14.0, 0.8, 120.0), "pay": (5.0, 0.8, 60.0), "wish": (4.0, 0.8, 60.0), "review": (9.0, 0.9, 120.0),
    "catalog": (0.7, 0.5, 8.0), "stock": (1.6, 0.8, 20.0), "sell": (2.2, 0.9, 30.0),
    "desk": (9.0, 0.9, 120.0), "ship": (5.0, 0.8, 60.0), "check": (6.0, 0.5, 20.0),
    "resume": (0.25, 0.5, 2.0), "signin": (9.0, 0.6, 45.0),
}  # fmt: skip
THINK_ELSE = (7.5, 1.0, 120.0)
MOBILE_PACE = 0.85
RENDER = (0.055, 0.5, 0.6)  # a document's end and its API calls
TYPING = (0.42, 0.4, 1.5)  # between two suggestions
STAGGER = 0.012  # calls of one page do not leave in the same instant
TOKEN_SECONDS = 840.0  # signed in for longer than this: the client asks for another access token

# Shares of optional calls of a page.
CALLS = {
    "categories": 0.35, "recommendations": 0.80, "reviews": 0.75, "reviews_page_2": 0.10, "related": 0.60,
    "recently_viewed": 0.94, "cart_badge": 0.12, "listing_page_2": 0.30, "listing_sorted": 0.25, "search_page_2": 0.12,
    "suggest_more": 0.45, "icon": 0.15, "campaign": 0.34, "added_estimate": 0.35, "cart_estimate": 0.80,
}  # fmt: skip
CAMPAIGNS = (  # how the links of advertisements and newsletters end
    "?utm_source=newsletter&utm_campaign=weekly&mc_eid={0:010x}", "?gclid=Cj0KCQ{0:024x}", "?fbclid=IwZXh0bgN{0:024x}",
    "?utm_source=google&utm_medium=cpc&gclid=EAIaIQ{0:024x}",
)  # fmt: skip
SORTS = ("price", "-price", "new")

# Mistakes, each a probability where it can happen.
MISTAKES = {
    "wrong_password": 0.038, "wrong_again": 0.25, "wrong_email": 0.008, "stale_token": 0.02, "dead_link": 0.034,
    "dead_category": 0.03, "dead_help": 0.03, "double_click": 0.04, "double_pay": 0.02, "sold_out": 0.07,
    "bad_coupon": 0.42, "short_search": 0.02, "search_typo": 0.06, "bad_postcode": 0.02, "other_order": 0.03,
    "weak_password": 0.12, "email_taken": 0.06, "already_reviewed": 0.06, "already_shipped": 0.03, "wrong_user": 0.05,
    "foreign_stock": 0.01, "too_late_to_cancel": 0.25, "hang_up": 0.007, "hang_up_slow": 0.025,
}  # fmt: skip
HANG_UP = (0.018, 0.9, 2.0)  # seconds of patience of those who hang up
NEW_ACCOUNT = 0.45  # guests without an account who register at the checkout; the others leave
BAD_COUPONS = ("SAVE20", "WELCOME", "NORTHWIND", "XMAS25", "FREESHIP", "WELCOM10", "STUDENT10", "BLACK30")
HARD_SEARCHES = ("50% off", "women's", "mug & spoon", "size 42", "gift for dad", "t-shirt", "o'brien", "café", "zzz")

# What changes in ordinary operation: key, values it may take.
SETTINGS = {
    "catalog.page_size": ("20", "30", "36"), "cart.max_items": ("40", "60", "75"),
    "cache.product_ttl": ("45", "90", "120"), "search.min_length": ("3",),
    "quote.deadline_ms": ("1400", "1800", "2000"),
}  # fmt: skip
FLAGS = ("review-prompts", "free-shipping-banner")  # without related-products its calls would be 404
FLAG_SHARE = 0.4  # of the changes
EDGE = 0.15  # no release or change in the first and last part of a run
APART = 20.0  # seconds between two releases
