"""What a plan will send, in numbers, without sending anything: `python -m load.expect plan.json`."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median, pstdev, pvariance
from typing import Any

from load.itinerary import build, due
from load.steps import Session, Step

PASSWORDS = ("/api/v1/auth/login", "/api/v1/auth/register")
JOBS = {
    ("POST", "/api/v1/recently-viewed"), ("POST", "/api/v1/checkout"), ("POST", "/api/v1/products/<sku>/reviews"),
    ("POST", "/api/v1/orders/<int:order_id>/cancel"), ("PUT", "/api/v1/partner/stock"),
    ("POST", "/api/v1/partner/orders"), ("POST", "/api/v1/admin/exports"),
}  # fmt: skip


def planned(plan: dict[str, Any]) -> Iterator[tuple[float, Session, Step]]:
    """Time, session and step of every request, if answers took no time and every reference can be resolved."""
    for entry in plan["sessions"]:
        session = Session.of(entry)
        for page in due(build(plan["seed"], session)):
            for step in page.steps():
                at = session.start + step.at
                if not step.when and at < plan["duration_s"]:
                    yield at, session, step


def expectations(plan: dict[str, Any]) -> dict[str, Any]:
    sent = sorted(planned(plan), key=lambda request: request[0])
    times = [at for at, _, _ in sent]
    steps = [step for _, _, step in sent]
    gaps = [b - a for a, b in pairwise(times)]
    routes = Counter((step.method, step.route) for step in steps)
    items = Counter(path[3] for step in steps if (path := f"/{step.path}".split("/"))[2:3] == ["p"])
    logins = [step for step in steps if step.route == "/api/v1/auth/login"]
    pages = [
        sum(1 for _ in build(plan["seed"], Session.of(e)).pages) for e in plan["sessions"] if e["kind"] == "shopper"
    ]
    people = {session.user for _, session, step in sent if session.user and step.auth in ("must", "may", "key")}
    total = len(steps)
    seconds = int(plan["duration_s"])

    def share(wanted: Callable[[Step], bool]) -> float:
        return round(100 * sum(map(wanted, steps)) / total, 2)

    return {
        "requests": total,
        "requests_per_second": round(total / plan["duration_s"], 2),
        "peak_10_s": max(_counts(times, 10, seconds)) / 10,
        "sessions": len(plan["sessions"]),
        "requests_per_session": round(total / len(plan["sessions"]), 2),
        "pages_median": median(pages),
        "live_sessions_peak": _live(plan),
        "iat_cv": round(pstdev(gaps) / fmean(gaps), 3),
        "dispersion_1_s": round(_dispersion(_counts(times, 1, seconds)), 2),
        "dispersion_10_s": round(_dispersion(_counts(times, 10, seconds)), 2),
        "routes": len({route for _, route in routes}),
        "top_10_routes_percent": round(100 * sum(n for _, n in routes.most_common(10)) / total, 1),
        "items": len(items),
        "top_tenth_of_items_percent": round(
            100 * sum(n for _, n in items.most_common(max(1, len(items) // 10))) / max(1, items.total()), 1
        ),
        "urls": len({step.path for step in steps}),
        "paths": len({step.path.partition("?")[0] for step in steps}),
        "addresses": len({session.address for _, session, _ in sent}),
        "networks": len({session.address.rsplit(".", 2)[0] for _, session, _ in sent}),
        "agents": len({session.agent for _, session, _ in sent}),
        "people": len(people),
        "client_errors_percent": share(lambda step: 400 <= step.expect < 500),
        "client_errors": dict(sorted(Counter(step.expect for step in steps if 400 <= step.expect < 500).items())),
        "hang_ups_percent": share(lambda step: step.hang_up is not None),
        "password_percent": share(lambda step: step.route in PASSWORDS),
        "login_failures_percent": round(100 * sum(s.expect == 401 for s in logins) / max(1, len(logins)), 1),
        "refresh_percent": share(lambda step: step.route == "/api/v1/auth/refresh"),
        "jobs_percent": share(lambda step: (step.method, step.route) in JOBS),
        "checkouts": sum(step.route == "/api/v1/checkout" for step in steps),
        "kinds_percent": {
            kind: round(100 * n / total, 1) for kind, n in Counter(session.kind for _, session, _ in sent).most_common()
        },
        "top_routes": {" ".join(route): n for route, n in routes.most_common(12)},
    }


def _counts(times: list[float], width: int, seconds: int) -> list[int]:
    bins = Counter(int(at // width) for at in times)
    return [bins[i] for i in range(max(1, seconds // width))]


def _dispersion(counts: list[int]) -> float:
    return pvariance(counts) / fmean(counts) if len(counts) > 1 and fmean(counts) else 0.0


def _live(plan: dict[str, Any]) -> int:
    moves = []
    for entry in plan["sessions"]:
        session = Session.of(entry)
        moves += [(session.start, 1), (session.start + build(plan["seed"], session).duration, -1)]
    live = peak = 0
    for _, change in sorted(moves):
        live += change
        peak = max(peak, live)
    return peak


if __name__ == "__main__":
    sys.stdout.write(
        json.dumps(expectations(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))), indent=2) + "\n"
    )
