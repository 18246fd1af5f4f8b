"""What the environment decides."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Defaults are those of the live service."""

    host: str = "0.0.0.0"
    port: int = 8080
    seed: str = "7"
    rate_limit: float = 40.0  # requests a second, in all
    burst: float = 80.0
    operators: tuple[str, int] | None = None  # host and port for its own staff; callers never see them

    @classmethod
    def from_env(cls) -> "Settings":
        """Read HOST, PORT, SEED, RATE_LIMIT, RATE_BURST (twice the limit when absent) and OPERATORS (`host:port`)."""
        rate = float(os.environ.get("RATE_LIMIT", cls.rate_limit))
        host, _, port = os.environ.get("OPERATORS", "").rpartition(":")
        return cls(
            host=os.environ.get("HOST", cls.host),
            port=int(os.environ.get("PORT", cls.port)),
            seed=os.environ.get("SEED", cls.seed),
            rate_limit=rate,
            burst=float(os.environ.get("RATE_BURST", 2 * rate)),
            operators=(host, int(port)) if host else None,
        )
