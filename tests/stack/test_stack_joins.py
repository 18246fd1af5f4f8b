"""Records that belong together find each other in the data set."""

from __future__ import annotations

from collections import defaultdict

from recording import Recording, Span


def test_logs_find_their_traces(recording: Recording) -> None:
    share, logs = recording.tables.execute("""
        SELECT avg((trace_id IN (SELECT trace_id FROM traces))::int), count(*) FROM logs WHERE trace_id IS NOT NULL
    """).fetchone() or (0, 0)
    assert logs > 1000
    assert share > 0.99


def test_spans_find_their_parents(recording: Recording) -> None:
    share, spans = recording.tables.execute("""
        WITH spans AS (SELECT * FROM traces WHERE record_kind = 'span')
        SELECT avg((parent.span_id IS NOT NULL)::int), count(*) FROM spans child
        LEFT JOIN (SELECT DISTINCT trace_id, span_id FROM spans) parent
        ON child.trace_id = parent.trace_id AND child.parent_span_id = parent.span_id
        WHERE child.parent_span_id IS NOT NULL AND NOT (child.service = 'web-api' AND child.span_kind = 'Server')
    """).fetchone() or (0, 0)
    assert spans > 10_000
    assert share > 0.99


def test_a_checkout_is_one_trace_down_to_the_provider(recording: Recording) -> None:
    traces: dict[str, list[Span]] = defaultdict(list)
    for span in recording.spans:
        traces[span.trace].append(span)
    placed = [
        span
        for span in recording.spans
        if span.name == "POST /api/v1/checkout" and span.attributes["http.response.status_code"] == 202
    ]
    assert placed
    for root in placed:
        spans = traces[root.trace]
        by_id = {span.id: span for span in spans}
        services = {span.service for span in spans}
        assert services == {"web-api", "auth-service", "payment-worker"}
        systems = {(span.service, span.attributes.get("db.system.name")) for span in spans}
        assert {("web-api", "postgresql"), ("auth-service", "postgresql"), ("payment-worker", "postgresql")} <= systems
        assert ("web-api", "redis") in systems
        names = {(span.service, span.name, span.kind) for span in spans}
        assert ("web-api", "apply_async/payments.charge", "PRODUCER") in names
        assert ("payment-worker", "run/payments.charge", "CONSUMER") in names
        charges = [span for span in spans if span.name == "POST /v1/charges"]
        assert charges and all(span.kind == "CLIENT" for span in charges)
        for span in charges:
            assert way_up(span, by_id)[-1] == root


def way_up(span: Span, by_id: dict[str, Span]) -> list[Span]:
    way = [span]
    while way[-1].parent in by_id:
        way.append(by_id[way[-1].parent])
    return way
