"""Identifiers: who, where and which version must not tell what is exposed, except of an attacker who he is.

Values are looked at as they are, by their shape (digits as their number) and by their beginning, so that attackers'
ids from another generator, or addresses from one network, are found although no value comes twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from ocsfconv.leaks import deployments
from ocsfconv.leaks.cases import Bools, Case, Column, Ints, Signal
from ocsfconv.leaks.classifier import Classifier
from ocsfconv.leaks.placement import Schedule
from ocsfconv.leaks.records import Features
from ocsfconv.leaks.report import Row
from ocsfconv.leaks.units import Units, joined

IDENTIFIER = re.compile(
    r"(?:^|[._])(?:u?u?id|pid|ip|port|address|host(?:name)?|domain|agent|original|author|owner|user|version|instance"
    r"|environment|device|tenant|session|files_changed|lines_changed|application_name"
    r"|(?:app|process|svc|scope|container|host|service|deployment|executable|thread|pod|node|image|user)[._]?name)"
    r"(?:[._]previous)?$"
)
PERSONAL = re.compile(r"user|session|tenant|client|src_endpoint|agent|account|device|original")
"""What an attacker has of his own: no leak in the security scenarios."""
VERSION = re.compile(r"version|deployment|vcs")
"""What changes with every release: judged by release in `deployments` where a release is what goes wrong."""
OURS = ("event_uid",)
"""Made by the converter from the whole record."""
UNIQUE = 0.5
"""A column whose values are mostly different is looked at by shape and beginning alone."""
FEW_VALUES = 20
DIGITS = re.compile(r"[0-9a-fA-F]*\d[0-9a-fA-F]*|\d+")


def shape(value: str) -> str:
    """What kind of text it is: runs of digits and hexadecimal digits as their length."""
    return DIGITS.sub(lambda run: f"<{len(run[0])}>", value)


def beginning(value: str) -> str:
    """What values of one network or one generator share."""
    return value[:5]


def identifiers(signal: Signal) -> dict[str, Column]:
    """The columns and attributes of a case that identify something, by their names."""
    names = [name for name in signal.schema.names if name in signal.texts or name.endswith("_port")]
    found = {name: signal.column(name) for name in names if IDENTIFIER.search(name) and name not in OURS}
    for whole in ("attributes", "resource"):
        if whole in signal.schema.names:
            found |= {column.name: column for column in signal.attributes(whole, IDENTIFIER).values()}
    return found


def usable(schedule: Schedule, name: str) -> Bools:
    """The faults that a column may be judged by."""
    may = np.ones(len(schedule.faults), bool)
    if PERSONAL.search(name):
        may &= np.array([not fault.security for fault in schedule.faults], bool)
    if VERSION.search(name):
        may &= ~deployments.harmful(schedule)[2]
    return may


def features(schedule: Schedule) -> Features:
    """What a classifier is given: each identifier as it is, its shape and its beginning."""

    def give(cases: Sequence[Case], signal: str, rows: Ints) -> Iterator[tuple[str, Ints, Bools]]:
        for name, column in everywhere(cases, signal):
            for how, codes in variants(column, rows):
                yield f"{name}{how}", codes, usable(schedule, name)

    return give


def everywhere(
    cases: Sequence[Case], signal: str, wanted: Callable[[str], bool] = lambda _: True
) -> Iterator[tuple[str, Column]]:
    """Identifiers of all cases that are wanted, one at a time, null where a case has none."""
    own = [identifiers(case.signals[signal]) for case in cases]
    rows = [case.signals[signal].rows for case in cases]
    for name in filter(wanted, dict.fromkeys(name for columns in own for name in columns)):
        nothing = [Column(name, np.full(count, -1, np.int32), pa.array([], pa.string())) for count in rows]
        yield name, joined([columns.get(name) or none for columns, none in zip(own, nothing, strict=True)])


def variants(column: Column, rows: Ints) -> Iterator[tuple[str, Ints]]:
    """The values of some rows themselves, unless most are different, and what they have in common with others."""
    codes = column.codes[rows]
    used = np.unique(codes[codes >= 0])
    if len(used) <= UNIQUE * (codes >= 0).sum() or len(used) < FEW_VALUES:
        yield "", codes
    values = column.values.take(pa.array(used)).to_pylist()
    for how, derive in ((" (shape)", shape), (" (beginning)", beginning)):
        known: dict[str, int] = {}
        derived = np.full(len(column.values) + 1, -1)
        derived[used] = [known.setdefault(derive(value), len(known)) for value in values]
        if 1 < len(known) < len(used):
            yield how, derived[codes]


def row(schedule: Schedule, units: Units, seed: int) -> Row:
    """Whether an identifier tells exposed records from others of their kind."""
    return Classifier(schedule, units, features(schedule), seed).row("identifiers", "of exposed records")
