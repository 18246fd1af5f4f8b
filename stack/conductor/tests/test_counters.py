from __future__ import annotations

from pathlib import Path

import pytest

from conductor.counters import NoCounters, final_counters
from conductor.summary import accounts

LOG = (Path(__file__).parent / "data" / "collector-end.log").read_text()
READ = {"logs": 6768, "traces": 35394, "metrics": 8721}


def conversion(**rejected):
    return {
        "signals": {
            signal: {
                "records_read": read,
                "records_written": read - rejected.get(signal, 0),
                "records_rejected": rejected.get(signal, 0),
            }
            for signal, read in READ.items()
        }
    }


def test_receivers_are_added_up():
    found = final_counters(LOG)
    assert found.received == found.written == READ
    assert found.lost == {"logs": {}, "traces": {}, "metrics": {}}
    assert accounts(found, conversion()) == []


def test_the_last_account_counts():
    earlier = LOG.replace("35394", "11")
    assert final_counters(earlier + LOG).received["traces"] == 35394
    assert final_counters(LOG + earlier).received["traces"] == 11


def test_what_was_refused_is_named():
    before, name, after = LOG.partition('"otelcol_receiver_refused_spans"')
    found = final_counters(before + name + after.replace('"Value": 0', '"Value": 17', 1))
    assert found.lost["traces"] == {"otelcol_receiver_refused_spans": 17}
    assert accounts(found, conversion()) == ["traces: the Collector lost 17 records (otelcol_receiver_refused_spans)"]


def test_what_is_not_in_the_files_is_named():
    found = final_counters(LOG)
    found.written["logs"] -= 2
    between, within, rejected = accounts(found, conversion(metrics=1))
    assert between.startswith("logs: the Collector received 6768 records") and "wrote 6766" in between
    assert within.startswith("logs: the Collector wrote 6766 records") and "6768" in within
    assert rejected.startswith("metrics: 1 record")


@pytest.mark.parametrize("log", ["", "2026-11-25T21:23:13Z\tinfo\tStarting\n", LOG[: len(LOG) // 2]])
def test_a_killed_collector_has_no_account(log):
    with pytest.raises(NoCounters, match="it was killed"):
        final_counters(log)
