"""One run from truth and data to labels."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from ocsfconv.labels import outputs, subset
from ocsfconv.labels.errors import LabelError
from ocsfconv.labels.excess import find_excess
from ocsfconv.labels.exposure import find_exposed
from ocsfconv.labels.footprint import Footprints, check_footprint
from ocsfconv.labels.measures import FAILED
from ocsfconv.labels.report import Impact, LabelReport, Shares
from ocsfconv.labels.store import SIGNALS, Store, one_of, outside
from ocsfconv.labels.truth import Episode, Stretch, Truth, read_truth
from ocsfconv.labels.verdicts import ANOMALOUS, GRAY, NO_IMPACT, NOT_EXECUTED, VERIFIED, decide

SLOW_SHARE, ERROR_SHARE = 0.15, 0.02
"""A service was reached when so many of its exposed spans exceed their kind's p95 (5 % do), or so many more fail."""


def label_run(
    logs: Path, data: Path, *, control: Path | None, rows: int, footprint: bool, case: str | None = None
) -> LabelReport:
    """Label a data set; with `footprint` measure the episodes and write nothing.

    Raises:
        LabelError: truth or data are missing, broken, or not of the same run.
    """
    began = time.monotonic()
    truth = read_truth(logs)
    for episode in truth.episodes:
        check_footprint(episode)
    with closing(Store()) as store:
        try:
            report = _label(store, truth, data, control, rows, footprint)
        except store.error as error:  # such as too little memory
            raise LabelError(f"{data}: {str(error).splitlines()[0]}") from error
    return replace(report, case=case, seconds=round(time.monotonic() - began, 3))


def _label(store: Store, truth: Truth, data: Path, control: Path | None, rows: int, footprint: bool) -> LabelReport:
    _load(store, truth, data, control)
    find_exposed(store, truth)
    footprints = Footprints(store)
    impacts = [_measured(footprints, episode) for episode in truth.episodes]
    (found,) = store.row("SELECT count(*) FROM actors SEMI JOIN run.spans USING (trace_id)")
    waits, matched = store.row("SELECT count(*), count(trace_id) FROM waits")
    report = LabelReport(
        impacts=tuple(impacts),
        signals=dict.fromkeys(SIGNALS, Shares(0, 0, 0, 0)),
        actors_sent=len(truth.actors),
        actors_found=found,
        waits_seen=waits,
        waits_found=matched,
        late_seconds=sum(stretch.seconds for stretch in truth.late),
        run_start_ns=truth.run.start,
    )
    if footprint:
        return report
    find_excess(store)
    decide(store, truth, {impact.episode.id: impact.status for impact in impacts})
    impacts = [_counted(store, truth, impact) for impact in impacts]
    tables = {
        "ocsf_labels": outputs.label_tables(store, truth),
        "episodes": [outputs.episode_table([impact.row() for impact in impacts])],
        "windows": [outputs.window_table(store, truth)],
        "ocsf_eval_subset": [subset.take(store, truth, rows)],
    }
    written = tuple(map(str, outputs.write(data, tables)))
    return replace(report, impacts=tuple(impacts), signals=_shares(store, truth), outputs=written)


def _load(store: Store, truth: Truth, data: Path, control: Path | None) -> None:
    calm = outside(truth.run, [*truth.late, *_affected(truth.episodes)])
    store.load("run", data, calm, [trace for trace, *_ in truth.actors])
    extent = store.extent("run")
    if extent.end and (extent.end < truth.run.start or extent.start > truth.run.end):
        told = "their times do not meet; give the pair that belongs together"
        raise LabelError(f"{data} and {truth.folder} are of different runs: {told}")
    if control is not None:
        store.load("control", control)
        store.base = "control"


def _affected(episodes: Iterable[Episode]) -> list[Stretch]:
    return [Stretch(episode.actual.start, episode.actual.over) for episode in episodes if episode.actual is not None]


def _measured(footprints: Footprints, episode: Episode) -> Impact:
    """Verified when every finding that decides is in its band; what claims nothing is verified by its probe alone."""
    findings, actual = tuple(footprints.measure(episode)), episode.actual
    if actual is None or not actual.confirmed:
        return Impact(episode, NOT_EXECUTED, findings)
    verified = all(finding.inside for finding in findings if finding.required)
    return Impact(
        episode,
        VERIFIED if verified else NO_IMPACT,
        findings,
        effect=footprints.effect(episode, findings) if verified else None,
        users=footprints.user_facing(actual),
    )


def _counted(store: Store, truth: Truth, impact: Impact) -> Impact:
    episode, actual = impact.episode, impact.episode.actual
    if actual is None:
        return replace(impact, services=(episode.root_service,))
    counts = {
        (signal, label): count
        for signal, label, count in store.rows(
            f"SELECT signal, label, count(*) FROM marked WHERE episode = {episode.index} GROUP BY ALL"
        )
    }
    (traces,) = store.row(
        f"SELECT count(DISTINCT trace_id) FROM marked WHERE episode = {episode.index} AND label = '{ANOMALOUS}'"
    )
    hold = actual.phase("hold")
    late = (Stretch(max(one.start, hold.start), min(one.end, hold.end)) for one in truth.late)
    return replace(
        impact,
        services=_services(store, episode),
        late_seconds=sum(one.seconds for one in late),
        records=sum(counts.values()),
        positive_traces=traces,
        positives={signal: counts.get((signal, ANOMALOUS), 0) for signal in SIGNALS},
    )


def _services(store: Store, episode: Episode) -> tuple[str, ...]:
    """The root, and services whose own exposed spans were slower or failed more than usual."""
    rows = store.rows(
        f"""WITH exposed AS (
            SELECT s.* FROM run.spans s JOIN marked v ON v.signal = 'traces' AND v.row = s.row
            WHERE v.episode = {episode.index} AND v.phase = 'hold' AND s.is_span
        ), failing AS (
            SELECT service, avg(coalesce({FAILED}, false)::INTEGER) AS share FROM {store.base}.spans
            WHERE calm AND is_span GROUP BY service
        )
        SELECT service FROM exposed LEFT JOIN usual USING (alike) LEFT JOIN failing USING (service)
        GROUP BY service HAVING avg((ms > p95)::INTEGER) > {SLOW_SHARE}
            OR avg(coalesce({FAILED}, false)::INTEGER) - coalesce(any_value(share), 0) > {ERROR_SHARE}
        ORDER BY service"""
    )
    return (episode.root_service, *(service for (service,) in rows if service != episode.root_service))


def _shares(store: Store, truth: Truth) -> dict[str, Shares]:
    decoys = [episode.index for episode in truth.episodes if episode.decoy]
    rows = store.rows(
        f"""SELECT signal, count(*), count(*) FILTER (label = '{ANOMALOUS}'), count(*) FILTER (label = '{GRAY}'),
            count(*) FILTER (label = 'normal' AND {one_of("episode", decoys)}) FROM verdicts GROUP BY signal"""
    )
    found = {signal: Shares(*counts) for signal, *counts in rows}
    return {signal: found.get(signal, Shares(0, 0, 0, 0)) for signal in SIGNALS}
