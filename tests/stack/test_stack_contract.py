"""What stack/contract.yaml declares is what the services tell: all of it, with its attributes, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from recording import Recording

CONTRACT = yaml.safe_load((Path(__file__).parents[2] / "stack" / "contract.yaml").read_text(encoding="utf-8"))
LIBRARIES = {"postgres", "redis"}  # whose records are all without a name


def declared(service: str, signal: str) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Entries one by one; the key is name and kind of a span, the name of an event."""
    one, many = ("name", "names") if signal == "spans" else ("event", "events")
    for entry in CONTRACT[service].get(signal, ()):
        for name in [entry[one]] if one in entry else entry[many]:
            yield ((name, entry["kind"]) if signal == "spans" else (name,)), entry


def seen(recording: Recording, service: str, signal: str) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    found: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    if signal == "spans":
        for span in recording.spans:
            if span.service == service:
                found.setdefault((span.name, span.kind), []).append(span.attributes)
    else:
        for log in recording.logs:
            if log.service == service and log.event:
                found.setdefault((log.event,), []).append(log.attributes)
    return found


BOTH = [(service, signal) for service in CONTRACT for signal in ("spans", "logs") if signal in CONTRACT[service]]


@pytest.mark.parametrize(("service", "signal"), BOTH)
def test_what_is_declared_occurs(recording: Recording, service: str, signal: str) -> None:
    found = seen(recording, service, signal)
    assert [key for key, entry in declared(service, signal) if not entry.get("rare") and key not in found] == []


@pytest.mark.parametrize(("service", "signal"), BOTH)
def test_attributes_are_on_every_one(recording: Recording, service: str, signal: str) -> None:
    found = seen(recording, service, signal)
    lacking = {
        key: missing
        for key, entry in declared(service, signal)
        if (missing := Counter(name for held in found.get(key, ()) for name in entry["attributes"] if name not in held))
    }
    assert lacking == {}


@pytest.mark.parametrize(("service", "signal"), BOTH)
def test_nothing_else_occurs(recording: Recording, service: str, signal: str) -> None:
    known = {key for key, _ in declared(service, signal)}
    assert {key: len(held) for key, held in seen(recording, service, signal).items() if key not in known} == {}


@pytest.mark.parametrize("service", [service for service in CONTRACT if "metrics" in CONTRACT[service]])
def test_metrics_are_scraped(recording: Recording, service: str) -> None:
    assert set(CONTRACT[service]["metrics"]) - recording.metrics.get(service, set()) == set()


def test_a_name_is_declared_once() -> None:
    for service, signal in BOTH:
        twice = {key for key, count in Counter(key for key, _ in declared(service, signal)).items() if count > 1}
        assert twice == set(), f"{service}: {signal}"


def test_no_other_service_tells(recording: Recording) -> None:
    told = {span.service for span in recording.spans} | {log.service for log in recording.logs} | set(recording.metrics)
    assert told == set(CONTRACT)


@pytest.mark.parametrize("service", sorted(LIBRARIES))
def test_databases_bring_their_own_logs(recording: Recording, service: str) -> None:
    own = [log for log in recording.logs if log.service == service]
    assert own and all(isinstance(log.body, str) and log.body for log in own)
    assert {log.attributes["log.file.path"].rpartition("/")[0] for log in own} == {
        "/var/log/postgresql" if service == "postgres" else "/var/log/redis"
    }
