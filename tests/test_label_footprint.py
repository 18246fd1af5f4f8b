"""Footprints of hand-made runs: each measure's number, what is verified, when the effect was, who was hurt."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from label_cases import Case, at
from ocsfconv.labels import LabelError, label
from ocsfconv.labels.footprint import required
from ocsfconv.labels.measures import FILTERS, MEASURES
from ocsfconv.labels.truth import EXPOSURES

Row = dict[str, Any]
ROOT = Path(__file__).parents[1]
HOST = {"kind": "host"}
OPEN = [None, None]
# An episode that begins at 100 s is in effect from 102 to 132 s.
HELD = range(102, 132)
SECONDS = 300
AROUND = SECONDS - 43
"""Seconds of a run that do not belong to that episode."""


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """A run in which each second has requests, queries and logs, and the hold differs in known ways."""
    made = Case(tmp_path, SECONDS)
    for second in range(SECONDS):
        busy = second in HELD
        for number in range(4):
            moment = second + 0.1 + number / 5
            trace = made.span(moment, 40 if busy else 10, http_response_code=500.0 if busy and number == 0 else 200.0)
            for _ in range(3 if busy else 1):
                made.query(moment, "SELECT * FROM items", 8 if busy else 4, trace)
            made.log(moment, "GET / 200", trace=trace, event_name="http.access", traffic_bytes_out=300 if busy else 100)
        made.span(second + 0.5, 5, service="auth-service", http_route="/v1/login")
        if busy:
            made.log(second + 0.3, "duration: 812 ms", "postgres")
        failed = busy or second % 60 == 0
        made.log(second, "login", "auth-service", event_name="auth.login", status="Failure" if failed else "Success")
    made.episode(100, exposure=HOST)
    return made


def entry(measure: str, signal: str = "traces", **filters: Any) -> Row:
    return {"signal": signal, "measure": measure, "band": OPEN, "user_facing": False, **filters}


def measured(case: Case, *footprint: Row) -> list[tuple[float | None, float | None]]:
    """Value and baseline of each entry."""
    case.episodes[0]["footprint"] = list(footprint)
    (report,) = label(*case.write(), footprint=True)
    return [(finding.value, finding.baseline) for finding in report.impacts[0].findings]


def close(*pairs: tuple[float | None, float | None], rel: float | None = None) -> list[Any]:
    return [pytest.approx(pair, rel=rel) for pair in pairs]


def test_quantiles_of_durations(case: Case) -> None:
    found = measured(
        case,
        *(entry(f"duration_p{share}_ratio", service="web-api", route="/") for share in (50, 95, 99)),
        entry("duration_p50_ratio", pattern="FROM items"),
        entry("duration_p50_ratio", name="^SELECT$"),
        entry("duration_p50_ratio", kind="Client", route="/"),
        entry("duration_p50_ratio", system="postgresql", kind="any"),
        entry("duration_p50_ratio", service="auth-service"),
        entry("duration_p50_ratio", route="/nowhere"),
    )
    assert found == close(*[(4, 10)] * 3, *[(2, 4)] * 4, (1, 5), (None, None))


def test_shares_of_errors(case: Case) -> None:
    *found, (value, baseline) = measured(
        case,
        entry("error_share", service="web-api"),
        entry("error_share", service="web-api", status="2xx"),
        entry("error_share", service="web-api", status=[500, "2xx"]),
        entry("error_share", "logs", name="auth.login", status="Failure"),
    )
    assert found == close((0.25, 0), (0.75, 1), (1, 1))
    assert (value, baseline) == (1, pytest.approx(1 / 60, rel=0.1))


def test_counts(case: Case) -> None:
    *found, failures, half = measured(
        case,
        entry("count_ratio", pattern="FROM items"),
        entry("rate_per_s", service="web-api"),
        entry("count_ratio", "logs", pattern="^GET", name="http.access", route="/"),
        entry("log_count", "logs", service="postgres", pattern="^duration"),
        entry("log_count", "logs", name=["http.access"]),
        entry("bytes_out_ratio", "logs", service="web-api"),
        entry("login_failures_per_s", "logs"),
        entry("count_ratio", "logs", service="postgres"),
    )
    assert found == close((3, 1), (4, 4), (1, 1), (30, 0), (120, 120), (3, 100), rel=0.01)
    assert failures == pytest.approx((1, 1 / 60), rel=0.1)
    # A ratio to nothing takes half a record for the baseline.
    nothing = 0.5 / (4 * AROUND)
    assert half == pytest.approx((30 / 120 / nothing, nothing), rel=0.01)


def test_counts_are_taken_per_arrival_so_that_load_is_no_effect(case: Case) -> None:
    for second in HELD:
        for number in range(12):
            trace = case.span(second + number / 13)
            case.query(second, "SELECT * FROM orders", trace=trace)
    for second in range(200, SECONDS):
        for _ in range(4):
            case.query(second, "SELECT * FROM orders", trace="0" * 32)
    ((value, _),) = measured(case, entry("count_ratio", pattern="FROM orders"))
    assert value == pytest.approx((12 / 16) / (4 * 100 / (4 * AROUND)), rel=0.02)


def test_requests_of_actors_are_no_arrivals(case: Case) -> None:
    for second in HELD:
        for number in range(4):
            trace = case.span(second + number / 13)
            case.actor(trace, "e1", second)
    ((value, _),) = measured(case, entry("count_ratio", service="web-api"))
    assert value == pytest.approx(2)


def test_spans_per_trace(case: Case) -> None:
    found = measured(
        case,
        entry("spans_per_trace_ratio", route="/"),
        entry("spans_per_trace_ratio", system="postgresql"),
        entry("spans_per_trace_ratio", pattern="FROM items"),
        entry("spans_per_trace_ratio", service="auth-service"),
    )
    assert found == close((2, 2), (3, 1), (3, 1), (1, 1))


def points(case: Case) -> None:
    total = count = 0.0
    for second in range(0, SECONDS, 10):
        busy = second in HELD
        case.point(second, "pool", 9 if busy else 3, attributes='{"state":"used"}')
        case.point(second, "pool", 1, attributes='{"state":"idle"}')
        total += 100 * (5 if 112 <= second <= 132 else 1)
        case.point(second, "scans", total, "counter", service="postgres")
        count += 10
        case.point(second, "seconds", total, "histogram", count=int(count))


def test_points(case: Case) -> None:
    points(case)
    used = {"metric": "^pool$", "attributes": {"state": "used"}}
    scans = {"service": "postgres", "metric": "scans"}
    *found, ratio = measured(
        case,
        entry("metric_mean_ratio", "metrics", **used),
        entry("metric_max", "metrics", **used),
        entry("metric_mean_ratio", "metrics", metric="^pool$", attributes={"state": ["used", "idle"]}),
        entry("metric_delta_rate", "metrics", **scans),
        entry("metric_mean_ratio", "metrics", metric="scans"),
        entry("metric_mean_ratio", "metrics", metric="seconds"),
        entry("metric_delta_rate_ratio", "metrics", **scans),
    )
    # Of the hold's 30 s, 20 have five times as many: (110, 130]; the stretches before and after are as usual.
    rate = (8 * 10 + 20 * 50 + 2 * 10) / 30
    assert found == close((3, 3), (9, 3), (2.5, 2), (rate, 10), (rate / 10, 10), (rate / 10, 10))
    assert ratio == pytest.approx((rate / 10, 10 / 4), rel=0.01)


def test_a_series_that_is_born_in_the_fault_counts_from_0(case: Case) -> None:
    for second in range(0, SECONDS, 10):
        case.point(second, "requests", second, "counter", attributes='{"code":"200"}')
    for second in range(110, SECONDS, 10):
        case.point(second, "requests", 50, "counter", attributes='{"code":"503"}')
    (found,) = measured(case, entry("metric_delta_rate", "metrics", metric="^requests$", attributes={"code": 503}))
    assert found == pytest.approx((50 * 0.8 / 30, 0)), "50 in the 10 s before 110, of which 8 are the hold's"


def test_a_counter_that_fell_began_anew(case: Case) -> None:
    for second in range(0, SECONDS, 10):
        case.point(second, "requests", 10 * second if second < 120 else 10 * (second - 110), "counter")
    ((value, _),) = measured(case, entry("metric_delta_rate", "metrics", metric="requests"))
    assert value == pytest.approx(10)


# --- verified or not


def impact(case: Case, *footprint: Row) -> Any:
    case.episodes[0]["footprint"] = list(footprint)
    (report,) = label(*case.write())
    return report.impacts[0]


P50 = {"signal": "traces", "measure": "duration_p50_ratio", "service": "web-api", "user_facing": True}
ERRORS = {"signal": "traces", "measure": "error_share", "service": "web-api", "user_facing": True}
SLOW = {"signal": "logs", "measure": "log_count", "service": "postgres", "user_facing": False}


def test_ends_of_a_band_are_inside_and_null_is_open(case: Case) -> None:
    for band, inside in (([4, 4], True), ([3.9, None], True), ([None, 4.1], True), ([4.1, None], False), (OPEN, True)):
        found = impact(case, {**P50, "band": band})
        assert found.findings[0].inside == inside
        assert found.status == ("verified" if inside else "no_impact")


def test_the_first_of_each_signal_decides_unless_some_say_so(case: Case) -> None:
    no, yes = [99, None], [0, None]
    assert impact(case, {**P50, "band": yes}, {**ERRORS, "band": no}, {**SLOW, "band": yes}).status == "verified"
    assert impact(case, {**P50, "band": yes}, {**SLOW, "band": no}).status == "no_impact"
    said = {**ERRORS, "band": no, "required": True}
    assert impact(case, {**P50, "band": yes}, said).status == "no_impact"
    assert impact(case, {**P50, "band": no}, {**ERRORS, "band": yes, "required": True}).status == "verified"
    assert impact(case, {**P50, "band": yes}, {**SLOW, "band": no, "required": False}).status == "verified"
    assert required([P50, ERRORS, SLOW]) == [True, False, True]


def test_what_cannot_be_measured_is_outside(case: Case) -> None:
    found = impact(case, {**P50, "route": "/nowhere", "band": OPEN})
    assert (found.status, found.findings[0].value) == ("no_impact", None)


def test_an_episode_that_claims_nothing_is_verified_by_its_probe(case: Case) -> None:
    assert impact(case).status == "verified"


def test_against_a_paired_run(case: Case, tmp_path: Path) -> None:
    paired = Case(tmp_path / "paired", 60)
    for second in range(60):
        paired.span(second, 20)
    paired.write()
    case.episodes[0]["footprint"] = [{**P50, "band": OPEN}]
    (report,) = label(*case.write(), control=paired.data)
    assert report.impacts[0].findings[0].value == pytest.approx(2)


# --- effect, users, services


def test_the_effect_is_from_the_first_to_the_last_bin_out_of_the_normal_band(case: Case) -> None:
    effect = impact(case, {**P50, "band": [2, None]}).effect
    assert (effect.start, effect.end) == (at(102), at(132))
    row = pq.read_table(case.data / "episodes.parquet").to_pylist()[0]
    assert (row["effect_start_ns"], row["effect_end_ns"]) == (at(102), at(132))
    assert (row["actual_start_ns"], row["actual_hold_ns"], row["actual_end_ns"]) == (at(100), at(102), at(132))
    assert (row["planned_start_ns"], row["planned_end_ns"], row["actual_over_ns"]) == (at(100), at(135), at(143))


def test_the_effect_of_a_count_and_of_a_point(case: Case) -> None:
    effect = impact(case, {**SLOW, "band": [5, None]}).effect
    assert (effect.start, effect.end) == (at(102), at(132))
    points(case)
    spec = {"signal": "metrics", "measure": "metric_mean_ratio", "metric": "^pool$", "attributes": {"state": "used"}}
    effect = impact(case, {**spec, "band": [2, None], "user_facing": False}).effect
    assert (effect.start, effect.end) == (at(110), at(132))


def test_no_effect_without_impact_or_without_anything_abnormal(case: Case) -> None:
    assert impact(case, {**P50, "band": [9, None]}).effect is None
    calm = {**P50, "service": "auth-service", "band": [0.5, 1.5]}
    assert impact(case, calm).effect is None


def test_users_are_hurt_by_errors_or_by_waiting(case: Case) -> None:
    users = impact(case).users
    assert users.hurt
    assert (users.errors, users.errors_baseline) == pytest.approx((0.25, 0))
    assert (users.p95_ms, users.p95_ms_baseline) == pytest.approx((40, 10))
    row = pq.read_table(case.data / "episodes.parquet").to_pylist()[0]
    assert (row["user_facing"], row["user_p95_ms"]) == (True, 40)


def test_users_are_not_hurt_by_what_only_others_meet(tmp_path: Path) -> None:
    quiet = Case(tmp_path, SECONDS)
    for second in range(SECONDS):
        quiet.span(second, 10)
        if second in HELD:
            quiet.span(second + 0.5, 900, service="payment-worker", span_kind="Consumer", http_response_code=500.0)
            sent = quiet.span(second + 0.5, 900, http_response_code=500.0)
            quiet.actor(sent, "e1", second)
    quiet.episode(100, exposure={"kind": "actor"})
    found = impact(quiet)
    assert not found.users.hurt
    assert (found.users.errors, found.users.p95_ms) == (0, pytest.approx(10))


def test_services_reached_are_the_root_and_those_that_were_slower_or_failed(case: Case) -> None:
    assert impact(case).services == ("postgres", "web-api")
    row = pq.read_table(case.data / "episodes.parquet").to_pylist()[0]
    assert row["services"] == ["postgres", "web-api"]


def test_the_episodes_file_says_what_was_claimed_and_counts_positives(case: Case) -> None:
    impact(case, {**P50, "route": "/", "band": [2, None]}, {**SLOW, "band": [5, None]})
    row = pq.read_table(case.data / "episodes.parquet").to_pylist()[0]
    assert row["footprint"][0] == {
        "signal": "traces",
        "measure": "duration_p50_ratio",
        "target": "web-api, route=/",
        "required": True,
        "value": pytest.approx(4),
        "baseline": pytest.approx(10),
        "low": 2,
        "high": None,
        "inside": True,
    }
    # 30 s of 4 requests, 3 queries each, and one of auth-service; 4 access logs, one of PostgreSQL, one login.
    assert (row["positive_traces"], row["positive_spans"]) == (30 * 5, 30 * (4 + 12 + 1))
    assert (row["positive_logs"], row["positive_points"]) == (30 * 6, 0)
    assert row["records"] > row["positive_spans"] + row["positive_logs"]
    assert row["root_resource"] == "an index"


# --- what a scenario's author gets wrong


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"measure": "slowness"}, "there is no measure 'slowness'; there are duration_p50_ratio, "),
        ({"signal": "logs"}, "duration_p50_ratio measures traces, not 'logs'"),
        ({"signal": "events"}, "not 'events'"),
        ({"rout": "/"}, "duration_p50_ratio on traces takes no 'rout'; it takes service, route, "),
        ({"band": [1]}, "band is [1], not [lowest, highest]"),
        ({"band": None}, "band is None"),
        ({"signal": "metrics", "measure": "metric_max"}, "metric_max needs 'metric'"),
        ({"pattern": "("}, "missing )"),
    ],
)
def test_a_wrong_footprint_is_refused_with_its_scenario(case: Case, spec: Row, words: str) -> None:
    case.episodes[0]["footprint"] = [{"signal": "traces", "measure": "duration_p50_ratio", "band": OPEN, **spec}]
    with pytest.raises(LabelError, match=re.escape(words)) as raised:
        label(*case.write())
    assert "e1 (some-scenario)" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not (case.data / "ocsf_labels.parquet").exists()


@pytest.mark.parametrize(
    ("exposure", "words"),
    [
        ({"kind": "weather"}, "there is no exposure 'weather'; there are statements, blocked, "),
        ({"kind": "calls", "service": "web-api"}, "exposure calls has no 'peer'"),
        ({"kind": "statements"}, "exposure statements has no 'pattern'"),
        ({"kind": "statements", "pattern": "("}, "missing )"),
        ("host", "there is no exposure 'host'"),
    ],
)
def test_a_wrong_exposure_is_refused_with_its_scenario(case: Case, exposure: Any, words: str) -> None:
    case.episodes[0]["exposure"] = exposure
    with pytest.raises(LabelError, match=re.escape(words)) as raised:
        label(*case.write())
    assert "some-scenario" in str(raised.value)
    assert "\n" not in str(raised.value)


SCENARIOS = sorted((ROOT / "stack" / "scenarios").glob("*.yaml"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_every_scenario_claims_what_can_be_measured(path: Path, tmp_path: Path) -> None:
    facts = yaml.safe_load(path.read_text())
    case = Case(tmp_path)
    case.span(1)
    for severity in ("subtle", "medium", "blatant"):
        # `change` is a condition that the plan resolves.
        footprint = [
            {key: value for key, value in {**one, "band": one["band"][severity]}.items() if key != "change"}
            for one in facts["footprint"]
        ]
        case.episode(100, exposure=None, footprint=footprint, scenario=facts["name"], severity=severity)
    for exposure in (facts["exposure"], facts["decoy"]["exposure"]):
        assert exposure is None or exposure["kind"] in EXPOSURES
    (report,) = label(*case.write(), footprint=True)
    assert len(report.impacts[0].findings) == len(facts["footprint"])


def test_the_documentation_names_every_measure_filter_and_exposure() -> None:
    text = (ROOT / "docs" / "labels.md").read_text()
    for name in (*MEASURES, *(name for names in FILTERS.values() for name in names), *EXPOSURES):
        assert f"`{name}" in text, name
