"""argon2id hashes of everybody's password.

Salts come from the seed too, so the hashes are the same everywhere and can be kept: `python -m seed.hashes FILE`.
"""

import contextlib
import os
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from pathlib import Path

from argon2 import PasswordHasher

from seed.draw import digest
from seed.people import PEOPLE, person

MEMORY_KIB, TIME, PARALLELISM = 19_456, 2, 1


def password_hash(number: int) -> str:
    hasher = PasswordHasher(time_cost=TIME, memory_cost=MEMORY_KIB, parallelism=PARALLELISM, hash_len=32)
    return hasher.hash(person(number).password, salt=digest("salt", number)[:16])


def make() -> list[str]:
    """One hash a person, in order."""
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    with ProcessPoolExecutor(workers) as pool:
        return list(_progress(pool.map(password_hash, range(1, PEOPLE + 1), chunksize=20)))


def kept(path: Path | None) -> list[str]:
    """The hashes of a file made by this very seed, else new ones, kept there when it can be written."""
    if path is not None and path.is_file():
        stamp, *hashes = path.read_text(encoding="ascii").split("\n")
        if stamp == _stamp():
            return hashes
    hashes = make()
    if path is not None:
        with contextlib.suppress(OSError):
            keep(path, hashes)
    return hashes


def keep(path: Path, hashes: list[str]) -> None:
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_text("\n".join([_stamp(), *hashes]), encoding="ascii")
    beside.replace(path)


def _stamp() -> str:
    passwords = "\n".join(person(n).password for n in range(1, PEOPLE + 1))
    return sha256(f"{MEMORY_KIB} {TIME} {PARALLELISM}\n{passwords}".encode()).hexdigest()


def _progress(hashes: Iterable[str]) -> Iterator[str]:
    shown = time.monotonic()
    for done, one in enumerate(hashes, start=1):
        now = time.monotonic()
        if now - shown >= 5 or done == PEOPLE:
            shown = now
            sys.stderr.write(f"seed: {done} of {PEOPLE} passwords hashed\n")
        yield one


if __name__ == "__main__":
    keep(Path(sys.argv[1]), make())
