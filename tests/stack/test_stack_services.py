"""What runs in the shop knows nothing of what goes wrong: no word of it, no waiting, no chance but what is listed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
STACK = ROOT / "stack"
# Locks name other people's packages; tests, caches and what is installed do not run in the shop.
LEFT_OUT = re.compile(r"/(?:tests?|node_modules|__pycache__)/|/\.|requirements\.txt$|package-lock\.json$")
WORDS = re.compile(
    r"anomal|fault|inject|chaos|scenario|simulat|synthetic|label|attack|decoy|episode|harmful|flaw|fake|mock|dummy"
    r"|\bdemo\b|locust|pytest|conductor|load[-_ ]?generator|ground[-_ ]?truth|\bmisbehav",
    re.IGNORECASE,
)
ORDINARY = re.compile(
    r"default"  # an ordinary word
    r"|aria-label"  # HTML's; what follows are a metric's labels, and pino's
    r"|\.labels\(|labels=|labelNames:|\(?labels\)? =>|\(labels\)|\(label\) =>|level: label"
    r"|The label `|labels: \{instance",
    re.IGNORECASE,
)
CHANCE = re.compile(
    r"\bsleep\(|\bsetTimeout\b|timers/promises|Math\.random|\brandom[A-Z(]\w*|\bRandom\b|\bimport random\b"
    r"|\bfrom random\b|\brandom\.|\bsecrets\.\w|\bshuffle\(|\buniform\(|lognormvariate|paretovariate"
)
KNOWN = {
    "payment-provider/payment_provider/latency.py": "a third party has a latency of its own; it is not instrumented",
    "payment-provider/payment_provider/operations.py": "its own staff's conditions: a part of the calls is refused",
    "payment-provider/payment_provider/app.py": "the same latency is waited for here",
    "auth-gateway/auth_gateway/shaping.py": "a network's delay, as its operators set it",
    "payment-worker/payment_worker/retries.py": "jitter between two tries, so that tasks that failed together part",
    "web-api/web_api/access.py": "ids of requests are random",
    "web-api/web_api/services/cart.py": "ids of carts are random",
    "web-api/web_api/identity.py": "the pause before a refused connection is tried again",
    "auth-service/src/store.js": "the number of a row that has none",
    "auth-service/src/tokens.js": "tokens and their ids are random",
    "auth-service/src/sessions.js": "ids of sessions are random",
    "auth-service/src/passwords.js": "a password that nobody has, against which unknown people are checked",
    "auth-service/src/server.js": "the longest time that an orderly stop may take",
    "auth-service/src/telemetry.js": "the longest time that telemetry may take to leave at the end",
}
"""Where code of the shop waits or throws dice, and why it would in production, too."""


def sources() -> Iterator[Path]:
    for folder in (STACK / "services", STACK / "releases"):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not LEFT_OUT.search(path.as_posix()) and path.name != "releases.yaml":
                yield path
    yield ROOT / "collector" / "config.yaml"
    yield STACK / "seed" / "schema.sql"


def told(path: Path) -> str:
    """A file's text; of a patch the lines that it adds."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".patch":
        text = "\n".join(line[1:] for line in text.splitlines() if line.startswith("+"))
    return text


def spelled(name: str) -> str:
    return r"[-_ ]?".join(map(re.escape, name.split("-")))


def scenario_names() -> list[str]:
    return sorted(path.stem for path in (STACK / "scenarios").glob("*.yaml"))


def test_there_is_something_to_look_at() -> None:
    found = [path.relative_to(STACK).as_posix() for path in sources() if path.is_relative_to(STACK)]
    assert len(found) > 60
    assert any(name.endswith(".patch") for name in found)
    assert len(scenario_names()) >= 9


def test_no_word_of_what_goes_wrong_stands_in_what_runs() -> None:
    pattern = re.compile("|".join([WORDS.pattern, *map(spelled, scenario_names())]), re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in sources()
        for line in ORDINARY.sub("", f"{path.relative_to(ROOT)}\n{told(path)}").splitlines()
        if pattern.search(line)
    ]
    assert found == []


def test_nothing_waits_or_throws_dice_but_what_is_known() -> None:
    places = {
        path.relative_to(STACK / "services").as_posix() if path.is_relative_to(STACK / "services") else path.name
        for path in sources()
        if path.suffix in (".py", ".js", ".patch") and CHANCE.search(told(path))
    }
    assert places == set(KNOWN)


@pytest.mark.parametrize("service", sorted(path.name for path in (STACK / "services").iterdir()))
def test_no_variable_of_a_service_is_a_switch_for_what_goes_wrong(service: str) -> None:
    services = yaml.safe_load((STACK / "compose.yaml").read_text(encoding="utf-8"))["services"]
    environment = services.get(service, {}).get("environment") or {}
    names = environment if isinstance(environment, dict) else [entry.partition("=")[0] for entry in environment]
    pattern = re.compile(rf"{WORDS.pattern}|fail|broken|delay|slow|error[-_]?rate|leak", re.IGNORECASE)
    assert [name for name in names if pattern.search(name) and not name.startswith("OTEL_")] == []


@pytest.mark.parametrize("line", ["if scenario:", "time.sleep(2)", "Math.random() < 0.1", "random.random() < rate"])
def test_what_must_not_be_there_would_be_found(line: str) -> None:
    assert WORDS.search(ORDINARY.sub("", line)) or CHANCE.search(line)
