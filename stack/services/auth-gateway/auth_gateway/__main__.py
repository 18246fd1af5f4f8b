"""Run: `python -m auth_gateway`, with LISTEN, UPSTREAM and ADMIN, each `host:port`, in the environment."""

import asyncio
import os
import signal

from auth_gateway.admin import Admin
from auth_gateway.line import Gateway


def endpoint(name: str, default: str) -> tuple[str, int]:
    """Read `host:port`."""
    host, _, port = os.environ.get(name, default).rpartition(":")
    return host, int(port)


async def run() -> None:
    """Forward until SIGTERM."""
    gateway = Gateway(endpoint("LISTEN", "0.0.0.0:3000"), endpoint("UPSTREAM", "auth-service:3000"))
    await gateway.open()
    Admin(endpoint("ADMIN", "0.0.0.0:9901"), gateway).start()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()
    gateway.close()


if __name__ == "__main__":
    asyncio.run(run())
