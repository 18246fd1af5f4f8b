"""Attributes by their newest name, whatever a record calls them (docs/mapping.md, "Old and new names")."""

from __future__ import annotations

from .values import Attributes, Value, integer, text

# Names after the first are older ones, or names of this project, in order of precedence.
NAMES: dict[str, list[str]] = {
    "http.request.method": ["http.method"],
    "http.response.status_code": ["http.status_code"],
    "url.full": ["http.url"],
    "url.scheme": ["http.scheme"],
    "network.protocol.version": ["http.flavor"],
    "user_agent.original": ["http.user_agent"],
    "network.peer.address": ["net.sock.peer.addr", "net.peer.ip"],
    "db.system.name": ["db.system"],
    "db.namespace": ["db.name", "db.redis.database_index"],
    "db.query.text": ["db.statement"],
    "db.operation.name": ["db.operation"],
    "db.collection.name": ["db.sql.table"],
    "messaging.operation.type": ["messaging.operation"],
    "messaging.destination.name": ["messaging.destination"],
    "service.peer.name": ["peer.service"],
    "user.id": ["enduser.id"],
    "deployment.environment.name": ["deployment.environment"],
    "feature_flag.result.variant": ["feature_flag.variant"],
    "feature_flag.result.reason": ["feature_flag.evaluation.reason"],
    "feature_flag.provider.name": ["feature_flag.provider_name"],
    "auth.token.id": ["jti"],
    "app.resource.id": ["resource.id", "resource.uid"],
    "app.resource.name": ["resource.name"],
    "app.resource.type": ["resource.type"],
    "http.request.id": ["request.id", "request_id", "reqId"],
}
# What `net.peer.*` names depends on the side that recorded it.
SERVER_NAMES = {
    "client.address": ["net.peer.name", "http.client_ip"],
    "client.port": ["net.peer.port"],
    "server.address": ["net.host.name", "http.server_name", "http.host"],
    "server.port": ["net.host.port"],
}
CLIENT_NAMES = {
    "client.address": ["http.client_ip"],
    "client.port": [],
    "server.address": ["net.peer.name", "net.host.name", "http.server_name", "http.host"],
    "server.port": ["net.peer.port", "net.host.port"],
}


class Known:
    """The attributes of a record, found by their newest names."""

    def __init__(self, entries: Attributes, *, server: bool = True) -> None:
        self.entries = entries
        self.held: dict[str, Value] = {}
        # Of a repeated key the first value counts, and an empty value is none.
        for key, value in entries:
            if value[0] != "empty":
                self.held.setdefault(key, value)
        self.names = NAMES | (SERVER_NAMES if server else CLIENT_NAMES)

    def get(self, name: str) -> Value | None:
        """Return the value of the first of a name's spellings that is there."""
        for spelling in [name, *self.names.get(name, [])]:
            if spelling in self.held:
                return self.held[spelling]
        return None

    def text(self, name: str) -> str | None:
        return text(self.get(name))

    def occurs(self, key: str) -> bool:
        """Say whether a key is there, be it with the empty value."""
        return any(held == key for held, _ in self.entries)

    def integer(self, name: str) -> int | None:
        return integer(self.get(name))

    def any(self, prefix: str) -> bool:
        """Say whether an attribute of a namespace is there."""
        return any(key.startswith(prefix) for key, _ in self.entries)

    def count(self, key: str) -> int:
        return sum(1 for held, _ in self.entries if held == key)
