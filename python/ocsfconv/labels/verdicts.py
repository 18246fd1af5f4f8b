"""What each record is called: joins what had to do with an episode to what became of the episode.

Makes the table `marked`, one row per row of the three files that is not normal or belongs to an episode, and the view
`verdicts`, one per row of the three files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ocsfconv.labels.store import Store, within
from ocsfconv.labels.truth import Episode, Stretch, Truth

NORMAL, ANOMALOUS, GRAY = "normal", "anomalous", "gray"
VERIFIED, NO_IMPACT, NOT_EXECUTED = "verified", "no_impact", "not_executed"
RANKS = {ANOMALOUS: 0, GRAY: 1, NORMAL: 2}
"""A record that two episodes claim belongs to the one where it means most, then to the earlier one."""

QUERY = """
CREATE TYPE signal AS ENUM ('logs', 'traces', 'metrics');
CREATE TYPE label AS ENUM ('anomalous', 'gray', 'normal');
CREATE TYPE cause AS ENUM ('actor', 'exposed');
CREATE TYPE phase AS ENUM ('hold', 'ramp', 'recover');
CREATE TABLE phased AS
    SELECT trace_id, NULL::BIGINT AS row, 'traces' AS signal, episode, cause, {phase} AS phase
    FROM trace_uses JOIN phases USING (episode)
    UNION ALL
    SELECT NULL, row, signal, episode, cause, {phase} FROM (
        SELECT row, 'logs' AS signal, episode, cause, t, t AS e FROM log_uses
        UNION ALL SELECT row, 'metrics', episode, cause, t, t FROM point_uses) JOIN phases USING (episode);
CREATE TABLE chosen AS
    SELECT trace_id, row, signal, episode, cause, phase, label
    FROM phased JOIN rules USING (episode, cause, phase)
    QUALIFY row_number() OVER (PARTITION BY signal, trace_id, row ORDER BY rank, episode, phase_rank) = 1;
CREATE TABLE late_traces AS
    SELECT DISTINCT trace_id FROM (SELECT trace_id, t FROM run.spans UNION ALL SELECT trace_id, t FROM run.logs)
    WHERE trace_id IS NOT NULL AND {late};
CREATE VIEW rows AS
    SELECT 'logs'::signal AS signal, row, trace_id, service, t FROM run.logs
    UNION ALL SELECT 'traces'::signal, row, trace_id, service, t FROM run.spans
    UNION ALL SELECT 'metrics'::signal, row, NULL, service, t FROM run.points;
CREATE TABLE marked AS SELECT * FROM (
    SELECT rows.signal, rows.row, rows.trace_id, (CASE
               WHEN CASE WHEN rows.trace_id IS NULL THEN {late_row} ELSE l.trace_id IS NOT NULL END THEN 'gray'
               ELSE coalesce(a.label, b.label) END)::label AS label,
           coalesce(a.cause, b.cause)::cause AS cause, coalesce(a.episode, b.episode) AS episode,
           coalesce(a.phase, b.phase)::phase AS phase
    FROM rows
    LEFT JOIN chosen a ON a.signal = 'traces' AND a.trace_id = rows.trace_id
    LEFT JOIN chosen b ON b.signal::signal = rows.signal AND b.row = rows.row
    LEFT JOIN late_traces l ON l.trace_id = rows.trace_id) WHERE label IS NOT NULL;
CREATE VIEW verdicts AS
    SELECT signal, row, service, t, coalesce(label, 'normal'::label) AS label, cause, episode, phase
    FROM rows LEFT JOIN marked USING (signal, row);
"""
PHASE = "CASE WHEN t < undo AND e >= hold THEN 'hold' WHEN e < hold THEN 'ramp' ELSE 'recover' END"


def decide(store: Store, truth: Truth, statuses: Mapping[str, str]) -> None:
    """Make both; `statuses` are the episodes' by their ids."""
    store.db.execute(
        """CREATE TABLE phases (episode INTEGER, hold BIGINT, undo BIGINT);
        CREATE TABLE rules (
            episode INTEGER, cause VARCHAR, phase VARCHAR, label VARCHAR, rank INTEGER, phase_rank INTEGER)"""
    )
    for episode in truth.episodes:
        if episode.actual is None:
            continue
        edges = (episode.index, episode.actual.hold, episode.actual.undo)
        store.db.execute(f"INSERT INTO phases VALUES {edges}")
        for cause in ("actor", "exposed"):
            for phase_rank, phase in enumerate(("hold", "ramp", "recover")):
                label = label_of(episode, statuses[episode.id], cause, phase)
                store.db.execute(
                    "INSERT INTO rules VALUES (?, ?, ?, ?, ?, ?)",
                    [episode.index, cause, phase, label, RANKS[label], phase_rank],
                )
    store.db.execute(QUERY.format(phase=PHASE, late=_any_of(truth.late, "t"), late_row=_any_of(truth.late, "rows.t")))


def label_of(episode: Episode, status: str, cause: str, phase: str) -> str:
    """The label of a record that belongs to an episode."""
    if episode.decoy:
        return NORMAL
    if status != VERIFIED:
        return GRAY
    if cause == "actor" or phase == "hold":
        return ANOMALOUS
    return GRAY


def _any_of(stretches: Sequence[Stretch], column: str) -> str:
    return "(" + (" OR ".join(f"({within(one, column)})" for one in stretches) or "false") + ")"
