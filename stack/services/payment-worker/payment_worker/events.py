"""Log records with a name and attributes; the message is a template over the attributes."""

import logging
from typing import Any

_log = logging.getLogger("payment_worker")


def event(name: str, message: str, attributes: dict[str, Any] | None = None, level: int = logging.INFO) -> None:
    """Log `message % attributes` as the event `name`; attributes without a value are left out."""
    known = {key: value for key, value in (attributes or {}).items() if value is not None}
    # The logging module takes a lone mapping for the template's arguments, unless it is empty.
    _log.log(level, message, *([attributes] if attributes else []), extra={"otel.event.name": name, **known})
