import pytest

from payment_provider.settings import Settings


def test_an_empty_environment_gives_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOST", "PORT", "SEED", "RATE_LIMIT", "RATE_BURST"):
        monkeypatch.delenv(name, raising=False)
    assert Settings.from_env() == Settings()


def test_the_burst_follows_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATE_LIMIT", "5")
    monkeypatch.delenv("RATE_BURST", raising=False)
    assert Settings.from_env().burst == 10
