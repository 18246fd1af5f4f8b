"""Addresses: what counts as an IP, and hosts with a port attached."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from .semconv import Known
from .values import put

PORT_MAX = 65535
EMAIL = re.compile(r"[a-zA-Z0-9!#$%&'*+-/=?^_`{|}~.]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9-.]+")
MAC = re.compile(r"([0-9A-Fa-f]{2}[:-]){5}([0-9A-Fa-f]{2})")
UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")


def is_ip(text: str | None) -> bool:
    """Say whether a text is an IP address as OCSF wants it."""
    if text is None or "%" in text or not text.isascii():
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def ip_version(text: str | None) -> int | None:
    """Return 4 or 6."""
    return (6 if ":" in str(text) else 4) if is_ip(text) else None


def port_of(number: int | None) -> int | None:
    """Return a number that is a port."""
    return number if number is not None and 0 <= number <= PORT_MAX else None


def split_port(host: str) -> tuple[str, int | None]:
    """Cut the port from `host:port` and `[v6]:port`."""
    if match := re.fullmatch(r"\[([^\]]*)\](?::([0-9]{1,5}))?", host):
        port = port_of(int(match[2])) if match[2] else None
        if is_ip(match[1]) and (match[2] is None or port is not None):
            return match[1], port
        return host, None
    if match := re.fullmatch(r"([^:]+):([0-9]{1,5})", host):
        port = port_of(int(match[2]))
        if port is not None:
            return match[1], port
    return host, None


def address(text: str | None) -> dict[str, Any]:
    """Say where an address goes: an IP, a path or a name."""
    if text is None:
        return {}
    host, _ = split_port(text)
    if is_ip(host):
        return {"ip": host}
    return {"name": host} if host.startswith("/") else {"hostname": host}


def server_of(known: Known) -> tuple[str | None, int | None]:
    """Return host and port of the server."""
    text = known.text("server.address")
    host, cut = split_port(text) if text else (None, None)
    port = port_of(known.integer("server.port"))
    return host, cut if port is None else port


def client_of(known: Known) -> dict[str, Any]:
    """Return the endpoint of the client."""
    text = known.text("client.address") or known.text("network.peer.address")
    if text is None:
        return {}
    _, cut = split_port(text)
    port = port_of(known.integer("client.port"))
    return put(address(text), port=cut if port is None else port)
