"""`python -m ocsfconv card`: what a data set is, for people and for programs, beside it.

`README.md` is a data set card in Hugging Face's form, `croissant.json` the same in MLCommons' Croissant. Needs the
extra `[label]`. What is listed in `__all__` is the interface.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from ocsfconv.card.croissant import croissant
from ocsfconv.card.errors import CardError
from ocsfconv.card.facts import CONVERSION, SUMMARY, read_facts
from ocsfconv.card.readme import readme

__all__ = ["CARD", "CROISSANT", "CardError", "write"]

CARD, CROISSANT = "README.md", "croissant.json"


def write(data: str | os.PathLike[str] = "data", *, made_by: str | None = None) -> list[Path]:
    """Write both descriptions of a converted folder into it.

    Args:
        data: What `make dataset` leaves, labelled or not: `conversion.json` and the Parquet files that it names.
        made_by: The command that gives the same data set again, as text.

    Raises:
        CardError: a file is missing or broken.
    """
    folder = Path(data)
    facts = read_facts(folder, made_by)
    try:
        written = {
            CARD: readme(facts),
            CROISSANT: json.dumps(croissant(facts), indent=2, ensure_ascii=False) + "\n",
        }
    except KeyError as error:
        raise CardError(f"{folder}: {CONVERSION} or {SUMMARY} says nothing of {error}; make them anew") from error
    for name, text in written.items():
        beside = folder / f".{name}"
        try:
            beside.write_text(text, encoding="utf-8")
            os.replace(beside, folder / name)
        except OSError as error:
            raise CardError(f"{folder / name}: {error.strerror}") from error
    return [folder / name for name in written]
