"""Labels of hand-made runs whose answer is known: what belongs to an episode, and what it is called."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from label_cases import SECOND, START, Case, at, labels, ordinary, schema
from ocsfconv.labels import LabelReport, label

Row = dict[str, Any]
HOST = {"kind": "host"}
STATEMENTS = {"kind": "statements", "tables": ["items"]}
QUERY = "SELECT * FROM items WHERE sku = %s"
OTHER = "SELECT * FROM orders WHERE id = %s"
# An episode that begins at 100 s is in effect at 102 s, undone from 132 s on, and over at 143 s.
RAMP, HOLD, RECOVER, BEFORE, AFTER = 101.0, 110.0, 135.0, 90.0, 150.0


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def done(case: Case, **options: Any) -> LabelReport:
    (report,) = label(*case.write(), **options)
    return report


def of_traces(case: Case) -> Callable[[str], set[tuple[str, str | None, str | None, str | None]]]:
    """Label, cause, episode, phase of all rows of a trace, spans and logs."""
    held: dict[str, set[tuple[str, str | None, str | None, str | None]]] = {}
    for row in labels(case.data):
        if row["signal"] != "metrics":
            trace = case.rows[row["signal"]][row["row"]]["trace_id"]
            held.setdefault(trace, set()).add((row["label"], row["cause"], row["episode"], row["phase"]))
    return held.__getitem__


NORMAL = {("normal", None, None, None)}


def exposed(phase: str, episode: str = "e1") -> set[tuple[str, str, str, str]]:
    return {("anomalous" if phase == "hold" else "gray", "exposed", episode, phase)}


# --- phases


def test_the_phase_of_its_use_decides_what_a_trace_is_called(case: Case) -> None:
    traces = {second: case.query(second, QUERY) for second in (BEFORE, RAMP, HOLD, RECOVER, AFTER)}
    case.episode(100, exposure=STATEMENTS)
    done(case)
    found = of_traces(case)
    assert found(traces[BEFORE]) == found(traces[AFTER]) == NORMAL
    assert found(traces[RAMP]) == exposed("ramp")
    assert found(traces[HOLD]) == exposed("hold")
    assert found(traces[RECOVER]) == exposed("recover")


def test_a_use_that_lasts_into_the_hold_is_of_the_hold(case: Case) -> None:
    into, out_of = case.query(101.5, QUERY, ms=1000), case.query(131.9, QUERY, ms=5000)
    case.episode(100, exposure=STATEMENTS)
    done(case)
    found = of_traces(case)
    assert found(into) == found(out_of) == exposed("hold")


def test_a_trace_is_exposed_as_a_whole(case: Case) -> None:
    trace = case.span(99, ms=15_000)
    case.query(HOLD, QUERY, trace=trace)
    case.span(112, trace=trace, service="payment-worker", span_kind="Consumer")
    case.span(112, trace=trace, record_kind="span_event", span_kind=None, duration_ns=None, end_time_unix_nano=None)
    case.log(114, "GET / 200", trace=trace)
    case.log(160, "a late word of it", service="payment-worker", trace=trace)
    case.episode(100, exposure=STATEMENTS)
    done(case)
    assert of_traces(case)(trace) == exposed("hold")


def test_actions_count_from_the_first_and_are_in_effect_with_the_last(case: Case) -> None:
    early, late = case.query(100.2, QUERY), case.query(103, QUERY)
    case.episode(100, exposure=STATEMENTS, actions=2)
    for line in case.ledger:
        if line["id"] == "e1-1" and line["event"] == "finished":
            line["params"]["in_effect_ns"] = at(105)
    done(case)
    found = of_traces(case)
    assert found(early) == found(late) == exposed("ramp")


# --- exposure, kind by kind


def test_statements_by_table_and_pattern(case: Case) -> None:
    hit, other_table = case.query(HOLD, QUERY), case.query(HOLD, OTHER)
    longer_name, other_pattern = case.query(HOLD, "SELECT * FROM order_items"), case.query(HOLD, "DELETE FROM items")
    server_text = case.span(HOLD, db_query_text=QUERY)
    case.episode(100, exposure={**STATEMENTS, "pattern": "^SELECT"})
    done(case)
    found = of_traces(case)
    assert found(hit) == exposed("hold")
    for trace in (other_table, longer_name, other_pattern, server_text):
        assert found(trace) == NORMAL


def test_host_exposes_everything_in_its_time(case: Case) -> None:
    trace, before = case.span(HOLD, service="auth-service"), case.span(BEFORE)
    log, log_before = case.log(HOLD, service="redis"), case.log(BEFORE, service="redis")
    point, point_before = case.point(HOLD, "up", 1), case.point(BEFORE, "up", 1)
    case.episode(100, exposure=HOST)
    done(case)
    found = of_traces(case)
    assert found(trace) == exposed("hold")
    assert found(before) == NORMAL
    assert labels(case.data, "logs")[log]["label"] == labels(case.data, "metrics")[point]["label"] == "anomalous"
    assert labels(case.data, "logs")[log_before]["label"] == "normal"
    assert labels(case.data, "metrics")[point_before]["label"] == "normal"


def call(case: Case, second: float, port: int, answered: bool, service: str = "web-api") -> str:
    trace = case.span(second, 20)
    case.span(second, 10, trace, service=service, span_kind="Client", operation="POST", dst_endpoint_port=float(port))
    if answered:
        parent = case.rows["traces"][-1]["span_id"]
        case.span(second, 8, trace, service="auth-service", parent_span_id=parent)
    return trace


def test_calls_are_known_by_the_address_that_the_peer_answers_at(case: Case) -> None:
    for second in range(10, 60, 10):
        call(case, second, 3000, answered=True)
        call(case, second, 8080, answered=False)
    unanswered = call(case, HOLD, 3000, answered=False)
    to_provider = call(case, HOLD, 8080, answered=False)
    elsewhere = call(case, HOLD, 3000, answered=False, service="payment-worker")
    case.episode(100, exposure={"kind": "calls", "service": "web-api", "peer": "auth-service"})
    case.episode(200, exposure={"kind": "calls", "service": "web-api", "peer": "payment-provider"})
    to_auth_later, to_provider_later = call(case, 210, 3000, answered=True), call(case, 210, 8080, answered=False)
    done(case)
    found = of_traces(case)
    assert found(unanswered) == exposed("hold")
    assert found(to_provider) == found(elsewhere) == found(to_auth_later) == NORMAL
    assert found(to_provider_later) == exposed("hold", "e2")


def test_calls_to_a_store_are_known_by_its_system(case: Case) -> None:
    to_redis = case.query(HOLD, "GET ?", db_system="redis")
    to_postgres = case.query(HOLD, QUERY)
    case.episode(100, exposure={"kind": "calls", "service": "web-api", "peer": "redis"})
    done(case)
    assert of_traces(case)(to_redis) == exposed("hold")
    assert of_traces(case)(to_postgres) == NORMAL


def test_version_exposes_what_that_version_served(case: Case) -> None:
    bad = case.span(HOLD, service_version="1.4.4")
    old, other_route = (
        case.span(HOLD, service_version="1.4.3"),
        case.span(HOLD, service_version="1.4.4", http_route="/cart"),
    )
    other_service = case.span(HOLD, service="auth-service", service_version="1.4.4")
    job = case.span(HOLD, span_kind="Consumer", operation="run/charge", service_version="1.4.4")
    exposure = {"kind": "version", "service": "web-api", "version": "1.4.4", "routes": ["/", "run/charge"]}
    case.episode(100, exposure=exposure)
    done(case)
    found = of_traces(case)
    assert found(bad) == found(job) == exposed("hold")
    for trace in (old, other_route, other_service):
        assert found(trace) == NORMAL


LOCKING = "SELECT quantity\n  FROM stock WHERE sku = ANY($1) AND tenant = $2 FOR UPDATE"


def test_blocked_matches_a_wait_to_its_span(case: Case) -> None:
    text = "SELECT quantity FROM stock WHERE sku = ANY(%(skus)s) AND tenant = %s FOR UPDATE"
    near, far = case.query(HOLD, text, ms=400), case.query(HOLD + 0.015, text, ms=2)
    other, unseen = case.query(HOLD, OTHER, ms=400), case.query(120, text, ms=400)
    case.episode(100, exposure={"kind": "blocked", "pattern": "stock"})
    case.blocked("e1", LOCKING, HOLD + 0.003, HOLD + 0.39)
    case.blocked("e1", LOCKING, 120.021, 120.4)
    case.evidence.append({"kind": "process", "episode": "e1", "pid": 1})
    report = done(case)
    assert (report.waits_seen, report.waits_found) == (2, 1)
    assert "waits for locks whose span was found: 1 of 2" in str(report)
    found = of_traces(case)
    assert found(near) == exposed("hold")
    for trace in (far, other, unseen):
        assert found(trace) == NORMAL


def test_of_two_statements_that_fit_it_was_the_one_that_lasted_so_long(case: Case) -> None:
    text = "SELECT quantity FROM stock WHERE sku = ANY(%s) AND tenant = %s FOR UPDATE"
    quick, held = case.query(HOLD + 0.002, text, ms=2), case.query(HOLD, text, ms=400)
    case.episode(100, exposure={"kind": "blocked"})
    case.blocked("e1", LOCKING, HOLD + 0.003, HOLD + 0.43)
    done(case)
    assert of_traces(case)(held) == exposed("hold")
    assert of_traces(case)(quick) == NORMAL


def test_a_statement_that_postgres_cut_is_known_by_its_beginning(case: Case) -> None:
    text = "SELECT " + ", ".join(f"column_{number}" for number in range(200)) + " FROM stock"
    trace = case.query(HOLD, text, ms=100)
    case.episode(100, exposure={"kind": "blocked"})
    case.blocked("e1", text[:1023], HOLD + 0.001, HOLD + 0.1)
    done(case)
    assert of_traces(case)(trace) == exposed("hold")


def test_records_without_a_trace_by_time_service_and_pattern(case: Case) -> None:
    hit, elsewhere = case.log(HOLD, "duration: 812 ms", "postgres"), case.log(HOLD, "duration: 812 ms", "redis")
    other, early = case.log(HOLD, "checkpoint", "postgres"), case.log(BEFORE, "duration: 812 ms", "postgres")
    traced = case.log(HOLD, "duration: 812 ms", "postgres", trace=case.span(HOLD))
    scans, locks = (
        case.point(HOLD, "pg.scans", 1, service="postgres"),
        case.point(HOLD, "pg.locks", 1, service="postgres"),
    )
    aside = {
        "logs": {"service": "postgres", "pattern": "^duration"},
        "metrics": [{"service": "postgres", "names": "scans$"}],
    }
    case.episode(100, exposure={**STATEMENTS, **aside})
    done(case)
    logs, points = labels(case.data, "logs"), labels(case.data, "metrics")
    assert [logs[row]["label"] for row in (hit, elsewhere, other, early, traced)] == ["anomalous", *["normal"] * 4]
    assert [points[row]["label"] for row in (scans, locks)] == ["anomalous", "normal"]


def test_a_point_that_counts_on_stands_for_the_time_since_the_one_before(case: Case) -> None:
    counts = [case.point(second, "n", second, "counter") for second in (90, 100, 110, 120, 130, 140, 150)]
    gauges = [case.point(second, "g", 1) for second in (90, 100, 110, 120, 130, 140, 150)]
    case.episode(100, exposure=HOST)
    done(case)
    rows = labels(case.data, "metrics")
    # The middles are 95, 105 … 145; the hold is 102 to 132, the recovery ends at 143.
    expected = ["normal", "normal", "anomalous", "anomalous", "anomalous", "gray", "normal"]
    assert [rows[row]["label"] for row in counts] == expected
    assert [rows[row]["label"] for row in gauges] == ["normal", "gray", *["anomalous"] * 3, "gray", "normal"]


def test_several_exposures_of_one_episode(case: Case) -> None:
    items, orders = case.query(HOLD, QUERY), case.query(HOLD, OTHER)
    case.episode(100, exposure=[STATEMENTS, {"kind": "statements", "pattern": "FROM orders"}])
    done(case)
    assert of_traces(case)(items) == of_traces(case)(orders) == exposed("hold")


# --- actors


def test_an_attackers_requests_are_anomalous_in_every_phase(case: Case) -> None:
    traces = [case.span(second) for second in (RAMP, HOLD, RECOVER)]
    for trace in traces:
        case.log(HOLD, trace=trace)
    bystander = case.span(HOLD)
    episode = case.episode(100, exposure={"kind": "actor"})
    for trace, second in zip(traces, (RAMP, HOLD, RECOVER), strict=True):
        case.actor(trace, episode, second)
    done(case)
    found = of_traces(case)
    for trace, phase in zip(traces, ("ramp", "hold", "recover"), strict=True):
        assert found(trace) == {("anomalous", "actor", "e1", phase)}
    assert found(bystander) == NORMAL


def test_a_decoys_records_are_normal_and_say_whose_they_are(case: Case) -> None:
    held, sent = case.query(HOLD, QUERY), case.span(210)
    case.episode(100, exposure=STATEMENTS, decoy=True)
    second = case.episode(200, exposure={"kind": "actor"}, decoy=True)
    case.actor(sent, second, 210, role="decoy")
    report = done(case)
    assert of_traces(case)(held) == {("normal", "exposed", "e1", "hold")}
    assert of_traces(case)(sent) == {("normal", "actor", "e2", "hold")}
    assert report.signals["traces"].decoy == 3
    assert report.signals["traces"].anomalous == 0


def test_a_decoy_without_exposure_touches_nothing(case: Case) -> None:
    trace = case.query(HOLD, QUERY)
    case.episode(100, exposure=None, decoy=True)
    done(case)
    assert of_traces(case)(trace) == NORMAL


# --- gray, no impact, not executed


def test_what_had_no_impact_is_gray(case: Case) -> None:
    trace = case.query(HOLD, QUERY)
    sent = case.span(HOLD)
    nothing = [{"signal": "traces", "measure": "error_share", "band": [0.5, None], "user_facing": True}]
    episode = case.episode(100, exposure=[STATEMENTS, {"kind": "actor"}], footprint=nothing)
    case.actor(sent, episode, HOLD)
    report = done(case)
    assert report.impacts[0].status == "no_impact"
    assert of_traces(case)(trace) == {("gray", "exposed", "e1", "hold")}
    assert of_traces(case)(sent) == {("gray", "actor", "e1", "hold")}
    assert report.faults == []


def test_what_was_never_begun_labels_nothing(case: Case) -> None:
    trace = case.query(HOLD, QUERY)
    case.episode(100, exposure=STATEMENTS, executed=False)
    report = done(case)
    assert report.impacts[0].status == "not_executed"
    assert of_traces(case)(trace) == NORMAL
    assert report.faults == ["e1 (some-scenario) was not executed: the ledger has no injection that a probe confirmed"]


def test_what_was_begun_but_never_confirmed_is_gray(case: Case) -> None:
    trace = case.query(HOLD, QUERY)
    case.episode(100, exposure=STATEMENTS, effect=None)
    report = done(case)
    assert report.impacts[0].status == "not_executed"
    assert {label for label, *_ in of_traces(case)(trace)} == {"gray"}


def test_one_action_of_two_in_effect_is_not_executed(case: Case) -> None:
    case.span(1)
    case.episode(100, exposure=STATEMENTS, actions=2)
    case.ledger[1]["params"]["in_effect_ns"] = None
    assert done(case).impacts[0].status == "not_executed"


def test_an_undo_that_nobody_confirmed_is_a_fault(case: Case) -> None:
    case.span(1)
    case.episode(100, exposure=STATEMENTS, undone=False)
    report = done(case)
    assert report.faults == ["e1 (some-scenario): no probe confirmed its undo"]
    assert pq.read_table(case.data / "episodes.parquet").to_pylist()[0]["reset_confirmed"] is False


def test_an_action_that_was_never_finished_lasts_to_the_end(case: Case) -> None:
    trace = case.query(500, QUERY)
    case.episode(100, exposure=STATEMENTS)
    case.ledger.pop()
    report = done(case)
    assert report.impacts[0].status == "not_executed"
    assert {label for label, *_ in of_traces(case)(trace)} == {"gray"}


def test_late_seconds_are_gray_whatever_belongs_to_them(case: Case) -> None:
    exposed_late, normal_late, normal = case.query(HOLD, QUERY), case.span(50.5), case.span(51.5)
    log, point = case.log(50.2, service="redis"), case.point(50.2, "up", 1)
    case.log(50.9, trace=normal)
    split = case.log(50.9, trace=case.span(60))
    case.late = {51, 111}
    case.episode(100, exposure=STATEMENTS)
    report = done(case)
    found = of_traces(case)
    assert found(exposed_late) == {("gray", "exposed", "e1", "hold")}
    assert found(normal_late) == {("gray", None, None, None)}
    assert found(normal) == {("gray", None, None, None)}, "one record of the trace begins in a late second"
    assert labels(case.data, "logs")[split]["label"] == "gray"
    assert labels(case.data, "logs")[log]["label"] == labels(case.data, "metrics")[point]["label"] == "gray"
    assert report.late_seconds == 2
    assert pq.read_table(case.data / "episodes.parquet").to_pylist()[0]["late_seconds"] == 1


def test_of_two_claims_the_one_that_means_more_wins(case: Case) -> None:
    trace = case.query(138, QUERY, ms=20_000)
    case.episode(100, exposure=STATEMENTS)
    case.episode(145, exposure=STATEMENTS)
    done(case)
    assert of_traces(case)(trace) == exposed("hold", "e2")


# --- what holds for all


def test_a_run_without_episodes_is_all_normal(case: Case) -> None:
    list(ordinary(case, every=10))
    case.log(5, service="redis")
    report = done(case)
    assert {row["label"] for row in labels(case.data)} == {"normal"}
    assert report.impacts == ()
    assert pq.read_table(case.data / "episodes.parquet").num_rows == 0


def digests(case: Case) -> dict[str, str]:
    return {
        name: hashlib.sha256((case.data / f"ocsf_{name}.parquet").read_bytes()).hexdigest()
        for name in ("logs", "traces", "metrics")
    }


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("slpqa"), st.floats(-5, 605), st.booleans()), max_size=30), st.data())
def test_one_row_a_row_in_order_and_the_training_files_untouched(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[str, float, bool]], data: st.DataObject
) -> None:
    case = Case(tmp_path_factory.mktemp("case"))
    traces = [case.span(300)]
    decoy = data.draw(st.booleans())
    case.episode(100, exposure=data.draw(st.sampled_from([STATEMENTS, HOST, None])), decoy=decoy)
    case.episode(data.draw(st.floats(100, 550)), exposure=[{"kind": "actor"}, HOST])
    case.late = data.draw(st.sets(st.integers(1, 600), max_size=5))
    for kind, second, traced in records:
        trace = traces[-1] if traced else None
        if kind in "sa":
            traces.append(case.span(second, trace=trace))
        elif kind == "q":
            traces.append(case.query(second, QUERY, trace=trace))
        elif kind == "l":
            case.log(second, trace=trace)
        else:
            case.point(second, "n", second, data.draw(st.sampled_from(["gauge", "counter"])))
        if kind == "a":
            case.actor(traces[-1], "e2", second)
    logs, folder = case.write()
    before = digests(case)
    label(logs, folder)
    assert digests(case) == before
    expected = [(signal, row) for signal in ("logs", "traces", "metrics") for row in range(len(case.rows[signal]))]
    rows = labels(folder)
    assert [(row["signal"], row["row"]) for row in rows] == expected
    for row in rows:
        uid = None if row["signal"] == "metrics" else f"{row['signal']}-{row['row']}"
        assert row["event_uid"] == uid
        assert (row["episode"] is None) == (row["cause"] is None) == (row["phase"] is None) == (row["scenario"] is None)
        assert row["label"] != "anomalous" or row["episode"] is not None
    windows = pq.read_table(folder / "windows.parquet").to_pylist()
    assert sum(window["records"] for window in windows) == len(rows)


def test_the_order_of_the_files_is_never_changed_by_threads(case: Case) -> None:
    for number in range(5000):
        case.log(300 + number / 100, f"line {number}")
    case.span(300)
    done(case)
    assert [row["row"] for row in labels(case.data, "logs")] == list(range(5000))


# --- excess


def test_excess_of_a_span_is_the_logarithm_over_its_kinds_median(case: Case) -> None:
    list(ordinary(case, every=10, ms=10))
    slow, quick = case.span(HOLD, 20), case.span(HOLD + 1, 5)
    rare = case.span(HOLD + 2, 20, http_route="/rare")
    log, other = case.log(HOLD, trace=slow), case.log(HOLD, "x", "payment-worker", trace=quick)
    alone = case.log(HOLD, service="redis")
    case.span(HOLD, trace=slow, record_kind="span_event", span_kind=None, duration_ns=None)
    case.rows["traces"][-1]["span_id"] = case.rows["traces"][-4]["span_id"]
    case.episode(100, exposure=HOST)
    done(case)
    spans = {
        (case.rows["traces"][row["row"]]["trace_id"], case.rows["traces"][row["row"]]["record_kind"]): row["excess"]
        for row in labels(case.data, "traces")
    }
    assert spans[slow, "span"] == pytest.approx(math.log(2), abs=1e-6)
    assert spans[slow, "span_event"] == pytest.approx(math.log(2), abs=1e-6)
    assert spans[quick, "span"] == pytest.approx(-math.log(2), abs=1e-6)
    assert spans[rare, "span"] is None
    logs = labels(case.data, "logs")
    assert logs[log]["excess"] == pytest.approx(math.log(2), abs=1e-6)
    assert logs[other]["excess"] == pytest.approx(-math.log(2), abs=1e-6), "the trace's first SERVER span"
    assert logs[alone]["excess"] is None


def test_excess_of_a_point_is_its_distance_in_deviations(case: Case) -> None:
    total = seen = summed = 0.0
    for number in range(60):
        second, swing = 5 + 10 * number, number % 3 - 1
        busy = 102 <= second < 132
        case.point(second, "gauge", 130 if busy else 100 + 10 * swing)
        case.point(second, "constant", 1)
        total += 500 if busy else 100 + 10 * swing
        case.point(second, "counter", total, "counter")
        seen += 10
        summed += 20 if busy else 10 + swing
        case.point(second, "seconds", summed, "histogram", count=int(seen))
    case.span(300)
    case.episode(100, exposure=HOST)
    done(case)
    held = {}
    for row in labels(case.data, "metrics"):
        point = case.rows["metrics"][row["row"]]
        held[point["metric_name"], point["time_unix_nano"]] = row["excess"]
    assert held["gauge", at(115)] == pytest.approx(30 / (1.4826 * 10))
    assert held["constant", at(115)] == 0
    assert held["counter", at(125)] == pytest.approx(40 / (1.4826 * 1))
    assert held["seconds", at(125)] == pytest.approx(1 / (1.4826 * 0.1))
    assert held["counter", at(5)] is None


def test_excess_against_a_paired_run(case: Case, tmp_path: Path) -> None:
    paired = Case(tmp_path / "paired")
    list(ordinary(paired, every=10, ms=5))
    paired.write()
    list(ordinary(case, every=10, ms=10))
    slow = case.span(HOLD, 20)
    case.episode(100, exposure=HOST)
    done(case, control=paired.data)
    rows = labels(case.data, "traces")
    found = next(row for row in rows if case.rows["traces"][row["row"]]["trace_id"] == slow)
    assert found["excess"] == pytest.approx(math.log(4), abs=1e-6)


# --- windows


def test_windows_are_minutes_by_service_and_signal(case: Case) -> None:
    case.span(62), case.span(63), case.query(65, OTHER)
    hit = case.query(HOLD, QUERY)
    case.log(HOLD, trace=hit)
    case.log(130, service="redis"), case.point(190, "up", 1)
    case.query(250, QUERY)
    case.episode(100, exposure=STATEMENTS)
    case.episode(240, exposure=STATEMENTS, decoy=True)
    done(case)
    windows = pq.read_table(case.data / "windows.parquet").to_pylist()
    minute = 60 * SECOND
    assert all(window["window_start_ns"] % minute == 0 for window in windows)
    offset = START % minute // SECOND
    assert offset == 0, "the cases below count on it"
    held = {((w["window_start_ns"] - START) // minute, w["service"], w["signal"]): w for w in windows}
    assert held[1, "web-api", "traces"]["records"] == 6
    assert held[1, "web-api", "traces"]["label"] == "anomalous"
    assert held[1, "web-api", "traces"]["episode"] == "e1"
    assert held[1, "web-api", "traces"]["share"] == pytest.approx(2 / 6)
    assert held[1, "web-api", "logs"]["share"] == 1
    assert held[2, "redis", "logs"]["label"] == "normal"
    assert held[3, "web-api", "metrics"]["episode"] is None
    assert held[4, "web-api", "traces"]["label"] == "normal"
    assert held[4, "web-api", "traces"]["episode"] == "e2"
    assert held[4, "web-api", "traces"]["scenario"] == "some-scenario"


def test_a_window_with_gray_rows_alone_is_gray(case: Case) -> None:
    case.query(RAMP, QUERY), case.span(70)
    case.episode(100, exposure=STATEMENTS)
    done(case)
    (window,) = pq.read_table(case.data / "windows.parquet").to_pylist()
    assert (window["label"], window["episode"], window["share"]) == ("gray", "e1", 0)


# --- the sample of the logs


def sampled(case: Case) -> list[Row]:
    rows: list[Row] = pq.read_table(case.data / "ocsf_eval_subset.parquet").to_pylist()
    return rows


def crowd(case: Case) -> None:
    """Logs of several classes, some of a fault, a decoy, a ramp."""
    for number in range(3000):
        second = number / 5
        trace = case.query(second, QUERY if number % 3 else OTHER)
        case.log(second, f"line {number}", trace=trace, class_uid=4002 if number % 2 else 0)
        if number % 50 == 0:
            case.log(second, f"duration: {number}", "postgres", class_uid=0)
    aside = {"logs": {"service": "postgres", "pattern": "duration"}}
    case.episode(100, exposure={**STATEMENTS, **aside})
    case.episode(300, exposure=STATEMENTS, decoy=True, scenario="another")


def test_the_sample_is_stratified_and_says_what_is_wrong(case: Case) -> None:
    crowd(case)
    done(case, rows=500)
    rows = sampled(case)
    assert len(rows) == 500
    columns = pq.read_schema(case.data / "ocsf_eval_subset.parquet").names
    assert columns == [*schema("logs").names, "is_anomaly", "anomaly_reason", "anomaly_type", "row"]
    assert [row["row"] for row in rows] == sorted({row["row"] for row in rows})
    by_row = labels(case.data, "logs")
    for row in rows:
        truth = by_row[row["row"]]
        assert row["event_uid"] == truth["event_uid"]
        assert truth["label"] != "gray"
        assert row["is_anomaly"] == (truth["label"] == "anomalous")
        assert (row["anomaly_type"], row["anomaly_reason"] is None) == (
            ("some-scenario", False) if row["is_anomaly"] else (None, True)
        )
    positive = [row for row in rows if row["is_anomaly"]]
    assert len(positive) == 50
    assert positive[0]["anomaly_reason"] == "exposed to some-scenario (e1, medium, hold; postgres: an index)"
    strata = {(row["trace_id"] is None, row["class_uid"]) for row in positive}
    assert strata == {(True, 0), (False, 0), (False, 4002)}, "each stratum is there, however small"
    assert sum(by_row[row["row"]]["episode"] == "e2" for row in rows) == 50


def test_the_same_seed_gives_the_same_sample_and_another_seed_another(case: Case) -> None:
    crowd(case)
    done(case, rows=200)
    first = [row["row"] for row in sampled(case)]
    done(case, rows=200)
    assert [row["row"] for row in sampled(case)] == first
    plan = case.logs / "truth" / "plan.json"
    plan.write_text(plan.read_text().replace('"seed": 7', '"seed": 8'))
    label(case.logs, case.data, rows=200)
    assert [row["row"] for row in sampled(case)] != first


def test_a_sample_of_few_logs_is_all_that_are_not_gray(case: Case) -> None:
    for number in range(30):
        case.log(number, service="redis", class_uid=number % 4)
    case.span(1)
    done(case)
    assert len(sampled(case)) == 30
