"""Commands to the shop's Redis, as an operator gives them; some once, some again and again until undone.

Arguments: `database` (0); `commands` as `redis-cli` takes them, and `undo`, commands as well; `unlink`, patterns of
keys that are dropped; `every`, seconds until all of that is done again; `read`, a command a name, whose last value
stands for `:name` in `undo` (CONFIG GET); `probe` and `undone`, lists of `{command, expect}`: the answer must match
the pattern.
"""

from __future__ import annotations

import json
import re
import shlex
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice
from random import Random
from typing import Any

import redis

from conductor.errors import ConductorError
from conductor.mechanisms.base import Arguments, Context, Undo
from conductor.mechanisms.sql import fill
from conductor.places import checksum

SPREAD = 0.2  # no round comes exactly when it is due
BATCH = 200
CLIENT = "cache-purge"


class Rounds:
    """Does the same again and again in a thread of its own, as a job that somebody has set up does."""

    def __init__(self, client: redis.Redis, arguments: Arguments, r: Random) -> None:
        self._client, self._arguments, self._r = client, arguments, r
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="redis rounds", daemon=True)
        self.done = 0

    def start(self) -> None:
        """Do it once here, so that a refusal is heard, and go on beside if it is to be done again."""
        perform(self._client, self._arguments)
        self.done = 1
        if "every" in self._arguments:
            self._thread.start()

    def close(self) -> None:
        """End after the command that runs."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(5)
        self._client.close()

    def _run(self) -> None:
        every = self._arguments["every"]
        while not self._stop.wait(every * self._r.uniform(1 - SPREAD, 1 + SPREAD)):
            with suppress(ConductorError):  # a store that does not answer has nothing to drop
                perform(self._client, self._arguments)
                self.done += 1


class Redis:
    """Commands, and commands that take them back."""

    kind = "redis"
    role = "operator"

    def target(self, arguments: Arguments) -> str:
        """Name the store's service."""
        return "redis"

    def command(self, arguments: Arguments) -> tuple[str, str]:
        """Give the lines of a shell."""
        cli = f"redis-cli -n {arguments.get('database', 0)}"
        lines = [f"{cli} {command}" for command in arguments.get("commands", [])]
        lines += [f"{cli} --scan --pattern {shlex.quote(p)} | xargs {cli} unlink" for p in arguments.get("unlink", [])]
        done = "; ".join(lines)
        if "every" in arguments:
            done = f"while sleep {arguments['every']:g}; do {done}; done"
        taken_back = [f"{cli} {command}" for command in arguments.get("undo", [])]
        return done, "; ".join([*taken_back, *(["kill %1"] if "every" in arguments else [])])

    def prepare(self, arguments: Arguments, context: Context) -> Undo:
        """Read what the undo will need; the name of the client tells an earlier one that is left."""
        client = connect(context, arguments.get("database", 0))
        found = {name: _last(ask(client, command)) for name, command in arguments.get("read", {}).items()}
        key = _key(arguments)
        client.client_setname(CLIENT)
        context.kept[key] = Rounds(client, arguments, Random(f"{context.seed}/{context.episode}"))
        return {
            "key": key,
            "database": arguments.get("database", 0),
            "client": str(client.client_id()),
            "commands": [fill(command, found) for command in arguments.get("undo", [])],
            "probe": arguments.get("undone", []),
        }

    def begin(self, arguments: Arguments, context: Context) -> None:
        """Do it once, or begin to do it again and again."""
        rounds = context.kept.get(_key(arguments))
        if rounds is None:
            raise ConductorError("no connection to Redis is open: prepare comes first", 1)
        rounds.start()

    def in_effect(self, arguments: Arguments, context: Context) -> bool:
        """Tell whether it was done, and whether Redis answers as expected."""
        with connect(context, arguments.get("database", 0)) as client:
            return context.kept[_key(arguments)].done > 0 and says(client, arguments.get("probe", []))

    def undo(self, undo: Undo, context: Context) -> None:
        """End what goes on, also what another process has left, and give the commands that take it back."""
        rounds = context.kept.pop(undo["key"], None)
        if rounds is not None:
            rounds.close()
        with connect(context, undo["database"]) as client:
            _kill(client, undo["client"])
            for command in undo["commands"]:
                ask(client, command)

    def undone(self, undo: Undo, context: Context) -> bool:
        """Tell whether the client is gone and Redis answers as before."""
        with connect(context, undo["database"]) as client:
            return not _clients(client, undo["client"]) and says(client, undo["probe"])


def connect(context: Context, database: int) -> redis.Redis:
    """Open a connection that is made at once.

    Raises:
        ConductorError: Redis does not answer.
    """
    url = context.runtime.environment()["REDIS_URL"]
    client = redis.Redis.from_url(
        url,
        db=database,
        decode_responses=True,
        socket_timeout=5,
        socket_connect_timeout=3,
        single_connection_client=True,
    )
    ask(client, "PING")
    return client


def perform(client: redis.Redis, arguments: Arguments) -> None:
    """Give the commands and drop the keys, once.

    Raises:
        ConductorError: Redis refused it, or does not answer.
    """
    for command in arguments.get("commands", []):
        ask(client, command)
    for pattern in arguments.get("unlink", []):
        try:
            keys = iter(client.scan_iter(match=pattern, count=BATCH))
            while some := list(islice(keys, BATCH)):
                client.unlink(*some)
        except redis.RedisError as error:
            raise ConductorError(f"Redis did not drop {pattern!r}: {error}; is the shop up?", 1) from error


def ask(client: redis.Redis, command: str) -> Any:
    """Give the answer to a command as `redis-cli` takes it.

    Raises:
        ConductorError: Redis refused it, or does not answer.
    """
    try:
        return client.execute_command(*shlex.split(command))
    except redis.RedisError as error:
        raise ConductorError(f"Redis refused {command!r}: {error}; is the shop up?", 1) from error


def says(client: redis.Redis, probes: Sequence[Mapping[str, str]]) -> bool:
    """Tell whether every answer has what its pattern finds; a list is a line each."""
    return all(re.search(probe["expect"], _text(ask(client, probe["command"]))) for probe in probes)


def _text(answer: Any) -> str:
    if isinstance(answer, Mapping):
        return "\n".join(f"{key}: {value}" for key, value in answer.items())
    return "\n".join(map(str, answer)) if isinstance(answer, list) else str(answer)


def _last(answer: Any) -> str:
    values = list(answer.values()) if isinstance(answer, Mapping) else answer
    return str(values[-1] if isinstance(values, list) and values else values)


def _clients(client: redis.Redis, identity: str) -> list[Any]:
    return [one for one in client.client_list() if one["name"] == CLIENT and one["id"] == identity]


def _kill(client: redis.Redis, identity: str) -> None:
    if _clients(client, identity):
        client.client_kill_filter(_id=identity)


def _key(arguments: Arguments) -> str:
    return f"redis {checksum(json.dumps(arguments, sort_keys=True))}"
