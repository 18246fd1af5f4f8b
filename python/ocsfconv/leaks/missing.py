"""Missing values: which columns and attributes a record has must not tell what is exposed.

Columns that say how it ended are left out, and records are compared with those that ended alike: a failed call has an
error where another has none, and that is no leak.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ocsfconv.leaks.cases import Bools, Case, Column, Ints, Signal
from ocsfconv.leaks.classifier import Classifier
from ocsfconv.leaks.placement import Schedule
from ocsfconv.leaks.records import Features
from ocsfconv.leaks.report import Row
from ocsfconv.leaks.units import Units, joined, together

OUTCOME = re.compile(r"error|exception|status|response|severity|retr(?:y|ies)|stacktrace")


def row(schedule: Schedule, units: Units, seed: int) -> Row:
    """Whether what is missing tells exposed records from others of their kind."""
    return Classifier(schedule, units, features(schedule), seed).row("missing values", "of exposed records")


def features(schedule: Schedule) -> Features:
    """Each column's gaps, all of them together, and the set of attributes."""
    usable = np.ones(len(schedule.faults), bool)

    def give(cases: Sequence[Case], signal: str, rows: Ints) -> Iterator[tuple[str, Ints, Bools]]:
        own = [case.signals[signal] for case in cases]
        gaps = {}
        for name in own[0].schema.names:
            if not OUTCOME.search(name):
                gap = np.concatenate([_gaps(one, name) for one in own])[rows]
                if 0 < gap.sum() < len(gap):
                    gaps[name] = gap
                    yield name, gap, usable
        if gaps:
            yield "gaps together", together(*gaps.values()), usable
        yield "attributes", joined([_keys(one) for one in own]).codes[rows], usable

    return give


def _gaps(signal: Signal, name: str) -> Ints:
    if name not in signal.schema.names:
        return np.ones(signal.rows, np.int64)
    if name in signal.kept:
        return (signal.kept[name].codes < 0).astype(np.int64)
    return np.asarray(pc.is_null(signal.read(name)).to_numpy(), dtype=np.int64)


def _keys(signal: Signal) -> Column:
    """The names of each record's attributes as one text."""
    whole = signal.column("attributes")
    known: dict[str, int] = {}
    codes = np.full(len(whole.values) + 1, -1)
    for place, text in enumerate(whole.values.to_pylist()):
        keys = " ".join(sorted(key for key in json.loads(text) if not OUTCOME.search(key)))
        codes[place] = known.setdefault(keys, len(known))
    return Column("attributes", codes[whole.codes], pa.array(list(known), pa.string()))
