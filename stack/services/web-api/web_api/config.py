"""Configuration, from the environment alone."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

VERSION = (Path(__file__).resolve().parent.parent / "VERSION").read_text(encoding="utf-8").strip()


@dataclass(frozen=True, slots=True)
class Config:
    """Where the neighbours are, and whose word about a client's address counts."""

    database_url: str
    redis_url: str
    broker_url: str
    auth_url: str
    provider_url: str
    trusted_proxies: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read it, or say in one sentence what is missing."""
        names = ("DATABASE_URL", "REDIS_URL", "BROKER_URL", "AUTH_URL", "PROVIDER_URL")
        if missing := [name for name in names if not environ.get(name)]:
            raise RuntimeError(f"web-api needs these environment variables: {', '.join(missing)}")
        proxies = tuple(part.strip() for part in environ.get("TRUSTED_PROXIES", "").split(",") if part.strip())
        return cls(
            database_url=environ["DATABASE_URL"],
            redis_url=environ["REDIS_URL"],
            broker_url=environ["BROKER_URL"],
            auth_url=environ["AUTH_URL"].rstrip("/"),
            provider_url=environ["PROVIDER_URL"].rstrip("/"),
            trusted_proxies=proxies,
        )
