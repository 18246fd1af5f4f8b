"""Asks whether a service is ready: by HTTP, PING, PostgreSQL's greeting, or the health check's own command."""

from __future__ import annotations

import http.client
import re
import socket
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from conductor.compose_file import Service

TIMEOUT = 2.0
PROTOCOL_3 = 196608  # PostgreSQL's start-up message, version 3.0
STARTING_UP = b"57P03"


def ask(service: Service, environment: Mapping[str, str], cwd: Path) -> str | None:
    """Give what is wrong with a service, or None when it is healthy or has no check."""
    url = service.local.get("health")
    if url is None and service.check:
        match = re.search(r"http://127\.0\.0\.1:\d+[\w/.-]*", " ".join(service.check.test))
        url = match[0] if match else None
    if url:
        return ask_url(url)
    return _command(service, environment, cwd) if service.check else None


def ask_url(url: str) -> str | None:
    """Ask an address by what its scheme means."""
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 0
    try:
        if parts.scheme == "http":
            return _http(host, port, parts.path or "/")
        if parts.scheme == "redis":
            return _redis(host, port)
        return _postgresql(host, port, parts.path.strip("/"))
    except (OSError, http.client.HTTPException) as error:
        return f"no answer at {host}:{port} ({str(error) or type(error).__name__})"


def _http(host: str, port: int, path: str) -> str | None:
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    finally:
        connection.close()
    return None if status < 400 else f"GET {path} answers {status}"


def _redis(host: str, port: int) -> str | None:
    with socket.create_connection((host, port), TIMEOUT) as connection:
        connection.sendall(b"PING\r\n")
        answer = connection.recv(256)
    return None if answer.startswith(b"+PONG") else f"PING answers {answer[:80]!r}"


def _postgresql(host: str, port: int, database: str) -> str | None:
    """Do what `pg_isready` does: any greeting but "the database system is starting up" means that it listens."""
    words = b"".join(word.encode() + b"\0" for word in ("user", database, "database", database)) + b"\0"
    with socket.create_connection((host, port), TIMEOUT) as connection:
        connection.sendall(struct.pack("!ii", len(words) + 8, PROTOCOL_3) + words)
        answer = connection.recv(512)
    if not answer:
        return "it hangs up"
    return "the database system is starting up" if STARTING_UP in answer else None


def _command(service: Service, environment: Mapping[str, str], cwd: Path) -> str | None:
    assert service.check is not None
    try:
        result = subprocess.run(
            service.check.test,
            env=dict(environment),
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=service.check.timeout,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"its health check cannot be run: {error}"
    last = (result.stderr + result.stdout).strip().splitlines()[-1:]
    return (
        None if result.returncode == 0 else f"its health check ends with {result.returncode} {' '.join(last)}".strip()
    )
