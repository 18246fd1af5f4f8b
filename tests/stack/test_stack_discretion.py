"""The telemetry gives away no secret, no place, and not that a machine visits the shop."""

from __future__ import annotations

import getpass
import os
import re
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars
import pyarrow.parquet as parquet
import pytest
from load.itinerary import build
from load.steps import Session
from recording import SIGNALS, Recording
from seed import people

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "stack" / "compose.yaml").read_text(encoding="utf-8")
SECRET_FIELDS = ("password", "current", "new", "email", "card_token", "refresh_token", "access_token", "api_key")
# What tokens, keys and hashes look like that are made during a run: nobody wrote these down.
SHAPES = {
    "access token": rb"eyJ[\w-]{8,}\.[\w-]+",
    "refresh token": rb"nwr_[0-9a-f]",
    "API key": rb"nwk_[0-9a-f]",
    "card": rb"card_[0-9a-f]{8}",
    "password's hash": rb"\$argon2",
    "authorization": rb"Bearer [\w-]",
    "e-mail": rb"[\w.+-]+(?:@|%40)(?:fjordmail|postbrook|mailhaven|inboxly|larkpost|tidemail|northwind-market)\b",
}
WORDS = (
    rb"(?<![a-z])(?:anomal|fault|inject|chaos|scenario|simulat|synthetic|label|attack|decoy|episode|harmful"
    rb"|locust|load[-_ ]?generator|pytest|conductor)"
)
# The host's page faults, as the Collector's receiver names them.
ORDINARY = rb"system\.paging\.faults|page faults|\{faults\}"
SHORT_NAME = 4


def secrets_of_people() -> Iterator[str]:
    for number in range(1, people.PEOPLE + 1):
        person = people.person(number)
        yield from (person.password, person.email, quote(person.email, safe=""), person.card_token)
        if person.api_key:
            yield person.api_key
        if number in people.CUSTOMERS:
            yield from (people.device(number, which).refresh_token for which in range(people.DEVICES))


def secrets_of_services() -> Iterator[str]:
    for name, default in re.findall(r"\$\{(\w*(?:PASSWORD|KEY|TOKEN|SECRET)\w*):-([^}]+)\}", COMPOSE):
        yield default
        yield os.environ.get(name, default)


def secrets_of_visitors(plan: dict[str, Any]) -> Iterator[str]:
    """All that is typed and sent, wrong passwords and addresses, too; not those refused as words that all know."""
    for session in plan["sessions"]:
        for step in build(plan["seed"], Session.of(session)).steps():
            if isinstance(step.body, dict) and step.expect != 422:
                found = (step.body.get(name) for name in SECRET_FIELDS)
                yield from (text for text in found if isinstance(text, str) and not text.startswith("{"))


def found(recording: Recording, secrets: set[str]) -> dict[str, list[str]]:
    """Which of many texts stand in which file; all are looked for at once."""
    texts = sorted(secrets)
    return {
        name: hits
        for name, content in recording.telemetry.items()
        if (hits := polars.Series([content.decode()]).str.extract_many(texts)[0].unique().to_list())
    }


def test_no_secret_of_people_is_told(recording: Recording) -> None:
    assert found(recording, set(secrets_of_people())) == {}


def test_no_secret_of_services_is_told(recording: Recording) -> None:
    secrets = set(secrets_of_services())
    assert len(secrets) >= 6
    assert found(recording, secrets) == {}


def test_nothing_that_visitors_typed_in_secret_is_told(recording: Recording) -> None:
    secrets = set(secrets_of_visitors(recording.plan))
    assert len(secrets) > 50
    assert found(recording, secrets) == {}


@pytest.mark.parametrize("what", SHAPES)
def test_nothing_that_looks_like_a_secret_is_told(recording: Recording, what: str) -> None:
    assert around(recording, SHAPES[what]) == []


def test_the_search_finds_what_is_there(recording: Recording) -> None:
    known = next(span.attributes["user.id"] for span in recording.spans if "user.id" in span.attributes)
    assert found(recording, {known, "nothing of that kind"})["traces.jsonl"] == [known]


def test_no_place_is_told(recording: Recording) -> None:
    home, cache = Path.home(), os.environ.get("XDG_CACHE_HOME")
    places = {ROOT, recording.state.resolve(), recording.data.resolve()} | ({Path(cache)} if cache else set())
    places |= {home} if len(home.parts) > 1 else set()
    places |= {Path(tempfile.gettempdir())} if recording.runtime == "local" else set()
    pattern = "|".join(re.escape(str(place)) for place in sorted(places))
    assert around(recording, rf"(?<![\w.-])(?:{pattern})(?![\w-])".encode()) == []


@pytest.mark.parametrize("name", sorted({socket.gethostname(), socket.gethostname().split(".")[0], getpass.getuser()}))
def test_no_name_of_machine_or_user_is_told(recording: Recording, name: str) -> None:
    # A short one, and root, are ordinary words: they tell something only where they are all that is said.
    ordinary = len(name) < SHORT_NAME or name == "root"
    edges = (b'"', b'"') if ordinary else (rb"(?<![\w-])", rb"(?![\w-])")
    assert around(recording, edges[0] + re.escape(name.encode()) + edges[1]) == []


def test_no_word_says_that_it_is_made(recording: Recording) -> None:
    assert around(recording, WORDS, ORDINARY) == []


def test_no_scenario_is_called_by_its_name(recording: Recording) -> None:
    names = sorted(path.stem for path in (ROOT / "stack" / "scenarios").glob("*.yaml"))
    assert len(names) >= 9
    # However the words are joined, and in whatever letters.
    spelled = [name.replace("-", joint) for name in names for joint in ("", "-", "_", " ", ".")]
    told = {
        name: hits
        for name, content in recording.telemetry.items()
        if (
            hits := polars.Series([content.decode()])
            .str.extract_many(spelled, ascii_case_insensitive=True)[0]
            .to_list()
        )
    }
    assert told == {}


@pytest.mark.parametrize("signal", SIGNALS)
def test_no_column_says_it_either(recording: Recording, signal: str) -> None:
    files = [recording.data / f"ocsf_{signal}.parquet", *(recording.data / "ocsf").glob(f"*/{signal}.parquet")]
    assert len(files) > 1
    pattern = re.compile(WORDS.replace(b"anomal", b"anomal|truth").decode())
    told = {
        (path.parent.name, column)
        for path in files
        for column in parquet.read_schema(path).names
        if pattern.search(column)
    }
    assert told == set()


def around(recording: Recording, pattern: bytes, ordinary: bytes | None = None) -> list[str]:
    """What stands around a match, at most a few, without the matches of what is ordinary."""
    hits = []
    for name, content in recording.telemetry.items():
        cleared = re.sub(ordinary, b"", content) if ordinary else content
        for match in re.finditer(pattern, cleared, re.IGNORECASE if ordinary else 0):
            hits.append(f"{name}: …{cleared[max(0, match.start() - 60) : match.end() + 60].decode(errors='replace')}…")
            if len(hits) == 5:
                return hits
    return hits
