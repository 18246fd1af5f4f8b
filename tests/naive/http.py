"""HTTP Activity (4002), and the HTTP part of API Activity."""

from __future__ import annotations

import re
from typing import Any

from .addresses import client_of, ip_version, is_ip, server_of, split_port
from .parties import Source, person_of
from .semconv import Known
from .status import REASONS, http_code
from .values import Value, put, trimmed

Json = dict[str, Any]
METHODS = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT", "TRACE", "PATCH"]
UNKNOWN, INBOUND, OUTBOUND = 0, 1, 2
HEADER = "http.request.header."


def texts(value: Value | None) -> list[str]:
    """Return a header's values: one text or a list of them."""
    items = value[1] if value is not None and value[0] == "list" else [value]
    return [item[1] for item in items if item is not None and item[0] == "str"]


def split_url(url: str) -> Json | None:
    """Take `scheme://[user@]host[:port]/path?query#fragment` apart."""
    match = re.fullmatch(r"(.*?)://([^/?#]*)([^?#]*)(?:\?([^#]*))?(#.*)?", url, re.DOTALL)
    if match is None:
        return None
    host, port = split_port(match[2].rsplit("@", 1)[-1])
    return {"scheme": match[1], "host": host or None, "port": port, "path": match[3], "query": match[4]}


def url_of(known: Known) -> Json:
    full = known.text("url.full")
    parts = split_url(full) if full else None
    host, port = server_of(known)
    scheme = known.text("url.scheme")
    own_path, _, own_query = (known.text("http.target") or "").partition("?")
    path, query = known.text("url.path") or own_path or None, known.text("url.query") or own_query or None
    if parts is not None:
        scheme = scheme or parts["scheme"] or None
        host = host or parts["host"]
        port = parts["port"] if port is None else port
        path = path or parts["path"] or None
        query = query or parts["query"] or None
    if full is None and scheme and host and path and not host.startswith("/"):
        full = f"{scheme}://{f'[{host}]' if ':' in host else host}"
        full += (f":{port}" if port is not None else "") + ("" if path.startswith("/") else "/") + path
        full += f"?{query}" if query else ""
    if path is None and full is None:
        return {}
    return put({}, scheme=scheme, hostname=host, port=port, path=path, query_string=query, url_string=full)


def last_header(known: Known, name: str) -> str | None:
    """Return what the last header of a name that says something says first."""
    found = [held[0] for key, value in known.entries if key == HEADER + name and (held := texts(value)) and held[0]]
    return found[-1] if found else None


def request_id(known: Known) -> str | None:
    first = next(iter(texts(known.get(HEADER + "x-request-id"))), None)
    return known.text("http.request.id") or first or None


def request_of(known: Known) -> Json:
    method = known.text("http.request.method")
    headers, forwarded = [], []
    for key, value in known.entries:
        name = key.removeprefix(HEADER)
        if key.startswith(HEADER) and name:
            headers += [{"name": name, "value": held} for held in texts(value)]
        if key == HEADER + "x-forwarded-for":
            hops = [trimmed(part) for held in texts(value) for part in held.split(",") if is_ip(trimmed(part))]
            forwarded = hops or forwarded
    return put(
        {},
        http_method=method if method in METHODS else None,
        version=known.text("network.protocol.version"),
        user_agent=known.text("user_agent.original"),
        uid=last_header(known, "x-request-id"),
        body_length=known.integer("http.request.body.size"),
        length=known.integer("http.request.size"),
        referrer=last_header(known, "referer"),
        x_forwarded_for=forwarded,
        http_headers=headers,
        url=url_of(known),
    )


def response_of(known: Known, latency: int | None) -> Json:
    code = http_code(known)
    if code is None:
        return {}
    return put(
        {"code": code},
        status=REASONS.get(code),
        latency=latency,
        body_length=known.integer("http.response.body.size"),
        content_type=next(iter(texts(known.get("http.response.header.content-type"))), None) or None,
    )


def server_endpoint(known: Known, svc_name: str | None, peer: str | None, *, only_addressed: bool = False) -> Json:
    """Return the endpoint of the server. `peer` is an address that is surely its."""
    host, port = server_of(known)
    end: Json = {}
    if is_ip(peer):
        end["ip"] = peer
    if host is not None:
        if is_ip(host):
            end.setdefault("ip", host)
        else:
            end["name" if host.startswith("/") else "hostname"] = host
    if only_addressed and not end:
        return {}
    put(end, svc_name=svc_name)
    # A port alone is no endpoint.
    return put(end, port=port) if end else {}


def connection(known: Known, direction: int) -> Json:
    version = {"ipv4": 4, "ipv6": 6}.get(known.text("network.type") or "")
    for name in ("network.peer.address", "client.address", "server.address"):
        version = version or ip_version(split_port(known.text(name) or "")[0])
    return put(
        {"direction_id": direction},
        protocol_name=known.text("network.transport"),
        protocol_ver_id=version,
    )


def traffic(known: Known, *, server: bool) -> Json:
    request, response = known.integer("http.request.body.size"), known.integer("http.response.body.size")
    bytes_in, bytes_out = (request, response) if server else (response, request)
    if bytes_in is None and bytes_out is None:
        return {}
    return put({}, bytes_in=bytes_in, bytes_out=bytes_out, bytes=(bytes_in or 0) + (bytes_out or 0))


def activity_of(known: Known) -> Json:
    method = known.text("http.request.method")
    if method in METHODS:
        return {"activity_id": METHODS.index(method) + 1}
    return {"activity_id": 99, "activity_name": known.text("http.request.method_original") or method or "_OTHER"}


def http_activity(known: Known, source: Source, direction: int, latency: int | None) -> Json | None:
    """Return what HTTP Activity adds; None when it cannot be filled."""
    if known.text("http.request.method") is None:
        return None
    server = direction != OUTBOUND
    request, response = request_of(known), response_of(known, latency)
    if not request and not response:
        return None
    event: Json = {"class_uid": 4002, **activity_of(known)}
    if server:
        put(event, src_endpoint=client_of(known), dst_endpoint=server_endpoint(known, source.name, None))
        put(event, actor=person_of(known))
    else:
        peer = known.text("network.peer.address")
        end = server_endpoint(known, known.text("service.peer.name"), peer)
        put(
            event,
            src_endpoint=source.endpoint(),
            dst_endpoint=end,
            actor=put(person_of(known), process=source.process()),
        )
    return put(
        event,
        http_request=request,
        http_response=response,
        connection_info=connection(known, direction),
        traffic=traffic(known, server=server),
    )
