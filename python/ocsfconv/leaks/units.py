"""What is exposed as one: a trace with all its spans and logs, a log without a trace, a point.

A draw of other times exposes units of the same classes, each class as often. The class of a trace is what it did when
enough traces did the same, else how it began.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ocsfconv.leaks.cases import ANOMALOUS, Column, Floats, Ints, Signal
from ocsfconv.leaks.placement import Schedule, Span

COMMON = 0.002
"""The share of all traces that a class of its own needs."""


@dataclass(frozen=True)
class Units:
    """Units of all cases, in order of case and time."""

    time: Ints
    kind: Ints
    kinds: int
    edges: Ints
    """Where each case's units begin, and the end."""
    of: dict[str, Ints]
    """The unit of each row of a signal, of all cases one after another."""
    did: dict[str, Ints]
    """What each row's trace did, as a number; -1 for rows without a trace."""
    shares: list[Floats]
    """For each fault: the share of each class's units in its time that it exposed."""

    def draw(self, spans: Sequence[Span], random: np.random.Generator) -> Ints:
        """For each unit the fault it is exposed by when the faults are at these times, or -1."""
        luck = random.random(len(self.time))
        owner = np.full(len(self.time), -1)
        for place, (span, share) in enumerate(zip(spans, self.shares, strict=True)):
            inside = self.within(span)
            owner[inside][luck[inside] < share[self.kind[inside]]] = place
        return owner

    def within(self, span: Span) -> slice:
        """The units that begin in the time of a fault."""
        return within(self.time, self.edges, span.case, span.start, span.end)


def within(time: Ints, edges: Ints, case: int, start: int, end: int) -> slice:
    """The places of a stretch of time among times in order of case and time."""
    times = time[edges[case] : edges[case + 1]]
    first, last = np.searchsorted(times, start), np.searchsorted(times, end, "right")
    return slice(int(edges[case] + first), int(edges[case] + last))


def find(schedule: Schedule) -> Units:
    """Find the units of all cases."""
    cases = schedule.cases
    spans, logs, points = ([case.signals[name] for case in cases] for name in ("traces", "logs", "metrics"))
    number = joined([one.column("trace_id") for one in (*spans, *logs)]).codes.astype(np.int64)
    times = [np.concatenate([one.time for one in own]) for own in (spans, logs, points)]
    place = [np.concatenate([np.full(one.rows, at) for at, one in enumerate(own)]) for own in (spans, logs, points)]
    traces = int(number.max(initial=-1)) + 1
    # Logs without a trace, and points, are units of their own.
    lone = np.flatnonzero(number < 0)
    number[lone] = traces + np.arange(len(lone))
    of_points = traces + len(lone) + np.arange(len(times[2]))
    every = np.concatenate([number, of_points])
    units = traces + len(lone) + len(of_points)
    time, case = np.concatenate(times), np.concatenate(place)
    # The first record of each unit says when it began, and in which way.
    order = np.lexsort((time, every))
    first = order[np.append(True, every[order][1:] != every[order][:-1])]
    began, where = np.empty(units, np.int64), np.empty(units, np.int64)
    began[every[first]], where[every[first]] = time[first], case[first]
    way = together(
        *(joined([one.column(name) for one in (*spans, *logs, *points)]).codes for name in ("service", "operation"))
    )
    root = np.empty(units, np.int64)
    root[every[first]] = way[first]
    did = _signatures(spans, number[: len(times[0])], units)
    count = np.bincount(did[:traces], minlength=int(did.max(initial=0)) + 1)
    common = (count >= COMMON * max(traces, 1))[did] & (np.arange(units) < traces)
    kind = together(np.where(common, did, -1), np.where(common, -1, root))
    ordered = np.lexsort((began, where))
    rank = np.empty(units, np.int64)
    rank[ordered] = np.arange(units)
    of_spans, of_logs = np.split(number, [len(times[0])])
    of = {"traces": rank[of_spans], "logs": rank[of_logs], "metrics": rank[of_points]}
    found = Units(
        time=began[ordered],
        kind=kind[ordered],
        kinds=int(kind.max(initial=-1)) + 1,
        edges=np.searchsorted(where[ordered], np.arange(len(cases) + 1)),
        of=of,
        did={
            name: np.where(is_trace, did[rows], -1)
            for name, rows, is_trace in (
                ("traces", of_spans, of_spans < traces),
                ("logs", of_logs, of_logs < traces),
                ("metrics", of_points, of_points < traces),
            )
        },
        shares=[],
    )
    found.shares.extend(_shares(schedule, found))
    return found


def faults(schedule: Schedule, signal: str) -> Ints:
    """The fault that each row of all cases is a positive of, -1 for none."""
    number = {(fault.span.case, fault.episode): place for place, fault in enumerate(schedule.faults)}
    found = []
    for place, case in enumerate(schedule.cases):
        own = case.signals[signal]
        known = np.array([number.get((place, episode), -1) for episode in range(len(case.episodes))] + [-1])
        found.append(np.where(own.label == ANOMALOUS, known[own.episode], -1))
    return np.concatenate(found)


def _shares(schedule: Schedule, units: Units) -> list[Floats]:
    owner = np.full(len(units.time), -1)
    for signal, rows in units.of.items():
        fault = faults(schedule, signal)
        owner[rows[fault >= 0]] = fault[fault >= 0]
    found = []
    for place, fault_at in enumerate(schedule.faults):
        inside = units.within(fault_at.span)
        kind = units.kind[inside]
        exposed = np.bincount(kind[owner[inside] == place], minlength=units.kinds)
        found.append(exposed / np.maximum(1, np.bincount(kind, minlength=units.kinds)))
    return found


def _signatures(spans: Sequence[Signal], trace: Ints, units: int) -> Ints:
    """What each trace did: a bit for each service, operation and statement that it has, as one number."""
    names = ("service", "operation", "db_query_text")
    what = together(*(joined([one.column(name) for one in spans]).codes for name in names))
    # Knuth's multiplicative hash spreads neighbours over 62 bits.
    bits = np.zeros(units, np.int64)
    np.bitwise_or.at(bits, trace, np.int64(1) << (what * 2654435761 % 2**32 % 62))
    return together(bits)


def joined(columns: Sequence[Column]) -> Column:
    """The same column of several files as one, over one list of values."""
    if len(columns) == 1:
        return columns[0]
    values = pa.concat_arrays([pa.array(column.values, pa.string()) for column in columns]).dictionary_encode()
    places, at, codes = np.append(values.indices.to_numpy(), -1).astype(np.int32), 0, []
    for column in columns:
        codes.append(np.where(column.codes < 0, np.int32(-1), places[column.codes + at]))
        at += len(column.values)
    return Column(columns[0].name, np.concatenate(codes), values.dictionary)


def together(*codes: Ints) -> Ints:
    """One number for each combination that occurs, from 0 on in the order in which they come."""
    found = np.zeros(len(codes[0]), np.int64)
    for one in codes:
        shifted = one.astype(np.int64) - one.min(initial=0)
        _, first, found = np.unique(
            found * (int(shifted.max(initial=0)) + 1) + shifted, return_index=True, return_inverse=True
        )
        rank = np.empty(len(first), np.int64)
        rank[np.argsort(first)] = np.arange(len(first))
        found = rank[found.reshape(-1)]
    return found
