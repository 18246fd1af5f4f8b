"""The files that labelling writes: each column's name, Arrow type, whether it may be null, and what it says.

docs/labels.md shows the same tables; a test compares the two.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ocsfconv.labels.errors import need


class Column(NamedTuple):
    """One column; `type` is an Arrow type's name, or a list of struct fields."""

    name: str
    type: str
    null: bool
    says: str
    unit: str = ""


FOOTPRINT = (
    Column("signal", "string", False, "logs, traces or metrics"),
    Column("measure", "string", False, "its name"),
    Column("target", "string", False, "service and filters, as text"),
    Column("required", "bool", False, "it decides whether the episode is verified"),
    Column("value", "double", True, "measured while the episode was in effect; null when it could not be"),
    Column("baseline", "double", True, "in unaffected time"),
    Column("low", "double", True, "the band's lower end, null when open"),
    Column("high", "double", True, "the band's upper end, null when open"),
    Column("inside", "bool", False, "the value lies in the band"),
)

FILES: dict[str, tuple[Column, ...]] = {
    "ocsf_labels": (
        Column("event_uid", "string", True, "the event's; null for points"),
        Column("signal", "string", False, "logs, traces or metrics"),
        Column("row", "int64", False, "position in ocsf_<signal>.parquet, from 0"),
        Column("label", "string", False, "normal, anomalous or gray"),
        Column("cause", "string", True, "how it belongs to the episode: actor or exposed"),
        Column("episode", "string", True, "id in the plan; of decoys, too"),
        Column("scenario", "string", True, "the episode's"),
        Column("phase", "string", True, "ramp, hold or recover"),
        Column("excess", "double", True, "how far it lies beyond what is normal for its kind"),
    ),
    "episodes": (
        Column("episode", "string", False, "id in the plan"),
        Column("scenario", "string", False, "its name"),
        Column("number", "int64", False, "in the catalogue"),
        Column("severity", "string", False, "subtle, medium or blatant"),
        Column("class", "string", False, "reliability or security"),
        Column("technique", "string", True, "of ATT&CK"),
        Column("decoy", "bool", False, "benign, and looks like the scenario"),
        Column("status", "string", False, "verified, no_impact or not_executed"),
        Column("reset_confirmed", "bool", False, "a probe found every action gone"),
        Column("root_service", "string", False, "where it began"),
        Column("root_resource", "string", False, "what was faulty there"),
        Column("services", "list<string>", False, "services that it reached, the root first"),
        Column("planned_start_ns", "int64", False, "the injection was to begin", "ns"),
        Column("planned_end_ns", "int64", False, "the undo was to begin", "ns"),
        Column("actual_start_ns", "int64", True, "the injection began", "ns"),
        Column("actual_hold_ns", "int64", True, "all of it was in effect", "ns"),
        Column("actual_end_ns", "int64", True, "the undo began", "ns"),
        Column("actual_over_ns", "int64", True, "the time of recovery ended", "ns"),
        Column(
            "effect_start_ns", "int64", True, "the primary measure left its normal band; null when it never did", "ns"
        ),
        Column("effect_end_ns", "int64", True, "it was back for good", "ns"),
        Column("footprint", "footprint", False, "each claim as measured"),
        Column("user_facing", "bool", True, "visitors were hurt"),
        Column("user_errors", "double", True, "share of requests answered 5xx meanwhile"),
        Column("user_errors_baseline", "double", True, "the same in unaffected time"),
        Column("user_p95_ms", "double", True, "95th percentile of the requests' durations meanwhile", "ms"),
        Column("user_p95_ms_baseline", "double", True, "the same in unaffected time", "ms"),
        Column("late_seconds", "double", False, "of the hold, in which the harness was late", "s"),
        Column("records", "int64", False, "rows of the three files that belong to it"),
        Column("positive_traces", "int64", False, "different traces among its anomalous rows"),
        Column("positive_spans", "int64", False, "anomalous rows of ocsf_traces"),
        Column("positive_logs", "int64", False, "anomalous rows of ocsf_logs"),
        Column("positive_points", "int64", False, "anomalous rows of ocsf_metrics"),
    ),
    "windows": (
        Column("window_start_ns", "int64", False, "a whole minute", "ns"),
        Column("service", "string", False, "the records' service"),
        Column("signal", "string", False, "logs, traces or metrics"),
        Column("records", "int64", False, "rows that begin in the window"),
        Column("label", "string", False, "anomalous with an anomalous row, else gray with a gray one, else normal"),
        Column("episode", "string", True, "the one with most rows, those of the window's label first"),
        Column("scenario", "string", True, "the episode's"),
        Column("share", "double", False, "of the rows that are anomalous"),
    ),
}

SUBSET = (
    Column("is_anomaly", "int64", False, "1 anomalous, 0 normal"),
    Column("anomaly_reason", "string", True, "cause, episode, severity, root and phase, as text"),
    Column("anomaly_type", "string", True, "the scenario"),
    Column("row", "int64", False, "position in ocsf_logs.parquet, from 0"),
)
"""What stands in ocsf_eval_subset.parquet after all columns of ocsf_logs.parquet."""


def arrow(columns: tuple[Column, ...]) -> Any:
    """The columns as an Arrow schema."""
    pa = need("pyarrow")
    types = {
        "string": pa.string(),
        "int64": pa.int64(),
        "double": pa.float64(),
        "bool": pa.bool_(),
        "list<string>": pa.list_(pa.string()),
    }
    if columns is not FOOTPRINT:
        types["footprint"] = pa.list_(pa.struct(list(arrow(FOOTPRINT))))
    return pa.schema([pa.field(column.name, types[column.type], column.null) for column in columns])
