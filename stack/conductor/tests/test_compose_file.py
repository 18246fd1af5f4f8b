from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from conductor.compose_file import Loopback, closure, interpolate, load, read_env, seconds
from conductor.errors import ConductorError
from conductor.places import COMPOSE_FILE, IMAGES, ROOT
from conductor.processes import STOP_ORDER


@pytest.fixture
def services():
    return load(COMPOSE_FILE, {**read_env(IMAGES), "LOGS": "/elsewhere"})


@pytest.fixture
def loopback(services):
    numbers = {(name, port): 20000 + port % 9000 for name, one in services.items() for port in one.ports}

    def folder(service, target, source):
        return Path("/state") / (source if source not in ("tmpfs", "release") else f"{source}-{service.name}")

    return Loopback(numbers, folder)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${A}", "1"),
        ("x${A:-2}y", "x1y"),
        ("${EMPTY:-2}", "2"),
        ("${EMPTY-2}", ""),
        ("${NONE-2}", "2"),
        ("${NONE}", ""),
        ("$${A}", "${A}"),
        ("${NONE:-{}}", "{}"[:1] + "}"),
    ],
)
def test_variables_are_put_in_as_compose_does(text, value):
    assert interpolate(text, {"A": "1", "EMPTY": ""}) == value


def test_a_variable_that_must_be_there_is_asked_for():
    with pytest.raises(ConductorError, match="needs the variable KEY: set it"):
        interpolate("${KEY:?set it}", {})


def test_durations():
    assert (seconds("1m30s"), seconds("500ms"), seconds("2h")) == (90, 0.5, 7200)
    with pytest.raises(ConductorError, match="not a duration"):
        seconds("soon")


def test_no_container_address_or_path_is_left_on_loopback(services, loopback):
    for service in services.values():
        local = loopback.translate(service)
        text = "\n".join([*local.command, *local.environment.values(), str(local.local.get("health"))])
        assert not re.search(rf"\b({'|'.join(services)}):\d", text), text
        assert not re.search(r"(?<!\d)0\.0\.0\.0|(?<![\w/.-])/(srv/app|tmp|var/l|data|etc)\b", text), text


def test_a_service_listens_where_others_look_for_it(services, loopback):
    web, worker = (loopback.translate(services[name]).environment for name in ("web-api", "payment-worker"))
    assert (web["HOST"], web["PORT"]) == ("127.0.0.1", str(loopback.ports["web-api", 8000]))
    assert web["PROVIDER_URL"] == worker["PROVIDER_URL"] == f"http://{loopback.address('payment-provider', 8080)}"
    assert web["DATABASE_URL"].endswith(f"@{loopback.address('postgres', 5432)}/shop")


def test_services_start_after_what_they_need(services):
    order = closure(services, ["web-api"])
    assert order.index("postgres") < order.index("seed") < order.index("otel-collector") < order.index("web-api")
    assert "load-generator" not in order
    with pytest.raises(ConductorError, match="there is no service 'web'"):
        closure(services, ["web"])


def test_every_service_has_its_place_among_those_that_are_stopped(services):
    unplaced = set(services) - set(STOP_ORDER) - {"folders"}
    assert unplaced == set(), "say in STOP_ORDER of processes.py whom it calls and who calls it"


def test_every_container_is_confined(services):
    import yaml

    for name, raw in yaml.safe_load(COMPOSE_FILE.read_text())["services"].items():
        assert raw["read_only"] is True, name
        assert raw["cap_drop"] == ["ALL"], name
        assert raw["security_opt"] == ["no-new-privileges:true"], name
        assert "mem_limit" in raw, name
        assert "user" in raw or name == "folders", name
        assert all(port.startswith("127.0.0.1:") for port in raw.get("ports", ())), name


def test_compose_accepts_the_file_by_hand():
    plugin = shutil.which("docker") and subprocess.run(
        ["docker", "compose", "version"], capture_output=True, check=False
    )
    if not plugin or plugin.returncode:
        pytest.skip("docker compose is not installed")
    words = ["docker", "compose", "config", "--quiet"]
    result = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
