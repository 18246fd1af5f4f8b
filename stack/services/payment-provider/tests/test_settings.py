import pytest

from payment_provider.settings import Settings


def test_an_empty_environment_gives_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOST", "PORT", "SEED", "RATE_LIMIT", "RATE_BURST", "OPERATORS"):
        monkeypatch.delenv(name, raising=False)
    assert Settings.from_env() == Settings()


def test_operators_have_an_address_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPERATORS", "127.0.0.1:8081")
    assert Settings.from_env().operators == ("127.0.0.1", 8081)
    monkeypatch.setenv("OPERATORS", "")
    assert Settings.from_env().operators is None


def test_the_burst_follows_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATE_LIMIT", "5")
    monkeypatch.delenv("RATE_BURST", raising=False)
    assert Settings.from_env().burst == 10
