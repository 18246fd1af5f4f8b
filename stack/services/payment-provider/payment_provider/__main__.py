"""Serve: `python -m payment_provider`."""

import copy
import logging
import signal
import socket
import sys
from typing import Any

import uvicorn
from uvicorn.config import LOGGING_CONFIG

from payment_provider.app import create_app
from payment_provider.settings import Settings


class NotHealth(logging.Filter):
    """Health checks stay out of the access log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Look at the path, the third argument of uvicorn's access line."""
        return not (isinstance(record.args, tuple) and len(record.args) > 2 and record.args[2] == "/health")


def log_config() -> dict[str, Any]:
    """Uvicorn's own, without colours and health checks."""
    config = copy.deepcopy(LOGGING_CONFIG)
    for formatter in config["formatters"].values():
        formatter["use_colors"] = False
    config["formatters"]["access"]["fmt"] = '%(asctime)s %(client_addr)s "%(request_line)s" %(status_code)s'
    config["filters"] = {"not_health": {"()": NotHealth}}
    config["handlers"]["access"]["filters"] = ["not_health"]
    return config


def main() -> None:
    """Run until SIGTERM, finish what is under way, exit with 0."""
    settings = Settings.from_env()
    # Uvicorn hands the signal on to the handler that it found, after its shutdown.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    config = uvicorn.Config(
        create_app(settings),
        log_config=log_config(),
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=75,  # longer than callers keep idle connections: they must not meet a closed one
        timeout_graceful_shutdown=3,
    )
    addresses = [(settings.host, settings.port), *([settings.operators] if settings.operators else [])]
    uvicorn.Server(config).run([socket.create_server(address, backlog=2048) for address in addresses])


if __name__ == "__main__":
    main()
