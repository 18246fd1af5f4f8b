"""Authentication (3002), Entity Management (3004) and Application Lifecycle (6002)."""

from __future__ import annotations

from typing import Any

from .addresses import client_of
from .moments import moment_of
from .parties import UNKNOWN, Source, person_of, session_of, user_of
from .semconv import Known
from .values import as_json, lower, plain_text, put

Json = dict[str, Any]
PROTOCOLS = {
    "password": 11, "basic": 11, "bearer": 6, "jwt": 6, "oauth": 6, "oauth2": 6, "oauth 2.0": 6, "openid": 4,
    "oidc": 4, "saml": 5, "ldap": 12,
}  # fmt: skip
TOKENS = {"client": 6, "access": 6, "bearer": 6, "identity": 3, "id": 3, "refresh": 4}
LOGON, NETWORK = 1, 3


def authentication(known: Known, source: Source, kind: tuple[int, str | None], succeeded: bool | None) -> Json:
    """Someone logged on or off, or a token was handled."""
    number, name = kind
    event = put({"class_uid": 3002, "activity_id": number}, activity_name=name)
    event["user"] = user_of(known) or {"name": UNKNOWN, "type_id": 0}
    service = source.service()
    put(event, session=session_of(known), service=service)
    if not service:
        event["dst_endpoint"] = {"svc_name": UNKNOWN}
    if client := client_of(known):
        event |= {"src_endpoint": client, "logon_type_id": NETWORK, "is_remote": True}
    if protocol := known.text("auth.protocol") or known.text("auth.method"):
        held = PROTOCOLS.get(lower(protocol))
        event |= {"auth_protocol_id": 99, "auth_protocol": protocol} if held is None else {"auth_protocol_id": held}
    mfa = known.get("auth.mfa")
    if mfa is not None and mfa[0] == "bool":
        event["is_mfa"] = mfa[1]
    if number == LOGON and succeeded is True:
        event["is_new_logon"] = True
    return put(event, authentication_token=token_of(known))


def token_of(known: Known) -> Json:
    return put(
        {},
        type_id=TOKENS.get(lower(known.text("auth.token.type") or "")),
        uid=known.text("auth.token.id"),
        expiration_time=moment_of(known.get("auth.token.expiration_time")),
    )


def data(known: Known, **names: str) -> Json:
    return {key: as_json(value) for key, name in names.items() if (value := known.get(name)) is not None}


def configuration(known: Known) -> Json | None:
    """A configuration or a flag was changed."""
    name, kind = known.text("config.key"), "Configuration"
    if name is None:
        name, kind = known.text("feature_flag.key"), "Feature Flag"
    if name is None:
        return None
    entity = {"name": name, "type_id": 99, "type": kind}
    event: Json = {"class_uid": 3004, "activity_id": 3}
    event["entity"] = put(dict(entity), data=data(known, old="config.value.old"))
    if new := data(known, new="config.value.new"):
        event["entity_result"] = {**entity, "data": new}
    return event


def flag_evaluation(known: Known) -> Json | None:
    """A feature flag was evaluated."""
    key = known.text("feature_flag.key")
    if key is None:
        return None
    flag_set, version = known.text("feature_flag.set.id"), known.get("feature_flag.version")
    held = data(
        known,
        variant="feature_flag.result.variant",
        value="feature_flag.result.value",
        reason="feature_flag.result.reason",
        provider="feature_flag.provider.name",
    )
    entity = put(
        {"name": key, "type_id": 99, "type": "Feature Flag"},
        uid=f"{flag_set}/{key}" if flag_set else None,
        version=(plain_text(version) or None) if version else None,
        data=held,
    )
    event: Json = {"class_uid": 3004, "activity_id": 2, "entity": entity}
    if who := known.text("feature_flag.context.id"):
        event["actor"] = put({"user": {"uid": who, "type_id": 1}}, session=session_of(known))
    return event


def app_of(known: Known, source: Source) -> Json | None:
    """Return the application affected: the one named, else the service; None when neither has a name."""
    app = source.product()
    if name := known.text("app.name"):
        app = {"name": name, "vendor_name": app["vendor_name"]}
    elif source.service_name is None:
        return None
    return put(app, version=known.text("app.version"))


def deployment(known: Known, source: Source, number: int) -> Json | None:
    """An application was deployed."""
    actor = {"app_name": source.name, **person_of(known)}
    app = app_of(known, source)
    return app and {"class_uid": 6002, "activity_id": number, "app": app, "actor": actor}


def lifecycle(known: Known, source: Source, number: int) -> Json | None:
    """A service started or stopped."""
    app = app_of(known, source)
    return app and {"class_uid": 6002, "activity_id": number, "app": app}
