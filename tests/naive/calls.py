"""API Activity (6003): messages, remote procedures, and requests that someone is known to have made."""

from __future__ import annotations

import re
from typing import Any

from .addresses import client_of
from .http import request_id, request_of, response_of, server_endpoint
from .parties import Source, session_of, user_of
from .semconv import Known
from .status import rpc_code
from .values import first_word, lower, put

Json = dict[str, Any]
MESSAGING = {"create": 1, "send": 1, "publish": 1, "receive": 2, "process": 2, "settle": 3}
METHODS = {"POST": 1, "GET": 2, "HEAD": 2, "OPTIONS": 2, "PUT": 3, "PATCH": 3, "DELETE": 4}
VERBS = {
    "create": 1, "insert": 1, "add": 1, "get": 2, "list": 2, "read": 2, "search": 2, "find": 2, "update": 3, "set": 3,
    "patch": 3, "replace": 3, "delete": 4, "remove": 4,
}  # fmt: skip
SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5


def messaging(known: Known, source: Source, name: str, kind: int) -> Json | None:
    """A message was sent, received or settled."""
    if not known.any("messaging.") and known.get("celery.task_name") is None:
        return None
    system, operation = known.text("messaging.system"), known.text("messaging.operation.name")
    kind_of = known.text("messaging.operation.type")
    task = known.text("celery.task_name")
    if task and known.get("messaging.system") is None:
        system, operation = "celery", task
    operation = operation or kind_of or name
    if not operation:
        return None
    number = MESSAGING.get(kind_of or "")
    if number is None:
        number = {PRODUCER: 1, CONSUMER: 2}.get(kind)
    activity: Json = {"activity_id": 99, "activity_name": operation} if number is None else {"activity_id": number}
    target = known.text("messaging.destination.name")
    resource = None
    if target:
        destination = known.text("messaging.destination_kind")
        resource = put({"name": target, "role_id": 1}, type=destination if destination in ("queue", "topic") else None)
    end = server_endpoint(known, system, known.text("network.peer.address"), only_addressed=True)
    return put(
        {"class_uid": 6003, **activity},
        actor=source.actor(known),
        src_endpoint=source.endpoint(),
        dst_endpoint=end,
        api=put(
            {"operation": operation},
            service=put({}, name=system),
            request=put({}, uid=known.text("messaging.message.id")),
        ),
        resources=[resource] if resource else None,
    )


def rpc_activity(method: str) -> Json:
    name = re.split(r"[/.]", method)[-1]
    verb = re.match(r"([A-Za-z][a-z]*)?", name)[0]
    number = VERBS.get(lower(verb))
    return (
        {"activity_id": 99, "activity_name": method.rsplit("/", 1)[-1]} if number is None else {"activity_id": number}
    )


def caller(known: Known, source: Source, *, server: bool, called: str | None = None) -> Json | None:
    """Return actor and endpoints; None when a server does not know its caller."""
    if not server:
        name = known.text("service.peer.name") or called
        end = server_endpoint(known, name, known.text("network.peer.address"), only_addressed=True)
        return put({"actor": source.actor(known), "src_endpoint": source.endpoint()}, dst_endpoint=end)
    client = client_of(known)
    agent = first_word(known.text("user_agent.original") or "")
    actor = put({}, user=user_of(known), session=session_of(known), app_name=agent)
    if not client or not actor:
        return None
    return {"actor": actor, "src_endpoint": client, "dst_endpoint": server_endpoint(known, source.name, None)}


def rpc(known: Known, source: Source, kind: int) -> Json | None:
    """A remote procedure was called."""
    method, service = known.text("rpc.method"), known.text("rpc.service")
    if not known.any("rpc.") or not method:
        return None
    parties = caller(known, source, server=kind == SERVER, called=service if kind == CLIENT else None)
    if parties is None:
        return None
    operation = method if "/" in method or not service else f"{service}/{method}"
    number, name = rpc_code(known)
    response = put({}, code=number, error=name if number != 0 else None)
    api = put({"operation": operation}, service=put({}, name=service), response=response)
    return {"class_uid": 6003, **rpc_activity(method), **parties, "api": api}


def function(known: Known, source: Source, kind: int, name: str) -> Json | None:
    """A function or a GraphQL operation was run."""
    if not known.any("faas.") and not known.any("graphql."):
        return None
    parties = caller(known, source, server=kind == SERVER)
    names = ("graphql.operation.name", "faas.invoked_name", "faas.name")
    operation = next((held for key in names if (held := known.text(key))), name)
    if parties is None or not operation:
        return None
    activity = rpc_activity(operation)
    if "activity_name" in activity:
        activity["activity_name"] = operation
    if known.text("graphql.operation.type") == "query":
        activity = {"activity_id": 2}
    return {"class_uid": 6003, **activity, **parties, "api": {"operation": operation}}


def api_log(known: Known, source: Source, latency: int | None) -> Json | None:
    """A log of a request that someone is known to have made."""
    method = known.text("http.request.method")
    route = known.text("http.route") or known.text("url.path")
    actor = put({}, user=user_of(known), session=session_of(known))
    client = client_of(known)
    if not (method and route and actor and client):
        return None
    number = METHODS.get(method, 99)
    response = response_of(known, latency)
    resource = put(
        {},
        uid=known.text("app.resource.id"),
        name=known.text("app.resource.name"),
    )
    if resource:
        put(resource, type=known.text("app.resource.type"), role_id=3)
    event = {"class_uid": 6003, "activity_id": number}
    if number == 99:
        event["activity_name"] = known.text("http.request.method_original") or method
    return put(
        event,
        actor=actor,
        src_endpoint=client,
        dst_endpoint=server_endpoint(known, source.name, None),
        api=put(
            {"operation": f"{method} {route}"},
            service=source.service(),
            request=put({}, uid=request_id(known)),
            response=put({}, code=response.get("code")),
        ),
        http_request=request_of(known),
        http_response=response,
        resources=[resource] if resource else None,
    )
