"""Connections: each from a client to the service behind, copied in both directions."""

import asyncio
import contextlib
import socket
import struct
import time
from asyncio import StreamReader, StreamWriter
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

from auth_gateway.shaping import Shaper, Shaping

CONNECT_SECONDS = 1.0
SEGMENT = 64 * 1024  # bytes
REMEMBERED = 16_384  # exchanges
AT_ONCE = struct.pack("ii", 1, 0)  # for SO_LINGER: what closes says that it was cut


@dataclass(slots=True)
class Exchange:
    """A request and what was answered, as far as TCP shows: it ends when the client speaks again."""

    opened_ns: int
    closed_ns: int
    bytes: int = 0
    held_ms: float = 0.0
    answered: bool = False


class Exchanges:
    """The last exchanges, numbered."""

    def __init__(self) -> None:
        self._kept: deque[tuple[int, Exchange]] = deque(maxlen=REMEMBERED)
        self._count = 0

    def begin(self) -> Exchange:
        """Number a new one."""
        self._count += 1
        now = time.time_ns()
        one = Exchange(now, now)
        self._kept.append((self._count, one))
        return one

    def since(self, number: int) -> list[dict[str, Any]]:
        """Give those after a number, each with its own as `seq`; may be asked from another thread."""
        return [{"seq": seq, **asdict(one)} for seq, one in list(self._kept) if seq > number]


class Connection:
    """One client's."""

    def __init__(self, exchanges: Exchanges, *writers: StreamWriter) -> None:
        self._exchanges, self._writers = exchanges, writers
        self._exchange: Exchange | None = None

    def came(self, size: int, *, request: bool) -> Exchange:
        """Count a segment for its exchange."""
        if self._exchange is None or (request and self._exchange.answered):
            self._exchange = self._exchanges.begin()
        self._exchange.bytes += size
        self._exchange.answered |= not request
        return self._exchange

    def reset(self) -> None:
        """End it at once, with what is under way."""
        for writer in self._writers:
            _reset(writer)


def _reset(writer: StreamWriter) -> None:
    if not writer.is_closing():
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        writer.transport.abort()


class Gateway:
    """Listens, connects, and knows how the line is."""

    def __init__(self, listen: tuple[str, int], upstream: tuple[str, int]) -> None:
        self._loop = asyncio.get_running_loop()
        self._shaper = Shaper(Shaping(), self._loop.time())
        self._changed = asyncio.Event()
        self._listen, self._upstream = listen, upstream
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self.exchanges = Exchanges()

    @property
    def shaping(self) -> Shaping:
        """How the line is."""
        return self._shaper.shaping

    async def open(self) -> None:
        """Take connections."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, *self._listen, limit=SEGMENT)

    def close(self) -> None:
        """Take none any more, and end those that are open."""
        if self._server:
            self._server.close()
            self._server = None
        for connection in list(self._connections):
            connection.reset()

    async def shape(self, shaping: Shaping) -> None:
        """Change the line; what waited until now goes."""
        self._shaper = Shaper(shaping, self._loop.time())
        self._changed.set()
        self._changed = asyncio.Event()
        if shaping.mode == "refuse":
            self.close()
        else:
            await self.open()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                behind, to_behind = await asyncio.open_connection(*self._upstream, limit=SEGMENT)
        except OSError:  # a timeout is one, too
            _reset(writer)
            return
        connection = Connection(self.exchanges, writer, to_behind)
        self._connections.add(connection)
        requests = asyncio.create_task(self._copy(connection, reader, to_behind, request=True))
        await self._copy(connection, behind, writer, request=False)
        requests.cancel()
        self._connections.discard(connection)
        for one in (writer, to_behind):
            one.close()

    async def _copy(self, connection: Connection, reader: StreamReader, writer: StreamWriter, *, request: bool) -> None:
        try:
            while data := await reader.read(SEGMENT):
                exchange = connection.came(len(data), request=request)
                exchange.held_ms += round(await self._hold(len(data), request=request) * 1000, 3)
                exchange.closed_ns = time.time_ns()
                writer.write(data)
                await writer.drain()
            writer.write_eof()
        except OSError:  # one side was reset, so the other one is
            connection.reset()

    async def _hold(self, size: int, *, request: bool) -> float:
        begun = self._loop.time()
        seconds = self._shaper.holds(begun, size, request=request)
        if seconds == 0:
            return 0.0
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)
        return self._loop.time() - begun
