"""Names and words: nothing in a training file may say that something was done on purpose."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pyarrow.compute as pc

from ocsfconv.leaks.cases import Case, Signal
from ocsfconv.leaks.report import Row

WORDS = r"anomal|fault|inject|chaos|scenario|simulat|synthetic|label|attack|decoy"
OF_LABELS = r"episode|truth"
"""Beside these no column may be named: the labels' own columns are."""
INNOCENT = {
    "default": "an ordinary word, the name of a queue",
    "paging.faults": "the host's page faults, a metric of the Collector's host receiver",
    "page faults": "its description",
    "{faults}": "its unit",
    "post_metric_relabeling": "a metric that the Collector's Prometheus receiver makes of each scrape",
    "after metric relabeling": "its description",
    "due to cleanup lock contention": "PostgreSQL's, of pages that its vacuum left for the next one",
}
"""What contains such a word and says nothing, with the reason."""
SHOWN = 5


def rows(cases: Sequence[Case]) -> Iterator[Row]:
    """Distinct texts with a word or a scenario's name, then columns and names of cases."""
    names = sorted({episode.scenario for case in cases for episode in case.episodes if episode.scenario})
    pattern = re.compile("|".join([WORDS, *map(spelled, names)]), re.IGNORECASE)
    texts = [found for case in cases for signal in case.signals.values() for found in _in_texts(case, signal, pattern)]
    yield _row("in texts", texts)
    of_columns = re.compile(f"{pattern.pattern}|{OF_LABELS}", re.IGNORECASE)
    columns = {
        f"{signal.path.name}: {name!r}"
        for case in cases
        for signal in case.signals.values()
        for name in (*signal.schema.names, *(signal.schema.metadata or {}))
        if told(name if isinstance(name, str) else name.decode(errors="replace"), of_columns)
    }
    # The folder of a case is read as a column by whatever knows partitioned data sets.
    columns |= {f"folder {case.name!r}" for case in cases if len(cases) > 1 and told(case.name, pattern)}
    yield _row("in columns and folders", sorted(columns))


def spelled(name: str) -> str:
    """A pattern for a scenario's name however its words are joined."""
    return r"[^a-z0-9]?".join(re.escape(word) for word in re.split(r"[^a-z0-9]+", name.lower()))


def told(text: str, pattern: re.Pattern[str]) -> str | None:
    """The word that a text says and its surroundings, innocent ones apart."""
    for innocent in INNOCENT:
        text = re.sub(re.escape(innocent), "", text, flags=re.IGNORECASE)
    found = pattern.search(text)
    return text[max(0, found.start() - 30) : found.end() + 30] if found else None


def _in_texts(case: Case, signal: Signal, pattern: re.Pattern[str]) -> Iterator[str]:
    for name in signal.texts:
        values = pc.drop_null(pc.unique(signal.read(name)))
        hits = pc.match_substring_regex(values, pattern.pattern, ignore_case=True)
        for text in values.filter(hits).to_pylist():
            if said := told(text, pattern):
                yield f"{case.name}/{signal.path.name}, {name}: …{said}…"


def _row(what: str, found: Sequence[str]) -> Row:
    shown = (*found[:SHOWN], *([f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []))
    return Row("names and words", what, f"{len(found)} found", "0", not found, shown)
