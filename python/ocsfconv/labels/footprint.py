"""The footprint that each episode left, in numbers, against the bands that its scenario claims."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ocsfconv.labels.errors import LabelError
from ocsfconv.labels.measures import FILTERS, MEASURES, Json, Measure, rows
from ocsfconv.labels.store import ENTRANCE, SIGNALS, Store, within
from ocsfconv.labels.truth import SECOND, Actual, Episode, Stretch

OWN_KEYS = frozenset({"signal", "measure", "band", "user_facing", "required"})
LEAST = 0.5
"""What a count in unaffected time is taken for at least, so that a ratio to nothing is a number: half a record."""
BIN_NS = 2 * SECOND
"""How finely the effect is looked for in traces and logs; points come when they are taken, every 10 s."""
BINS_NEEDED = 20
EDGE = 0.005
"""The share of unaffected bins that the normal band leaves out at each end."""
HURT_ERRORS, HURT_FACTOR, HURT_P95 = 3, 3.0, 1.5


@dataclass(frozen=True, slots=True)
class Finding:
    """One entry of a footprint as measured; `inside` is false, too, for what could not be measured."""

    signal: str
    measure: str
    target: str
    required: bool
    value: float | None
    baseline: float | None
    low: float | None
    high: float | None

    @property
    def inside(self) -> bool:
        """Whether the value lies in the band, ends included."""
        if self.value is None:
            return False
        return (self.low is None or self.value >= self.low) and (self.high is None or self.value <= self.high)


@dataclass(frozen=True, slots=True)
class UserFacing:
    """What visitors met at the entrance meanwhile, and in unaffected time; actors' own requests are left out."""

    errors: float | None
    errors_baseline: float | None
    p95_ms: float | None
    p95_ms_baseline: float | None
    hurt: bool


def check_footprint(episode: Episode) -> None:
    """Refuse what cannot be measured.

    Raises:
        LabelError: an entry's measure, signal, band or filter is none; the message names the scenario.
    """
    for number, spec in enumerate(episode.footprint, 1):
        where = f"plan.json: {episode.name}: footprint {number}"
        if not isinstance(spec, dict):
            raise LabelError(f"{where} is not an object")
        name, signal = spec.get("measure"), spec.get("signal")
        if name not in MEASURES:
            raise LabelError(f"{where}: there is no measure {name!r}; there are {', '.join(MEASURES)}")
        measure = MEASURES[name]
        if signal not in SIGNALS or signal not in measure.signals:
            raise LabelError(f"{where}: {name} measures {' and '.join(measure.signals)}, not {signal!r}")
        if unknown := sorted(spec.keys() - OWN_KEYS - set(FILTERS[signal])):
            known = ", ".join(FILTERS[signal])
            raise LabelError(f"{where}: {name} on {signal} takes no {unknown[0]!r}; it takes {known}")
        if missing := [key for key in measure.needs if key not in spec]:
            raise LabelError(f"{where}: {name} needs {missing[0]!r}")
        band = spec.get("band")
        if not (isinstance(band, list) and len(band) == 2 and all(_is_end(end) for end in band)):
            raise LabelError(f"{where}: band is {band!r}, not [lowest, highest] with null for an open end")


def _is_end(end: Any) -> bool:
    return end is None or (isinstance(end, int | float) and not isinstance(end, bool))


def required(footprint: list[Json]) -> list[bool]:
    """Which entries decide: those that say so, else the first of each signal."""
    said = {spec["signal"] for spec in footprint if "required" in spec}
    first: set[str] = set()
    found = []
    for spec in footprint:
        signal = spec["signal"]
        found.append(bool(spec.get("required", signal not in said and signal not in first)))
        first.add(signal)
    return found


class Footprints:
    """Measures episodes of one run; baselines are kept, for the same scenario comes again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._baselines: dict[str, tuple[float | None, float]] = {}

    def measure(self, episode: Episode) -> list[Finding]:
        """Measure each entry over the time that the episode was in effect; nothing when it never was.

        Raises:
            LabelError: an entry cannot be measured, such as for a regular expression that is none.
        """
        if episode.actual is None or not episode.actual.confirmed:
            return []
        hold = episode.actual.phase("hold")
        found = []
        for spec, deciding in zip(episode.footprint, required(episode.footprint), strict=True):
            try:
                value, baseline = self._value(spec, hold)
            except self._store.error as error:
                reason = str(error).splitlines()[0]
                raise LabelError(f"plan.json: {episode.name}: {spec['measure']}: {reason}") from error
            low, high = spec["band"]
            found.append(Finding(spec["signal"], spec["measure"], target(spec), deciding, value, baseline, low, high))
        return found

    def _value(self, spec: Json, hold: Stretch) -> tuple[float | None, float | None]:
        measure, store = MEASURES[spec["measure"]], self._store
        key = json.dumps({name: value for name, value in spec.items() if name not in ("band", "required")})
        if key not in self._baselines:
            self._baselines[key] = self._number(spec, measure, store.base, None)
        normal, counted = self._baselines[key]
        value, _ = self._number(spec, measure, "run", hold)
        if measure.per == "hold" and normal is not None:
            normal *= hold.seconds
        if not measure.ratio:
            return value, normal
        if measure.per is not None:
            normal = max(normal or 0.0, LEAST / counted) if counted else None
        return (value / normal if value is not None and normal else None), normal

    def _number(self, spec: Json, measure: Measure, schema: str, hold: Stretch | None) -> tuple[float | None, float]:
        """The number over the hold, or over unaffected time; and what it was divided by."""
        store, source = self._store, rows(self._store, spec, schema)
        seconds = hold.seconds if hold else store.seconds(schema)
        if spec["signal"] == "metrics" and measure.number != "max(v)":
            counted = float(store.row(f"SELECT count(*) FROM {schema}.arrivals WHERE calm")[0])
            return _of_points(store, source, measure, schema, hold), counted if measure.per == "request" else seconds
        (number,) = store.row(f"SELECT {measure.number} FROM ({source}) WHERE {within(hold) if hold else 'calm'}")
        if measure.per is None:
            return number, 1.0
        if measure.per == "hold" and hold:
            return float(number or 0), 1.0
        divisor = seconds
        if measure.per == "request":
            when = within(hold) if hold else "calm"
            divisor = float(store.row(f"SELECT count(*) FROM {schema}.arrivals WHERE {when}")[0])
        return (float(number or 0) / divisor if divisor else None), divisor

    def effect(self, episode: Episode, findings: Iterable[Finding]) -> Stretch | None:
        """From the first to the last bin in which the primary measure was out of its normal band.

        The primary measure is the first that decides, of traces before logs before metrics. The normal band holds 99 %
        of the bins of unaffected time; only the side that the claimed band lies on counts.
        """
        if episode.actual is None:
            return None
        deciding = [(spec, one) for spec, one in zip(episode.footprint, findings, strict=False) if one.required]
        if not deciding:
            return None
        spec, finding = min(deciding, key=lambda pair: ("traces", "logs", "metrics").index(pair[0]["signal"]))
        whole = Stretch(episode.actual.start, episode.actual.over)
        normal = sorted(
            value
            for stretch in self._store.calm[self._store.base]
            for value in self._bins(spec, self._store.base, stretch).values()
        )
        if len(normal) < BINS_NEEDED:
            return None
        lowest, highest = normal[int(EDGE * len(normal))], normal[-1 - int(EDGE * len(normal))]
        up, down = _directions(finding, MEASURES[spec["measure"]].ratio)
        out = [
            at
            for at, value in self._bins(spec, "run", whole).items()
            if (up and value > highest) or (down and value < lowest)
        ]
        return Stretch(min(out), min(max(out) + BIN_NS, whole.end)) if out else None

    def _bins(self, spec: Json, schema: str, stretch: Stretch) -> dict[int, float]:
        """The number in each bin of a stretch; a bin without rows is 0 where rows are counted, else left out."""
        if spec["signal"] == "metrics":
            return self._scrapes(spec, schema, stretch)
        measure, store = MEASURES[spec["measure"]], self._store
        place = f"(t - {stretch.start}) // {BIN_NS}"
        grouped = f"WHERE {within(stretch)} GROUP BY bin"
        source = rows(store, spec, schema)
        found = dict(store.rows(f"SELECT {place} AS bin, {measure.number} FROM ({source}) {grouped}"))
        asked: dict[int, int] = {}
        if measure.per == "request":
            asked = dict(store.rows(f"SELECT {place} AS bin, count(*) FROM {schema}.arrivals {grouped}"))
        held: dict[int, float] = {}
        for index in range((stretch.end - stretch.start) // BIN_NS):
            value = found.get(index, 0.0 if measure.per else None)
            if value is not None and (measure.per != "request" or asked.get(index)):
                held[stretch.start + index * BIN_NS] = float(value) / (asked[index] if measure.per == "request" else 1)
        return held

    def _scrapes(self, spec: Json, schema: str, stretch: Stretch) -> dict[int, float]:
        """The number at each time that points were taken."""
        source = rows(self._store, spec, schema)
        number = {
            "delta": "sum(rate)",
            "mean": "avg(CASE WHEN counts THEN coalesce(d / nullif(dn, 0), rate) ELSE v END)",
        }
        measure = MEASURES[spec["measure"]]
        return dict(
            self._store.rows(
                f"""SELECT t, {number.get(measure.number, measure.number)} AS number
                FROM (SELECT *, CASE WHEN t > s THEN d / (t - s) * 1e9 END AS rate FROM ({source}))
                WHERE {within(stretch)} GROUP BY t HAVING number IS NOT NULL"""
            )
        )

    def user_facing(self, actual: Actual) -> UserFacing:
        """Whether visitors were hurt: three errors 5xx and three times their usual share, or p95 half again as long."""
        held, usual = (
            self._store.row(
                f"""SELECT count(*), coalesce(sum((code >= 500)::INTEGER), 0), quantile_cont(ms, 0.95)
                FROM {schema}.spans WHERE service = '{ENTRANCE}' AND kind = 'Server' AND is_span AND {when}
                AND trace_id NOT IN (SELECT trace_id FROM actors)"""
            )
            for schema, when in (("run", within(actual.phase("hold"))), (self._store.base, "calm"))
        )
        share, share_usual = (errors / count if count else None for count, errors, _ in (held, usual))
        failing = held[1] >= HURT_ERRORS and (share or 0) > HURT_FACTOR * (share_usual or 0)
        slow = held[2] is not None and usual[2] is not None and held[2] >= HURT_P95 * usual[2]
        return UserFacing(share, share_usual, held[2], usual[2], failing or slow)


def _of_points(store: Store, source: str, measure: Measure, schema: str, hold: Stretch | None) -> float | None:
    """A number of points that count on: each stands for its share of the stretch that it shares with the hold."""
    shared = f"greatest(0, least(t, {hold.end}) - greatest(s, {hold.start})) / (t - s)" if hold else "calm::INTEGER"
    weighed = f"(SELECT *, CASE WHEN t > s THEN {shared} END AS w FROM ({source}))"
    if measure.number == "delta" and hold:
        (grown,) = store.row(f"SELECT coalesce(sum(d * w), 0) FROM {weighed}")
        (arrivals,) = store.row(f"SELECT count(*) FROM {schema}.arrivals WHERE {within(hold)}")
        divisor = arrivals if measure.per == "request" else hold.seconds
        return float(grown) / divisor if divisor else None
    if measure.number == "delta":
        # A series may be younger than its metric: the metric's whole unaffected time counts.
        divided = "sum(requests)" if measure.per == "request" else "sum(t - s) / 1e9"
        (rate,) = store.row(
            f"""SELECT sum(grown / asked) FROM
            (SELECT service, name, sum(d) AS grown FROM ({source}) WHERE calm AND s IS NOT NULL GROUP BY ALL)
            JOIN (SELECT service, name, {divided} AS asked FROM {schema}.stretches WHERE calm GROUP BY ALL)
            USING (service, name) WHERE asked > 0"""
        )
        return float(rate or 0)
    when = within(hold) if hold else "calm"
    (number,) = store.row(
        f"""SELECT CASE WHEN NOT bool_or(counts) THEN avg(v) FILTER ({when})
            WHEN any_value(dn) IS NULL THEN sum(d * w) / nullif(sum((t - s) / 1e9 * w), 0)
            ELSE sum(d * w) / nullif(sum(dn * w), 0) END FROM {weighed}"""
    )
    return None if number is None else float(number)


def _directions(finding: Finding, ratio: bool) -> tuple[bool, bool]:
    """Whether the claimed band lies above what is normal, and whether below; both when it does not tell."""
    middle = 1.0 if ratio else finding.baseline
    up = finding.low is not None and middle is not None and finding.low >= middle
    down = finding.high is not None and middle is not None and finding.high <= middle
    return (True, True) if up == down else (up, down)


def target(spec: Json) -> str:
    """What an entry looks at, in words: `web-api, route=/api/v1/search`."""
    parts = [f"{key}={_short(value)}" for key, value in spec.items() if key not in (*OWN_KEYS, "service")]
    service = spec.get("service")
    return ", ".join([*([_short(service)] if service else []), *parts])


def _short(value: Any) -> str:
    if isinstance(value, list):
        return " or ".join(map(_short, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
