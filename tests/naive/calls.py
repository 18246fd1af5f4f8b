"""API Activity (6003): messages, remote procedures, and requests that someone is known to have made."""

from __future__ import annotations

from typing import Any

from .addresses import client_of
from .http import request_id, request_of, response_of, server_endpoint
from .parties import Source, session_of, user_of
from .semconv import Known
from .status import rpc_code
from .values import put
from .words import split

Json = dict[str, Any]
MESSAGING = {"create": 1, "send": 1, "publish": 1, "receive": 2, "process": 2, "settle": 3}
METHODS = {"POST": 1, "GET": 2, "HEAD": 2, "OPTIONS": 2, "PUT": 3, "PATCH": 3, "DELETE": 4}
VERBS = {"create": 1, "get": 2, "list": 2, "update": 3, "delete": 4}
PRODUCER, CONSUMER = 4, 5


def messaging(known: Known, source: Source, name: str, kind: int) -> Json | None:
    """A message was sent, received or settled."""
    if not known.any("messaging.") and known.get("celery.task_name") is None:
        return None
    system, operation = known.text("messaging.system"), known.text("messaging.operation.name")
    kind_of = known.text("messaging.operation.type")
    if task := known.text("celery.task_name"):
        system = system or "celery"
        operation = operation or task
    operation = operation or kind_of or name
    if not operation:
        return None
    number = MESSAGING.get((kind_of or "").lower())
    if number is None:
        number = {PRODUCER: 1, CONSUMER: 2}.get(kind)
    activity: Json = {"activity_id": 99, "activity_name": operation} if number is None else {"activity_id": number}
    target = known.text("messaging.destination.name")
    resource = None
    if target:
        destination = (known.text("messaging.destination_kind") or "").lower()
        resource = put({"name": target, "role_id": 1}, type=destination if destination in ("queue", "topic") else None)
    end = server_endpoint(known, None, known.text("network.peer.address"))
    if end:
        put(end, svc_name=system)
    return put(
        {"class_uid": 6003, **activity},
        actor=source.actor(),
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
    verb = split(method)[:1]
    number = VERBS.get(verb[0]) if verb else None
    return {"activity_id": 99, "activity_name": method} if number is None else {"activity_id": number}


def caller(known: Known, source: Source, *, server: bool) -> Json | None:
    """Return actor and endpoints; None when a server does not know its caller."""
    if not server:
        end = server_endpoint(known, known.text("service.peer.name"), known.text("network.peer.address"))
        return put({"actor": source.actor(), "src_endpoint": source.endpoint()}, dst_endpoint=end)
    client = client_of(known)
    agent = (known.text("user_agent.original") or "").split()
    actor = put({}, user=user_of(known), session=session_of(known), app_name=agent[0] if agent else None)
    if not client or not actor:
        return None
    return {"actor": actor, "src_endpoint": client, "dst_endpoint": server_endpoint(known, source.name, None)}


def rpc(known: Known, source: Source, *, server: bool) -> Json | None:
    """A remote procedure was called."""
    method, service = known.text("rpc.method"), known.text("rpc.service")
    if not known.any("rpc.") or not method:
        return None
    parties = caller(known, source, server=server)
    if parties is None:
        return None
    operation = method if "/" in method or not service else f"{service}/{method}"
    number, name = rpc_code(known)
    response = None if number is None else put({"code": number}, error=name if number else None)
    api = put({"operation": operation}, service=put({}, name=service), response=response)
    return {"class_uid": 6003, **rpc_activity(method.rsplit("/", 1)[-1]), **parties, "api": api}


def function(known: Known, source: Source, *, server: bool, name: str) -> Json | None:
    """A function or a GraphQL operation was run."""
    if not known.any("faas.") and not known.any("graphql."):
        return None
    parties = caller(known, source, server=server)
    operation = known.text("graphql.operation.name") or known.text("faas.name") or name
    if parties is None or not operation:
        return None
    return {"class_uid": 6003, **rpc_activity(operation), **parties, "api": {"operation": operation}}


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
