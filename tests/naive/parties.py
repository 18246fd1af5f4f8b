"""Users, sessions, processes, and the resource that a record comes from."""

from __future__ import annotations

import re
from typing import Any

from .addresses import EMAIL, MAC, UUID, is_ip
from .moments import milliseconds_of
from .semconv import Known
from .values import Value, integer, lower, put, text

Json = dict[str, Any]
UNKNOWN = "unknown"
OS_TYPES = {"linux": 200, "windows": 100, "darwin": 300}


def user_of(known: Known) -> Json:
    """Return the user that a record names."""
    email = known.text("user.email")
    roles = known.get("user.roles")
    groups = [{"name": item[1]} for item in roles[1] if text(item)] if roles and roles[0] == "list" else []
    user = put(
        {},
        uid=known.text("user.id"),
        name=known.text("user.name"),
    )
    if not user:
        return {}
    return put(
        user,
        email_addr=email if email and EMAIL.fullmatch(email) else None,
        full_name=known.text("user.full_name"),
        groups=groups,
        type_id=1,
    )


def person_of(known: Known) -> Json:
    """Return user and session as parts of an actor."""
    return put({}, user=user_of(known), session=session_of(known))


def session_of(known: Known) -> Json:
    return put({}, uid=known.text("session.id"))


def first(value: Value | None) -> str | None:
    """Return a text, or the first of a list of texts."""
    if value is not None and value[0] == "list":
        value = value[1][0] if value[1] else None
    return text(value)


class Source:
    """What a resource says: the same for all its records."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.service_name = known.text("service.name")
        self.instance = known.text("service.instance.id")
        self.host = known.text("host.name")

    @property
    def name(self) -> str:
        return self.service_name or UNKNOWN

    def product(self) -> Json:
        product = put({"name": self.name}, version=self.known.text("service.version"))
        return put(product, vendor_name=self.known.text("service.namespace") or UNKNOWN)

    def service(self) -> Json:
        if self.service_name is None:
            return {}
        return put({"name": self.service_name}, version=self.known.text("service.version"))

    def endpoint(self) -> Json:
        """Return the service's own endpoint."""
        return put({"svc_name": self.name}, hostname=self.host, instance_uid=self.instance)

    def tags(self) -> list[Json]:
        names = ("deployment.environment.name", "service.namespace", "service.instance.id")
        held = {name: self.known.text(name) for name in names}
        held[names[0]] = held[names[0]] or text(self.known.held.get("deployment.environment"))
        return [{"name": name, "value": value} for name, value in held.items() if value]

    def process(self) -> Json:
        path = self.known.text("process.executable.path")
        pid = integer(self.known.get("process.pid"))
        if pid is None:
            return {}
        name = re.split(r"[/\\]", path or "")[-1]
        file = {"name": name, "path": path, "type_id": 1} if name else None
        return put(
            {"pid": pid},
            name=self.known.text("process.executable.name"),
            file=file,
            cmd_line=self.known.text("process.command_line"),
            created_time=milliseconds_of(self.known.text("process.creation.time") or ""),
        )

    def actor(self, known: Known) -> Json:
        """Return the service as the one that acts, for someone whom a record may name."""
        return put({"app_name": self.name, **person_of(known)}, process=self.process())

    def device(self) -> Json:
        known = self.known
        ip = first(known.get("host.ip"))
        device = put({}, hostname=self.host, uid=known.text("host.id"), ip=ip if is_ip(ip) else None)
        container = self.container()
        if not device and "uid" in container:
            device["uid"] = container["uid"]
        if not device:
            return {}
        mac = (first(known.get("host.mac")) or "").replace("-", ":")
        return put(
            device,
            mac=mac if MAC.fullmatch(mac) else None,
            type_id=1 if self.service_name else 0,
            os=self.os(),
            container=container,
        )

    def os(self) -> Json:
        kind = self.known.text("os.type")
        name = self.known.text("os.name") or kind
        if name is None:
            return {}
        system = put({"name": name}, version=self.known.text("os.version"), build=self.known.text("os.build_id"))
        if kind is None:
            return system | {"type_id": 0}
        number = OS_TYPES.get(lower(kind), 99)
        return system | ({"type_id": number} if number != 99 else {"type_id": 99, "type": kind})

    def container(self) -> Json:
        known = self.known
        if not known.text("container.id") and not known.text("container.name"):
            return {}
        image_uid = known.text("container.image.id") or first(known.get("container.image.repo_digests"))
        image = put({"uid": image_uid}, name=known.text("container.image.name")) if image_uid else None
        pod = known.text("k8s.pod.uid")
        pod = pod if pod and UUID.fullmatch(pod) else None
        return put(
            {},
            uid=known.text("container.id"),
            name=known.text("container.name"),
            image=image,
            pod_uuid=pod,
            orchestrator="kubernetes" if known.any("k8s.") else None,
        )

    def cloud(self) -> Json:
        known = self.known
        provider = known.text("cloud.provider")
        if provider is None:
            return {}
        return put(
            {"provider": provider},
            region=known.text("cloud.region"),
            zone=known.text("cloud.availability_zone"),
            account=put({}, uid=known.text("cloud.account.id")),
        )
