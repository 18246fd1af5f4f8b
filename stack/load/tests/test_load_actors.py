"""Attackers and those who only look like them: what they do is decided beforehand, and nothing about them tells."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, replace
from itertools import islice, pairwise, takewhile
from pathlib import Path
from random import Random
from typing import Any

import pytest
from test_load_sending import Counter as Shop
from test_load_sending import counter, lines  # noqa: F401 - a fixture

from load import crowd
from load.actors import stage, stuffing
from load.actors.errand import arrivals
from load.actors.order import Order, OrderError
from load.client import headers
from load.itinerary import build
from load.plan import visits
from load.scenarios import SEVERITIES, load_all
from load.steps import Itinerary
from seed import people

PARAMS: dict[str, dict[str, Any]] = {
    "credential_stuffing": {"rate": 12, "addresses": 80, "known": 0.5, "success": 0.02, "manner": "mixed"},
    "login_rush": {"rate": 4, "typos": 0.065, "expired": 0.6, "office": 0.4},
    "collecting": {"pace": 0.4, "at_once": 2, "customers": 0.4, "exports": 2, "place": "home"},
    "month_end": {"pace": 1.5, "at_once": 1, "people": 2, "place": "desk"},
    "password_guessing": {"rate": 2},
    "forgotten_passwords": {"rate": 0.5, "tries": 6, "remembered": 0.7},
}
ACTORS = pytest.mark.parametrize("actor", PARAMS)


def order(actor: str, seconds: float = 60.0, **more: Any) -> Order:
    return Order(actor, "e1", "attacker", more.pop("seed", 7), seconds, {**PARAMS[actor], **more})


def played(actor: str, **more: Any) -> list[Itinerary]:
    return list(stage.planned(order(actor, **more)))


def written(tmp_path: Path, wanted: Order) -> Path:
    path = tmp_path / f"{wanted.actor}.json"
    path.write_text(json.dumps(asdict(wanted)))
    return path


def begin(tmp_path: Path, shop: Shop, wanted: Order, name: str = "sent") -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "load.actors", "--order", str(written(tmp_path, wanted)), "--target", shop.url,
               "--requests", str(tmp_path / f"{name}.jsonl")]  # fmt: skip
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def arrived(shop: Shop, at_least: int) -> list[dict[str, Any]]:
    deadline = time.monotonic() + 20
    while len(seen := lines(shop.seen_file) if shop.seen_file.exists() else []) < at_least:
        assert time.monotonic() < deadline, f"only {len(seen)} requests have come"
        time.sleep(0.05)
    return seen


def test_every_actor_has_a_case_here() -> None:
    assert PARAMS.keys() == stage.ACTORS.keys()


def test_two_processes_decide_the_same(tmp_path: Path) -> None:
    code = ("import sys; from pathlib import Path; from load.actors.order import Order; from load.actors.stage import "
            "planned; print(*(list(planned(Order.read(Path(path)))) for path in sys.argv[1:]), sep='\\n')")  # fmt: skip
    paths = [str(written(tmp_path, order(actor, seconds=20))) for actor in PARAMS]
    one, two = (
        subprocess.run([sys.executable, "-c", code, *paths], env={**os.environ, "PYTHONHASHSEED": seed}, check=True,
                       capture_output=True, text=True).stdout
        for seed in ("1", "2")
    )  # fmt: skip
    assert one == two
    assert one.splitlines() == [str(played(actor, seconds=20)) for actor in PARAMS]
    assert all(str(played(actor, seconds=20, seed=8)) not in one for actor in PARAMS)


def acting() -> list[tuple[str, str, bool]]:
    found = []
    for name, scenario in load_all().items():
        for decoy in (False, True):
            if any(action["mechanism"] == "actor" for action in scenario.side(decoy)["actions"]):
                found += [(name, severity, decoy) for severity in SEVERITIES]
    return found


@pytest.mark.parametrize(("name", "severity", "decoy"), acting())
def test_what_scenarios_ask_of_actors_can_be_played(name: str, severity: str, decoy: bool) -> None:
    sent = {}
    for seed in range(3):
        for words in load_all()[name].render(Random(seed), severity, decoy)["actions"]:
            params = {key: value for key, value in words.items() if key not in ("mechanism", "actor", "role")}
            assert words["role"] == ("decoy" if decoy else "attacker")
            wanted = Order(words["actor"], f"e{seed}", words["role"], seed, 40.0, params)
            steps = [step for one in stage.planned(wanted) for step in one.steps()]
            sent[seed] = len(steps)
    assert min(sent.values()) > 5


@ACTORS
def test_a_longer_performance_begins_like_a_shorter_one(actor: str) -> None:
    short, long = played(actor, seconds=15), played(actor, seconds=45)
    assert [one.session for one in short] == [one.session for one in long[: len(short)]]
    for one, two in zip(short, long, strict=False):
        ids = [step.trace_id for step in one.steps()]
        assert ids == [step.trace_id for step in islice(two.steps(), len(ids))]


def test_ids_are_of_nobody_else() -> None:
    visitors = {step.trace_id for one in visits(7, 60, 10) for step in build(7, one).steps()}
    actors = [step.trace_id for actor in PARAMS for one in played(actor) for step in one.steps()]
    actors += [
        step.trace_id for one in stage.planned(replace(order("login_rush"), episode="e2")) for step in one.steps()
    ]
    assert len(set(actors)) == len(actors) > 1000 and not visitors & set(actors)
    assert {len(trace_id) for trace_id in actors} == {32}


@ACTORS
def test_headers_are_those_of_ordinary_visitors(actor: str) -> None:
    ordinary = {
        kind: list(headers(one, next(iter(build(7, one).steps())), None, "key"))
        for one in visits(7, 60, 20)
        for kind in [one.kind]
        if kind != "partner"
    }
    agents = {*crowd.BROWSERS, *crowd.APPS}
    for one in played(actor):
        step = next(iter(one.steps()))
        names = [name for name in headers(one.session, step, None, None) if name != "Content-Type"]
        assert names == [name for name in ordinary.get(one.session.kind, names) if name != "Content-Type"]
        assert one.session.agent in agents
        assert (one.session.agent in crowd.APPS) == (one.session.kind == "mobile")


def test_the_network_has_no_address_block_of_its_own() -> None:
    come = visits(7, 600, 60)
    addresses, networks = {one.address for one in come}, {network(one.address) for one in come}
    exits = crowd.exits(Random(1), 200)
    assert {network(one) for one in exits} <= networks
    assert len({network(one) for one in exits}) > 15
    shared = sum(one in addresses for one in exits) / len(exits)
    assert 0.1 < shared < 0.6


def network(address: str) -> str:
    return address.rsplit(".", 2)[0]


@pytest.mark.parametrize("seed", range(5))
def test_the_list_is_like_one_that_leaked(seed: int) -> None:
    tried = list(islice(stuffing.pairs(Random(seed), 0.5, 0.015), 1000))
    by_email = Counter(pair.email for pair in tried)
    assert max(by_email.values()) <= 3 and by_email.most_common()[-1][1] == 1
    known = {people.person(n).email: people.person(n) for n in people.CUSTOMERS}
    assert 0.4 < sum(email in known for email in by_email) / len(by_email) < 0.6
    opened = [pair for pair in tried if pair.person]
    assert 0.005 <= len(opened) / len(by_email) <= 0.02
    for pair in tried:
        right = pair.email in known and pair.password == known[pair.email].password
        assert right == (pair.person is not None)
    places = {email: [i for i, pair in enumerate(tried) if pair.email == email] for email in by_email}
    assert min(b - a for found in places.values() for a, b in pairwise(found)) >= stuffing.APART


def test_only_what_was_opened_is_looked_at() -> None:
    found = played("credential_stuffing", seconds=120)
    inside = [one for one in found if any(step.auth == "must" for step in one.steps())]
    logins = [step for one in found for step in one.steps() if step.route.endswith("/login")]
    assert len(logins) == len(found) > 1000
    assert len(inside) == sum(step.expect == 200 for step in logins) > 5
    per_address = Counter(one.session.address for one in found if one.session.start < 60)
    assert max(per_address.values()) <= 30, "the shop refuses more logins a minute from one address"


def test_a_subtle_campaign_sends_mostly_what_visitors_send() -> None:
    statuses = Counter(
        step.expect for one in played("credential_stuffing", manner="page", rate=4) for step in one.steps()
    )
    assert 0.4 < statuses[401] / statuses.total() < 0.6


def test_a_rush_is_of_people_who_can_sign_in() -> None:
    found = played("login_rush", seconds=120)
    logins = [step for one in found for step in one.steps() if step.route.endswith("/login")]
    failed = sum(step.expect == 401 for step in logins) / len(logins)
    assert 0.04 < failed < 0.12
    assert all(one.session.user in people.CUSTOMERS for one in found)
    offices = Counter(one.session.address for one in found if network(one.session.address) in crowd.OFFICES)
    assert sum(offices.values()) > 0.2 * len(found) and max(offices.values()) > 5
    starts = [one.session.start for one in found]
    assert sum(start < 60 for start in starts) > 1.2 * sum(start >= 60 for start in starts)


def test_who_collects_takes_more_than_who_closes_the_month() -> None:
    def asked(actor: str) -> Counter[str]:
        return Counter(step.route for one in played(actor) for step in one.steps())

    thief, clerk = asked("collecting"), asked("month_end")
    assert thief.keys() - clerk.keys() <= {"/api/v1/admin/users/<user_id>"}
    assert thief["/api/v1/admin/orders"] > 2 * clerk["/api/v1/admin/orders"] > 20
    assert clerk["/api/v1/admin/exports/<int:export_id>/file"] >= 2
    paths = [step.path for one in played("collecting") for step in one.steps() if step.route == "/api/v1/admin/orders"]
    assert len(set(paths)) > 0.9 * len(paths), "each page once"


@pytest.mark.parametrize("rate", [0.3, 5.0, 30.0])
def test_arrivals_keep_their_rate_in_gusts(rate: float) -> None:
    counts = []
    for seed in range(20):
        times = list(takewhile(lambda at: at < 100, arrivals(Random(seed), rate)))
        assert times[0] == 0.0 and times == sorted(times)
        counts.append(len(times))
    assert 0.85 * rate * 100 < sum(counts) / len(counts) < 1.15 * rate * 100
    assert len(set(counts)) > 5


def test_each_request_is_written_down_before_and_after(counter: Shop, tmp_path: Path) -> None:  # noqa: F811
    process = begin(tmp_path, counter, order("credential_stuffing", seconds=3, rate=20))
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    told, found = json.loads(out), lines(tmp_path / "sent.jsonl")
    before, after = ([line for line in found if ("sent_ns" in line) == which] for which in (True, False))
    assert told["sent"] == told["answered"] == len(before) == len(after) > 8
    assert set(before[0]) == {"trace_id", "actor", "episode", "role", "sent_ns", "method", "route"}
    assert set(after[0]) == {"trace_id", "status", "ms"}
    sent = {line["trace_id"] for line in before}
    assert sent == {line["trace_id"] for line in after} == set(trace_ids(counter))
    assert sent <= {step.trace_id for one in played("credential_stuffing", seconds=3, rate=20) for step in one.steps()}


def trace_ids(shop: Shop) -> list[str]:
    return [entry["headers"]["traceparent"].split("-")[1] for entry in lines(shop.seen_file)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(counter: Shop, tmp_path: Path, number: signal.Signals) -> None:  # noqa: F811
    process = begin(tmp_path, counter, order("collecting", seconds=120, pace=0.05))
    arrived(counter, 5)
    process.send_signal(number)
    begun = time.monotonic()
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert time.monotonic() - begun < 6
    assert json.loads(out)["sent"] == sum("ms" in line for line in lines(tmp_path / "sent.jsonl")) >= 5


def test_a_killed_actor_has_told_all_that_it_sent(counter: Shop, tmp_path: Path) -> None:  # noqa: F811
    process = begin(tmp_path, counter, order("credential_stuffing", seconds=120, rate=60))
    arrived(counter, 40)
    process.kill()
    process.communicate(timeout=20)
    told = {line["trace_id"] for line in lines(tmp_path / "sent.jsonl") if "sent_ns" in line}
    assert set(trace_ids(counter)) <= told


def test_an_absent_shop_is_a_failure(tmp_path: Path) -> None:
    process = begin(tmp_path, Shop("http://127.0.0.1:9", tmp_path / "none"), order("password_guessing", seconds=1))
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1 and "nothing was answered" in err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"actor": "burglar"}, "there is no actor 'burglar'; there are credential_stuffing"),
        ({"role": "friend"}, "a role is one of attacker, decoy"),
        ({"seconds": 0}, "for up to 300 s, not 0"),
        ({"params": {"rate": -1}}, "password_guessing needs rate, a number above 0, not -1"),
        ({"colour": "red"}, "no order of an actor"),
    ],
)
def test_a_wrong_order_is_one_sentence(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    path = written(tmp_path, order("password_guessing"))
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(OrderError, match=re.escape(said)):
        list(stage.planned(Order.read(path)))


def test_the_command_line_shows_and_refuses(tmp_path: Path) -> None:
    def run(path: Path) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "load.actors", "--order", str(path), "--show"]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    shown = json.loads(run(written(tmp_path, order("credential_stuffing"))).stdout)
    assert shown["sessions"] > 500 and shown["expected"]["401"] > 500
    refused = run(tmp_path / "none.json")
    assert refused.returncode == 2 and refused.stdout == ""
    assert refused.stderr == f"actor: {tmp_path}/none.json: No such file or directory\n"


def test_a_parameter_of_the_wrong_kind_is_refused() -> None:
    for more in ({"success": 2}, {"manner": "loud"}, {"addresses": "many"}):
        with pytest.raises(OrderError, match=next(iter(more))):
            played("credential_stuffing", **more)


def test_a_program_has_no_more_workers_than_it_is_given(tmp_path: Path) -> None:
    """In a process of its own, because the sender patches sockets."""
    code = """
import sys
from pathlib import Path
import gevent
from gevent.server import StreamServer
from load.actors.order import Order
from load.actors.stage import Stage

now = most = 0
def slow(sock, address):
    global now, most
    sock.recv(4096)
    now += 1
    most = max(most, now)
    gevent.sleep(0.2)
    now -= 1
    sock.sendall(ANSWER)

server = StreamServer(("127.0.0.1", 0), slow)
server.start()
order = Order.read(Path(sys.argv[1]))
told = Stage(order, f"http://127.0.0.1:{server.server_port}", Path(sys.argv[2])).play()
assert most == 3, most
assert 2 < told["answered"] < 120, told
"""
    wanted = order("credential_stuffing", seconds=12, rate=20, workers=3, manner="app")
    answer = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    code = f"ANSWER = {answer!r}\n{code}"
    command = [sys.executable, "-c", code, str(written(tmp_path, wanted)), str(tmp_path / "sent")]
    subprocess.run(command, check=True, timeout=60)
