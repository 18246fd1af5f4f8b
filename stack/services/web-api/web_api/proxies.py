"""Whose word about the client's address counts."""

import logging
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from .logs import event

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)


class TrustedProxies:
    """Takes `X-Forwarded-For` from listed peers, drops it from anybody else (ProxyFix does not look at the peer)."""

    def __init__(self, app: "WSGIApplication", trusted: Iterable[str]) -> None:
        self._app = app
        networks = [ip_network(cidr, strict=False) for cidr in trusted]

        @lru_cache(maxsize=1024)
        def is_trusted(address: str) -> bool:
            try:
                parsed = ip_address(address)
            except ValueError:
                return False
            return any(parsed in network for network in networks)

        self._is_trusted = is_trusted

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Put the client's address where WSGI has it, and keep the peer's."""
        peer = environ.get("REMOTE_ADDR", "")
        environ["web_api.peer"] = (peer, environ.get("REMOTE_PORT"))
        if forwarded := environ.pop("HTTP_X_FORWARDED_FOR", ""):
            if self._is_trusted(peer):
                environ["REMOTE_ADDR"] = self._client(forwarded, peer)
                environ.pop("REMOTE_PORT", None)  # the proxy's, not the client's
            else:
                event(
                    log,
                    "forwarded.ignored",
                    "ignored X-Forwarded-For from %s",
                    peer,
                    level=logging.WARNING,
                    attributes={"network.peer.address": peer},
                )
        return self._app(environ, start_response)

    def _client(self, forwarded: str, peer: str) -> str:
        """The last address that no trusted proxy has, read from the right."""
        for hop in reversed([part.strip() for part in forwarded.split(",")]):
            try:
                ip_address(hop)
            except ValueError:
                return peer
            if not self._is_trusted(hop):
                return hop
            peer = hop
        return peer
