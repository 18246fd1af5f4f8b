"""Reads compose.yaml: services as this package knows them, and the names and paths in them as they are on loopback.

Only what the file uses is understood; what Compose allows beyond it is refused rather than guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from conductor.errors import ConductorError
from conductor.places import cache

VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|\{(?P<name>\w+)(?:(?P<operator>:?[-?])(?P<word>[^}]*))?\})")
PUBLISHED = re.compile(r"127\.0\.0\.1:\$\{(?P<variable>\w+):-(?P<default>\d+)\}:(?P<port>\d+)")
SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True)
class Published:
    """A port that the host sees: `127.0.0.1:${variable:-default}:port`."""

    variable: str
    default: int
    port: int


@dataclass(frozen=True)
class Check:
    """A health check's command and its patience."""

    test: tuple[str, ...]
    interval: float
    timeout: float
    retries: int


@dataclass(frozen=True)
class Service:
    """A service, with variables put in and nothing rewritten yet."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    depends_on: Mapping[str, str]
    mounts: Mapping[str, str]  # path in the container -> folder, file or name of a volume
    published: tuple[Published, ...]
    check: Check | None
    stop_signal: str
    stop_grace: float
    once: bool  # somebody waits for its end
    local: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ports(self) -> tuple[int, ...]:
        """What it listens on, the main one first."""
        return tuple(self.local.get("ports", ()))


def interpolate(text: str, variables: Mapping[str, str]) -> str:
    """Put variables in as Compose does: `${A}`, `${A-b}`, `${A:-b}`, `${A:?why}`, `$$`."""

    def value(match: re.Match[str]) -> str:
        if match["escaped"]:
            return "$"
        name, operator, word = match["name"], match["operator"] or "", match["word"]
        found = variables.get(name)
        missing = found is None or (operator.startswith(":") and not found)
        if missing and operator.endswith("?"):
            raise ConductorError(f"compose.yaml needs the variable {name}: {word}")
        if missing:
            return word if operator else ""
        return found or ""

    return VARIABLE.sub(value, text)


def seconds(text: str | int) -> float:
    """`1m30s` -> 90."""
    parts = re.findall(r"([\d.]+)(ms|s|m|h)", str(text))
    if "".join(number + unit for number, unit in parts) != str(text):
        raise ConductorError(f"compose.yaml: {text!r} is not a duration")
    return sum(float(number) * SECONDS[unit] for number, unit in parts)


def read_env(path: Path) -> dict[str, str]:
    """Read a file of `NAME=value` lines."""
    lines = (line.strip() for line in path.read_text().splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def load(path: Path, variables: Mapping[str, str]) -> dict[str, Service]:
    """Read the services, in the order of the file."""
    raw = yaml.safe_load(path.read_text())
    described: dict[str, Any] = raw["services"]
    awaited = {
        name
        for service in described.values()
        for name, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_completed_successfully"
    }

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            return interpolate(value, variables)
        if isinstance(value, list):
            return [fill(item) for item in value]
        if isinstance(value, dict):
            return {key: fill(item) for key, item in value.items()}
        return value

    services = {}
    for name, service in described.items():
        if service.get("x-local") is False:
            continue
        filled = fill(service)
        services[name] = Service(
            name=name,
            command=tuple(str(word) for word in filled.get("command", ())),
            environment={key: _text(value) for key, value in filled.get("environment", {}).items()},
            depends_on={
                dependency: how["condition"]
                for dependency, how in filled.get("depends_on", {}).items()
                if described[dependency].get("x-local") is not False
            },
            mounts=_mounts(filled),
            published=tuple(_published(name, port) for port in service.get("ports", ())),
            check=_check(filled.get("healthcheck")),
            stop_signal=filled.get("stop_signal", "SIGTERM"),
            stop_grace=seconds(filled.get("stop_grace_period", "10s")),
            once=name in awaited,
            local=filled.get("x-local", {}),
        )
    return services


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _published(service: str, text: str) -> Published:
    match = PUBLISHED.fullmatch(text)
    if match is None:
        raise ConductorError(f"compose.yaml: {service} publishes {text!r}, not 127.0.0.1:${{VARIABLE:-port}}:port")
    return Published(match["variable"], int(match["default"]), int(match["port"]))


def _mounts(service: Mapping[str, Any]) -> dict[str, str]:
    mounts = {}
    for text in service.get("volumes", ()):
        source, target = text.split(":")[:2]
        mounts[target] = source
    for text in service.get("tmpfs", ()):
        mounts[text.split(":")[0]] = "tmpfs"
    return mounts


def _check(healthcheck: Mapping[str, Any] | None) -> Check | None:
    if not healthcheck:
        return None
    kind, *test = healthcheck["test"]
    command = ("sh", "-c", test[0]) if kind == "CMD-SHELL" else tuple(test)
    return Check(
        command,
        interval=seconds(healthcheck.get("interval", "30s")),
        timeout=seconds(healthcheck.get("timeout", "30s")),
        retries=int(healthcheck.get("retries", 3)),
    )


@dataclass(frozen=True)
class Loopback:
    """Says in local terms what compose.yaml says in container terms."""

    ports: Mapping[tuple[str, int], int]
    folder: Callable[[Service, str, str], Path]  # service, container path, what is mounted there -> local path

    def address(self, service: str, port: int) -> str:
        """Say where a port of a service is."""
        return f"127.0.0.1:{self.ports[service, port]}"

    def rewrite(self, service: Service, text: str) -> str:
        """Replace addresses of services, the service's own addresses, and paths below its mounts."""
        names = "|".join(sorted({re.escape(name) for name, _ in self.ports}, key=len, reverse=True))

        def address(match: re.Match[str]) -> str:
            name = service.name if match["name"] in ("0.0.0.0", "127.0.0.1") else match["name"]
            port = self.ports.get((name, int(match["port"])))
            return match[0] if port is None else f"127.0.0.1:{port}"

        text = re.sub(rf"(?<![\w.-])(?P<name>{names}|0\.0\.0\.0|127\.0\.0\.1):(?P<port>\d+)\b", address, text)
        mounts = {**service.mounts, "/srv/app": "release"}
        targets = "|".join(sorted((re.escape(target) for target in mounts), key=len, reverse=True))
        return re.sub(
            rf"(?<![\w./-])(?:{targets})(?![\w.-])",
            lambda match: str(self.folder(service, match[0], mounts[match[0]])),
            text,
        )

    def translate(self, service: Service) -> Service:
        """Give the service as it is started on loopback: command and environment complete."""
        port = self.ports.get((service.name, service.ports[0])) if service.ports else None

        def own(value: Any) -> str:
            filled = str(value).replace("{port}", str(port)).replace("{cache}", str(cache()))
            return self.rewrite(service, filled)

        local = service.local
        extra = {key: own(value) for key, value in local.get("environment", {}).items()}
        return replace(
            service,
            command=(
                *(self.rewrite(service, word) for word in service.command),
                *(own(word) for word in local.get("arguments", ())),
            ),
            environment={key: self.rewrite(service, value) for key, value in service.environment.items()} | extra,
            check=service.check
            and replace(service.check, test=tuple(self.rewrite(service, word) for word in service.check.test)),
            local={**local, "health": own(local["health"])} if "health" in local else local,
        )


def closure(services: Mapping[str, Service], wanted: list[str]) -> list[str]:
    """Give the wanted services and all that they depend on, in the order in which they can start."""
    ordered: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name not in services:
            raise ConductorError(f"there is no service {name!r}; there are {', '.join(services)}")
        if name in path:
            raise ConductorError(f"compose.yaml: {' -> '.join((*path, name))} depend on each other")
        if name not in ordered:
            for dependency in services[name].depends_on:
                visit(dependency, (*path, name))
            ordered.append(name)

    for name in wanted:
        visit(name, ())
    return ordered
