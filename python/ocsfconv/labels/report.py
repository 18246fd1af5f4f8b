"""What labelling found: typed results, and the impact table that a person reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ocsfconv.labels.footprint import Finding, UserFacing
from ocsfconv.labels.store import SIGNALS
from ocsfconv.labels.truth import SECOND, Episode, Stretch
from ocsfconv.labels.verdicts import NO_IMPACT, NOT_EXECUTED, VERIFIED
from ocsfconv.report import plain, table

TARGET_WIDTH = 60
"""How much the table shows of what a measure looks at; `--json` and episodes.parquet have all of it."""


@dataclass(frozen=True, slots=True)
class Impact:
    """What became of one episode."""

    episode: Episode
    status: str
    findings: tuple[Finding, ...]
    effect: Stretch | None = None
    users: UserFacing | None = None
    services: tuple[str, ...] = ()
    late_seconds: float = 0.0
    records: int = 0
    positive_traces: int = 0
    positives: Mapping[str, int] | None = None

    @property
    def undone(self) -> bool:
        """A probe found every action gone."""
        return self.episode.actual is not None and self.episode.actual.reset_confirmed

    def row(self) -> dict[str, Any]:
        """The episode as a row of episodes.parquet."""
        one, actual, users = self.episode, self.episode.actual, self.users
        positives = self.positives or {}
        return {
            "episode": one.id,
            "scenario": one.scenario,
            "number": one.number,
            "severity": one.severity,
            "class": one.group,
            "technique": one.technique,
            "decoy": one.decoy,
            "status": self.status,
            "reset_confirmed": self.undone,
            "root_service": one.root_service,
            "root_resource": one.root_resource,
            "services": list(self.services),
            "planned_start_ns": one.planned.start,
            "planned_end_ns": one.planned.end,
            "actual_start_ns": actual and actual.start,
            "actual_hold_ns": actual and actual.hold,
            "actual_end_ns": actual and actual.undo,
            "actual_over_ns": actual and actual.over,
            "effect_start_ns": self.effect and self.effect.start,
            "effect_end_ns": self.effect and self.effect.end,
            "footprint": [{**asdict(finding), "inside": finding.inside} for finding in self.findings],
            "user_facing": users and users.hurt,
            "user_errors": users and users.errors,
            "user_errors_baseline": users and users.errors_baseline,
            "user_p95_ms": users and users.p95_ms,
            "user_p95_ms_baseline": users and users.p95_ms_baseline,
            "late_seconds": self.late_seconds,
            "records": self.records,
            "positive_traces": self.positive_traces,
            "positive_spans": positives.get("traces", 0),
            "positive_logs": positives.get("logs", 0),
            "positive_points": positives.get("metrics", 0),
        }


@dataclass(frozen=True, slots=True)
class Shares:
    """Rows of one file by label; `decoy` are those normal ones that belong to a decoy."""

    rows: int
    anomalous: int
    gray: int
    decoy: int


@dataclass(frozen=True, slots=True)
class LabelReport:
    """One run, labelled. `str(report)` is the impact table; `case` names it in a reference set."""

    impacts: tuple[Impact, ...]
    signals: Mapping[str, Shares]
    actors_sent: int
    actors_found: int
    waits_seen: int
    waits_found: int
    late_seconds: float
    run_start_ns: int
    case: str | None = None
    seconds: float = 0.0
    outputs: tuple[str, ...] = ()

    @property
    def faults(self) -> list[str]:
        """What went otherwise than planned, a sentence each; `no_impact` is none: it is an answer."""
        found = []
        for impact in self.impacts:
            one = impact.episode
            if impact.status == NOT_EXECUTED:
                found.append(f"{one.name} was not executed: the ledger has no injection that a probe confirmed")
            if one.actual is not None and not one.actual.reset_confirmed:
                found.append(f"{one.name}: no probe confirmed its undo")
        if self.actors_found < self.actors_sent / 2:
            found.append(f"only {self.actors_found} of {self.actors_sent} requests of actors are in the data")
        return found

    def to_dict(self) -> dict[str, Any]:
        """The report as what JSON can hold."""
        return {
            "case": self.case,
            "summary": summary(self.impacts),
            "episodes": [impact.row() for impact in self.impacts],
            "signals": {name: asdict(shares) for name, shares in self.signals.items()},
            "actors": {"sent": self.actors_sent, "found": self.actors_found},
            "waits": {"seen": self.waits_seen, "found": self.waits_found},
            "late_seconds": self.late_seconds,
            "seconds": self.seconds,
            "outputs": list(self.outputs),
            "faults": self.faults,
        }

    def __str__(self) -> str:
        return "\n".join(render([self]))


def summary(impacts: Sequence[Impact]) -> dict[str, dict[str, int]]:
    """How many were planned, executed, verified, without impact, undone; decoys apart."""
    found = {}
    for name, decoy in (("episodes", False), ("decoys", True)):
        held = [impact for impact in impacts if impact.episode.decoy == decoy]
        found[name] = {
            "planned": len(held),
            "executed": sum(impact.status != NOT_EXECUTED for impact in held),
            "verified": sum(impact.status == VERIFIED for impact in held),
            "no impact": sum(impact.status == NO_IMPACT for impact in held),
            "undone": sum(impact.undone for impact in held),
        }
    return found


def render(reports: Sequence[LabelReport], *, footprint_only: bool = False) -> Iterator[str]:
    """The tables, line by line."""
    impacts = [(report, impact) for report in reports for impact in report.impacts]
    if impacts:
        if not footprint_only:
            yield from _episode_table(impacts)
            yield ""
        yield from _footprint_table(impacts)
        yield ""
    if footprint_only:
        if not impacts:
            yield "no episodes: SCENARIOS=none"
        return
    totals = summary([impact for _, impact in impacts])
    header = ["", *totals["episodes"]]
    yield from table(header, [[name, *map(str, counts.values())] for name, counts in totals.items()])
    yield ""
    yield from _share_table(reports)
    yield from _found(reports)
    late = sum(report.late_seconds for report in reports)
    if late:
        yield ""
        yield f"gray for a late harness: {late:.0f} s"
    for report in reports:
        if report.outputs:
            yield ""
            yield f"written: {', '.join(plain(path) for path in report.outputs)}"
    for report in reports:
        for fault in report.faults:
            yield f"warning: {_case(report)}{plain(fault)}"


def _found(reports: Sequence[LabelReport]) -> Iterator[str]:
    """How much of the evidence met a span."""
    sent, waits = (sum(report.actors_sent for report in reports), sum(report.waits_seen for report in reports))
    if sent or waits:
        yield ""
    if sent:
        yield f"requests of actors that are in the data: {sum(report.actors_found for report in reports):,} of {sent:,}"
    if waits:
        yield f"waits for locks whose span was found: {sum(report.waits_found for report in reports):,} of {waits:,}"


def _case(report: LabelReport) -> str:
    return f"{report.case}: " if report.case else ""


def _episode_table(impacts: Sequence[tuple[LabelReport, Impact]]) -> list[str]:
    header = ["episode", "scenario", "severity", "status", "undone", "services"]
    header += ["from s", "held s", "effect s", "users hurt", "5xx", "p95 ms", "traces", "logs", "points"]
    rows = []
    for report, impact in impacts:
        row, one = impact.row(), impact.episode
        actual, users = one.actual, impact.users
        rows.append(
            [
                f"{_case(report)}{one.id}",
                one.scenario + (" (decoy)" if one.decoy else ""),
                one.severity,
                impact.status,
                "yes" if row["reset_confirmed"] else "no",
                " ".join(impact.services),
                "-" if actual is None else f"{(actual.start - report.run_start_ns) / SECOND:.0f}",
                "-" if actual is None else f"{actual.phase('hold').seconds:.0f}",
                "-" if impact.effect is None else f"{impact.effect.seconds:.0f}",
                "-" if users is None else "yes" if users.hurt else "no",
                "-" if users is None else f"{_percent(users.errors)} ({_percent(users.errors_baseline)})",
                "-" if users is None else f"{_number(users.p95_ms)} ({_number(users.p95_ms_baseline)})",
                f"{impact.positive_traces:,}",
                f"{row['positive_logs']:,}",
                f"{row['positive_points']:,}",
            ]
        )
    return table(header, rows, left=6)


def _footprint_table(impacts: Sequence[tuple[LabelReport, Impact]]) -> list[str]:
    header = ["episode", "scenario", "severity", "signal", "measure", "of", "value", "baseline", "band", "inside"]
    rows = []
    for report, impact in impacts:
        one = impact.episode
        for finding in impact.findings:
            low, high = (("" if end is None else _number(end)) for end in (finding.low, finding.high))
            rows.append(
                [
                    f"{_case(report)}{one.id}",
                    one.scenario,
                    one.severity,
                    finding.signal,
                    finding.measure + (" *" if finding.required else ""),
                    _cut(plain(finding.target)),
                    _number(finding.value),
                    _number(finding.baseline),
                    f"{low} – {high}".strip(),
                    "yes" if finding.inside else "no",
                ]
            )
    if not rows:
        return ["no footprint was measured"]
    return [*table(header, rows, left=6), "* decides"]


def _share_table(reports: Sequence[LabelReport]) -> list[str]:
    rows = []
    for signal in SIGNALS:
        held = [report.signals[signal] for report in reports]
        count = sum(shares.rows for shares in held)
        cells = [signal, f"{count:,}"]
        for name in ("anomalous", "gray", "decoy"):
            number = sum(getattr(shares, name) for shares in held)
            cells += [f"{number:,}", _percent(number / count if count else None)]
        rows.append(cells)
    return table(["signal", "rows", "anomalous", "", "gray", "", "of decoys", ""], rows)


def _cut(text: str) -> str:
    return text if len(text) <= TARGET_WIDTH else text[: TARGET_WIDTH - 1] + "…"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 1000 else f"{value:.3g}"
