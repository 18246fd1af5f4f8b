"""The card for people: Markdown under the YAML that Hugging Face reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from ocsfconv.card.columns import SIGNALS, SUBSET_FILE
from ocsfconv.card.facts import Facts, File

NAME = "OCSF training data"
LICENSE = "mit"
LICENCE = """\
## Licence

MIT. No row tells of a real person: names, accounts and client addresses are made from the seed.
"""
SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B", "1B<n<10B")
"""Hugging Face's words for a number of rows, each ten times the one before."""
SAYS = {
    "ocsf_logs": "log records",
    "ocsf_traces": "spans, and exceptions inside them",
    "ocsf_metrics": "data points",
    "ocsf_labels": "a label for each row of the three files above, by `signal` and `row`",
    "episodes": "what really went wrong, or only looked like it, with its measured effect",
    "windows": "minutes by service and signal, labelled",
    SUBSET_FILE: "a labelled sample of the logs",
}
LIMITS = """\
* Everybody who visits the shop is simulated: arrivals, navigation, popularity and mistakes follow tables, not people.
  The services, their databases, the faults and all telemetry are real.
* All of it ran on one machine: network latency is that of loopback or a bridge, and services share processors.
* A day's load is compressed into the run, so night and day are minutes apart.
* The same seed, duration and rate give the same visitors, requests, trace ids and faults, but not the same bytes:
  durations, and what depends on them, are those of that machine in that hour.
* Rows are not independent: the rows of a trace, a session or an episode belong together. Split by time or by
  episode, never by row.
* Labels say what was faulty by evidence beside the telemetry, not what a detector can see; `gray` rows are neither
  positive nor negative. Leave them out of scores.
* Attributes keep the names and spellings of their instrumentation; one thing can be told by two services in two ways.
"""


def readme(facts: Facts) -> str:
    """The whole card."""
    parts = (
        _front_matter(facts),
        f"# {NAME}\n",
        _what(facts),
        _files(facts),
        _made(facts),
        _accounts(facts),
        _labels(facts),
        _realism(facts),
        f"## Known limits\n\n{_late(facts)}{LIMITS}",
        LICENCE,
    )
    return "\n".join(part for part in parts if part)


def size_category(rows: int) -> str:
    """Hugging Face's word for a number of rows."""
    return SIZES[min(max(len(str(rows)) - 3, 0), len(SIZES) - 1)]


def _front_matter(facts: Facts) -> str:
    files = {**facts.flat, **facts.beside}
    header: list[tuple[str, Any]] = [
        ("license", LICENSE),
        ("pretty_name", NAME),
        ("task_categories", ["tabular-classification", "time-series-forecasting"]),
        ("tags", ["anomaly-detection", "opentelemetry", "ocsf", "logs", "traces", "metrics", "synthetic"]),
        ("size_categories", [size_category(facts.rows)]),
    ]
    lines = [f"{key}: {json.dumps(value)}" for key, value in header]
    # JSON is YAML, and needs no quoting rules of its own.
    configs = [
        {"config_name": name.removeprefix("ocsf_"), "data_files": file.path, "default": index == 0}
        for index, (name, file) in enumerate(files.items())
    ]
    sizes = [
        {
            "config_name": name.removeprefix("ocsf_"),
            "splits": [{"name": "train", "num_examples": file.rows}],
            "download_size": file.size,
        }
        for name, file in files.items()
    ]
    for key, rows in (("configs", configs), ("dataset_info", sizes)):
        lines += [f"{key}:", *(f"- {json.dumps(row)}" for row in rows)]
    return "\n".join(["---", *lines, "---", ""])


def _what(facts: Facts) -> str:
    core = facts.conversion.get("schema") == "core"
    schema = "OCSF 1.8.0" if core else "OCSF 1.8.0 with the extension `ocsfconv`"
    labelled = (
        " No training file holds a label; labels stand in files of their own." if facts.beside else " It has no labels."
    )
    return (
        "Logs, traces and metrics of a multi-service shop under load, collected by the OpenTelemetry Collector and\n"
        f"converted into {schema}, for training and judging anomaly detectors.{labelled}\n"
    )


def _files(facts: Facts) -> str:
    named = [(name, file) for name, file in (*facts.flat.items(), *facts.beside.items())]
    rows = [(f"`{file.path}`", f"{file.rows:,}", f"{file.size:,}", SAYS[name], _sha(file)) for name, file in named]
    rows += [
        (f"`{file.path}`", f"{file.rows:,}", f"{file.size:,}", "whole events, objects as structs", _sha(file))
        for file in facts.nested
    ]
    table = _table(("file", "rows", "bytes", "a row is", "sha256"), rows)
    return (
        f"## Files\n\n{table}\n"
        "`croissant.json` describes every column. The three training files are in the order of their arrival; `row`\n"
        "in the files of labels is a position in them, from 0.\n"
    )


def _sha(file: File) -> str:
    return f"`{file.sha256}`"


def _made(facts: Facts) -> str:
    summary = facts.summary
    rows = [("converter", f"ocsfconv {facts.conversion['version']}")]
    if summary:
        rows += [
            ("seed", str(summary["seed"])),
            ("duration", f"{summary['duration_s']:g} s"),
            ("mean rate", f"{summary['rate']:g} requests a second"),
            ("recorded", f"{facts.released} ({summary['runtime']})"),
            ("requests", f"{summary['requests']['sent']:,} sent, {summary['requests']['answered']:,} answered"),
        ]
        rows += [(name, one["version"]) for name, one in sorted(summary["versions"].items())]
    made_by = f"\n    {facts.made_by}\n" if facts.made_by else ""
    return f"## How it was made\n\n{_table(('what', ''), rows)}{made_by}"


def _accounts(facts: Facts) -> str:
    received = facts.summary.get("collector", {}).get("received", {})
    rows = []
    for signal in SIGNALS:
        held = facts.conversion["signals"].get(signal)
        if held is not None:
            numbers = (held["records_read"], held["events"], held["records_rejected"])
            counts = [f"{received[signal]:,}" if signal in received else "-", *(f"{number:,}" for number in numbers)]
            rows.append((signal, *counts))
    return f"## Accounts\n\n{_table(('signal', 'received', 'in files', 'events', 'rejected'), rows)}"


def _labels(facts: Facts) -> str:
    if not facts.labels:
        return ""
    words = ("normal", "anomalous", "gray")
    rows = [(signal, *(f"{facts.labels.get((signal, word), 0):,}" for word in words)) for signal in SIGNALS]
    held = [
        (
            one["scenario"],
            one["class"],
            one["severity"],
            "decoy" if one["decoy"] else "fault",
            one["status"],
            one["count"],
        )
        for one in facts.episodes
    ]
    episodes = _table(("scenario", "class", "severity", "kind", "status", "episodes"), held) if held else "None.\n"
    return f"## Labels\n\n{_table(('signal', *words), rows)}\nEpisodes:\n\n{episodes}"


def _realism(facts: Facts) -> str:
    judged = [row for row in facts.summary.get("realism", ()) if row["verdict"]]
    if not judged:
        return ""
    outside = [row for row in judged if row["verdict"] != "in"]
    told = f"{len(judged) - len(outside)} of {len(judged)} judged properties lie in their band."
    rows = [(row["name"], _number(row["value"]), *map(_number, row["band"])) for row in outside]
    return f"## Realism\n\n{told}\n" + (f"\n{_table(('outside', 'value', 'from', 'to'), rows)}" if rows else "")


def _late(facts: Facts) -> str:
    late = facts.summary.get("late_seconds")
    if late is None:
        return ""
    return (
        f"* In {late} seconds of the run the machine was too busy for the load's own times to be kept; their rows are\n"
        "  `gray`.\n"
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)
