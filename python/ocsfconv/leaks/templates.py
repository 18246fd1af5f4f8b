"""Rare lines: a log template that only stands where something went wrong would give the labels away.

A template is the service and the first line of the message with UUIDs, e-mails, quoted text, hexadecimal numbers of
eight digits and more, and numbers masked. The score of a line is how rarely its template is among the lines that are
normal, the line itself left out: what a detector that has learnt the normal time would say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from ocsfconv.evaluate.templates import MASKS
from ocsfconv.leaks.cases import ANOMALOUS, NORMAL, Bools, Case, Column, Floats, Ints, Signal
from ocsfconv.leaks.report import Row, few

PATTERNS = tuple((re.compile(pattern), name) for pattern, name in MASKS)
OVERALL, OF_A_SCENARIO = 0.5, 0.8
FEWEST = 10
"""Lines below which a scenario's average precision says nothing."""


def mask(message: str) -> str:
    """The template of a message."""
    line = message.split("\n", 1)[0]
    for pattern, name in PATTERNS:
        line = pattern.sub(name, line)
    return line


def column(logs: Signal) -> Column:
    """The template of each line of a case."""
    if "<template>" not in logs.kept:
        service, message = logs.column("service"), logs.column("message")
        masked = pa.array([mask(text) for text in message.values.to_pylist()], pa.string()).dictionary_encode()
        template = np.append(masked.indices.to_numpy(), -1)[message.codes]
        _, first, codes = np.unique(
            (service.codes + 1) * (len(masked.dictionary) + 1) + template + 1, return_index=True, return_inverse=True
        )
        services, texts = service.values.to_pylist(), masked.dictionary.to_pylist()
        said = [
            f"{services[service.codes[row]] if service.codes[row] >= 0 else ''}: "
            f"{texts[template[row]] if template[row] >= 0 else ''}"
            for row in first
        ]
        logs.kept["<template>"] = Column("template", codes.reshape(len(message.codes)), pa.array(said, pa.string()))
    return logs.kept["<template>"]


def rarity(codes: Ints, normal: Bools) -> Floats:
    """How rare each line's template is among the other normal lines: less the more there are."""
    among = np.bincount(codes[normal], minlength=int(codes.max(initial=-1)) + 1)[codes] - normal
    return -np.log1p(among.astype(np.float64))


def rows(cases: Sequence[Case]) -> Iterator[Row]:
    """Average precision over all lines, then of each scenario."""
    from sklearn.metrics import average_precision_score

    from ocsfconv.leaks.units import joined

    logs = [case.signals["logs"] for case in cases]
    codes = joined([column(one) for one in logs]).codes
    label = np.concatenate([one.label for one in logs])
    scenario = np.concatenate([_scenarios(case) for case in cases])
    normal, hurt = label == NORMAL, label == ANOMALOUS
    score = rarity(codes, normal)

    def row(what: str, among: Bools, bound: float) -> Row:
        if among.sum() < FEWEST:
            return few("templates", what, f"AP < {bound:g}", f"{among.sum()} lines of {FEWEST}")
        kept = normal | among
        found = float(average_precision_score(among[kept], score[kept]))
        share = among.sum() / kept.sum()
        return Row("templates", what, f"AP {found:.3f} ({share:.1%} are positive)", f"< {bound:g}", found < bound)

    names = sorted(set(scenario[hurt].tolist()))
    # The bound over all is for a mixture: a single scenario has its own.
    if len(names) != 1:
        yield row("rare lines", hurt, OVERALL)
    for name in names:
        yield row(f"rare lines, {name}", hurt & (scenario == name), OF_A_SCENARIO)


def _scenarios(case: Case) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    names = np.array([*(episode.scenario for episode in case.episodes), ""], dtype=np.str_)
    return names[case.signals["logs"].episode]
