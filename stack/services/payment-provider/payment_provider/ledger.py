"""Charges and refunds: what is decided, and that a repeated key gets the first answer again."""

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

DECLINED_OF_10_000 = 200
REASONS = ("insufficient_funds", "insufficient_funds", "do_not_honour", "expired_card", "limit_exceeded")
REMEMBERED_KEYS = 50_000


class KeyReused(Exception):
    """An idempotency key came again with another request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller gets; `replayed` when it got it before."""

    body: dict[str, Any]
    replayed: bool


def _digest(*parts: str | int) -> bytes:
    return sha256("/".join(map(str, parts)).encode()).digest()


def decide(reference: str) -> tuple[str, str | None]:
    """The issuer's decision and its reason, the same for a reference whenever it is asked."""
    digest = _digest("decision", reference)
    if int.from_bytes(digest[:4]) % 10_000 >= DECLINED_OF_10_000:
        return "authorised", None
    return "declined", REASONS[digest[4] % len(REASONS)]


class Ledger:
    """Answers by idempotency key, the oldest forgotten first."""

    def __init__(self, remembered: int = REMEMBERED_KEYS) -> None:
        self._remembered = remembered
        self._answers: OrderedDict[str, tuple[tuple[str, ...], dict[str, Any]]] = OrderedDict()

    def charge(self, key: str | None, reference: str, amount_cents: int, card_token: str) -> Answer:
        """Authorise or decline."""
        status, reason = decide(reference)
        body = {"id": f"ch_{_digest('charge', reference).hex()[:20]}", "status": status, "reason": reason}
        return self._once(key, ("charge", reference, str(amount_cents), card_token), body)

    def refund(self, key: str | None, charge_id: str, amount_cents: int) -> Answer:
        """Give money back."""
        body = {"id": f"re_{_digest('refund', charge_id, amount_cents).hex()[:20]}", "status": "authorised"}
        return self._once(key, ("refund", charge_id, str(amount_cents)), body)

    def _once(self, key: str | None, request: tuple[str, ...], body: dict[str, Any]) -> Answer:
        if key is None:
            return Answer(body, replayed=False)
        if known := self._answers.get(key):
            if known[0] != request:
                raise KeyReused(key)
            return Answer(known[1], replayed=True)
        self._answers[key] = (request, body)
        if len(self._answers) > self._remembered:
            self._answers.popitem(last=False)
        return Answer(body, replayed=False)
