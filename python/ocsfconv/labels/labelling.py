"""One run from truth and data to labels."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ocsfconv.labels import outputs, subset
from ocsfconv.labels.errors import LabelError
from ocsfconv.labels.excess import find_excess
from ocsfconv.labels.exposure import find_exposed
from ocsfconv.labels.footprint import Finding, Footprints, check_footprint
from ocsfconv.labels.measures import FAILED
from ocsfconv.labels.report import Impact, LabelReport, Shares
from ocsfconv.labels.store import SIGNALS, Store, one_of, outside
from ocsfconv.labels.truth import Episode, Stretch, Truth, merged, read_truth
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
    store = _load(truth, data, control)
    find_exposed(store, truth)
    footprints = Footprints(store)
    findings = {episode.id: tuple(footprints.measure(episode)) for episode in truth.episodes}
    statuses = {episode.id: _status(episode, findings[episode.id]) for episode in truth.episodes}
    impacts: list[Impact] = []
    if not footprint:
        find_excess(store)
        decide(store, truth, statuses)
    for episode in truth.episodes:
        status, found = statuses[episode.id], findings[episode.id]
        impact = Impact(episode, status, found)
        if not footprint:
            impact = _impact(store, truth, footprints, impact)
        impacts.append(impact)
    written: tuple[str, ...] = ()
    shares = {signal: Shares(0, 0, 0, 0) for signal in SIGNALS}
    if not footprint:
        shares = _shares(store, truth)
        tables = {
            "ocsf_labels": outputs.label_table(store, truth),
            "episodes": outputs.episode_table([impact.row() for impact in impacts]),
            "windows": outputs.window_table(store, truth),
            "ocsf_eval_subset": subset.take(store, truth, rows),
        }
        written = tuple(str(path) for path in outputs.write(data, tables))
    (found_requests,) = store.row("SELECT count(*) FROM actors SEMI JOIN run.spans USING (trace_id)")
    return LabelReport(
        case=case,
        impacts=tuple(impacts),
        signals=shares,
        actors_sent=len(truth.actors),
        actors_found=found_requests,
        late_seconds=sum(stretch.seconds for stretch in truth.late),
        run_start_ns=truth.run.start,
        seconds=round(time.monotonic() - began, 3),
        outputs=written,
    )


def _load(truth: Truth, data: Path, control: Path | None) -> Store:
    store = Store()
    calm = outside(truth.run, [*truth.late, *_affected(truth.episodes)])
    store.load("run", data, calm, [trace for trace, *_ in truth.actors])
    extent = store.extent("run")
    if extent.end < truth.run.start or extent.start > truth.run.end:
        told = "their times do not meet; give the pair that belongs together"
        raise LabelError(f"{data} and {truth.folder} are of different runs: {told}")
    if control is not None:
        store.load("control", control)
        store.base = "control"
    return store


def _affected(episodes: Iterable[Episode]) -> list[Stretch]:
    return [Stretch(episode.actual.start, episode.actual.over) for episode in episodes if episode.actual is not None]


def _status(episode: Episode, findings: tuple[Finding, ...]) -> str:
    """Verified when every finding that decides is in its band; what claims nothing is verified by its probe alone."""
    if episode.actual is None or not episode.actual.confirmed:
        return NOT_EXECUTED
    return VERIFIED if all(finding.inside for finding in findings if finding.required) else NO_IMPACT


def _impact(store: Store, truth: Truth, footprints: Footprints, impact: Impact) -> Impact:
    episode, actual = impact.episode, impact.episode.actual
    if actual is None:
        return replace(impact, services=(episode.root_service,))
    counts = {
        (signal, label): count
        for signal, label, count in store.rows(
            f"SELECT signal, label, count(*) FROM verdicts WHERE episode = {episode.index} GROUP BY ALL"
        )
    }
    (traces,) = store.row(
        f"SELECT count(DISTINCT trace_id) FROM verdicts WHERE episode = {episode.index} AND label = '{ANOMALOUS}'"
    )
    hold = actual.phase("hold")
    late = merged(
        Stretch(max(one.start, hold.start), min(one.end, hold.end))
        for one in truth.late
        if one.start < hold.end and one.end > hold.start
    )
    return replace(
        impact,
        effect=footprints.effect(episode, impact.findings) if impact.status == VERIFIED else None,
        users=footprints.user_facing(actual) if actual.confirmed else None,
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
            SELECT s.* FROM run.spans s JOIN verdicts v ON v.signal = 'traces' AND v.row = s.row
            WHERE v.episode = {episode.index} AND v.phase = 'hold' AND s.is_span
        ), failing AS (
            SELECT service, avg(coalesce({FAILED}, false)::INTEGER) AS share FROM {store.base}.spans
            WHERE calm AND is_span GROUP BY service
        )
        SELECT service FROM exposed LEFT JOIN usual USING (key) LEFT JOIN failing USING (service)
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
