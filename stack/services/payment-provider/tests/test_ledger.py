import pytest

from payment_provider.ledger import KeyReused, Ledger, decide


def test_two_percent_are_declined_and_a_reference_decides_alone() -> None:
    decisions = [decide(f"order-{n}") for n in range(20_000)]
    declined = [reason for status, reason in decisions if status == "declined"]
    assert 0.016 < len(declined) / len(decisions) < 0.024
    assert all(declined)
    assert decisions[:100] == [decide(f"order-{n}") for n in range(100)]


def test_a_repeated_key_gets_the_first_answer() -> None:
    ledger = Ledger()
    first = ledger.charge("k1", "order-1", 100, "tok")
    again = ledger.charge("k1", "order-1", 100, "tok")
    assert not first.replayed
    assert again.replayed
    assert again.body == first.body


def test_a_key_belongs_to_one_request() -> None:
    ledger = Ledger()
    ledger.charge("k1", "order-1", 100, "tok")
    with pytest.raises(KeyReused):
        ledger.charge("k1", "order-1", 101, "tok")


def test_the_oldest_keys_are_forgotten() -> None:
    ledger = Ledger(remembered=2)
    for key in ("a", "b", "c"):
        ledger.refund(key, "ch_1", 100)
    assert not ledger.refund("a", "ch_1", 100).replayed
    assert ledger.refund("c", "ch_1", 100).replayed
