"""What the environment decides."""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Addresses and folders; see docs/stack.md."""

    database_url: str
    redis_url: str
    broker_url: str
    provider_url: str
    state_dir: Path
    host: str
    port: int
    log_level: str
    version: str

    @property
    def metrics_dir(self) -> Path:
        """Where the worker's processes leave their metrics for its parent to read."""
        return self.state_dir / "worker-metrics"

    @property
    def beat_schedule(self) -> Path:
        """When the periodic tasks ran last."""
        return self.state_dir / "beat-schedule"

    @property
    def beat_alive(self) -> Path:
        """Touched at every tick of beat."""
        return self.state_dir / "beat-alive"


@cache
def settings() -> Settings:
    """Read the environment and the VERSION file of the working folder, once."""
    env = os.environ
    return Settings(
        database_url=env.get("DATABASE_URL", "postgresql://payment_worker@postgres:5432/shop"),
        redis_url=env.get("REDIS_URL", "redis://redis:6379/0"),
        broker_url=env.get("BROKER_URL", "redis://redis:6379/1"),
        provider_url=env.get("PROVIDER_URL", "http://payment-provider:8080").rstrip("/"),
        state_dir=Path(env.get("STATE_DIR", "/tmp")),
        host=env.get("HOST", "0.0.0.0"),
        port=int(env.get("PORT", "9100")),
        log_level=env.get("LOG_LEVEL", "INFO").upper(),
        version=Path("VERSION").read_text(encoding="utf-8").strip(),
    )
