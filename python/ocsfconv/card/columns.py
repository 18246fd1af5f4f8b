"""What each column of the flat files and of those beside them says: the contracts that they are written by."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import NamedTuple

from ocsfconv.labels.columns import FILES, SUBSET, Column

SIGNALS = ("logs", "traces", "metrics")
SUBSET_FILE = "ocsf_eval_subset"


class Said(NamedTuple):
    """A column: its name, its type as the contracts call it, whether it may be null, its unit, its source, its meaning.

    `unit` is empty for what has none, `metric_unit` for what is in the unit that this column of the row names.
    """

    name: str
    type: str
    nullable: bool
    unit: str
    source: str
    says: str


def flat_columns(signal: str) -> tuple[Said, ...]:
    """The columns of `ocsf_<signal>.parquet`, in its order."""
    contract = json.loads((files("ocsfconv") / "columns" / f"flat_{signal}.json").read_text(encoding="utf-8"))
    return tuple(
        Said(
            one["column"],
            one["type"],
            one["nullable"],
            one.get("unit", ""),
            ", else ".join(one["source"]) or "computed",
            one["description"],
        )
        for one in contract
    )


def documented() -> dict[str, tuple[Said, ...]]:
    """Every flat file and every file of labels by name, without `.parquet`."""
    found = {f"ocsf_{signal}": flat_columns(signal) for signal in SIGNALS}
    found |= {name: tuple(map(_beside, columns)) for name, columns in FILES.items()}
    found[SUBSET_FILE] = found["ocsf_logs"] + tuple(map(_beside, SUBSET))
    return found


def _beside(column: Column) -> Said:
    kind = {"bool": "boolean", "footprint": "list<struct>"}.get(column.type, column.type)
    return Said(column.name, kind, column.null, column.unit, "label", column.says)
