"""The first version's way, in a few lines: json.loads, one dict a record, pandas, pyarrow.

It flattens and writes; it does not map, validate, hash or account. The benchmark's yardstick, nothing else.

    python benchmarks/yardstick.py logs|traces|metrics FILE OUT
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

GROUPS = {
    "logs": ("resourceLogs", "scopeLogs", "logRecords"),
    "traces": ("resourceSpans", "scopeSpans", "spans"),
    "metrics": ("resourceMetrics", "scopeMetrics", "metrics"),
}


def plain(value: dict[str, Any]) -> Any:
    for kind, held in value.items():
        return int(held) if kind == "intValue" else json.dumps(held) if isinstance(held, dict) else held
    return None


def attributes(record: dict[str, Any]) -> dict[str, Any]:
    return {entry["key"]: plain(entry["value"]) for entry in record.get("attributes", [])}


def points(metric: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for kind in ("gauge", "sum", "histogram", "exponentialHistogram", "summary"):
        for point in metric.get(kind, {}).get("dataPoints", []):
            value = point.get("asDouble", point.get("asInt", point.get("sum")))
            yield {"metric_name": metric["name"], "metric_type": kind, "metric_value": float(value or 0), **point}


def rows(signal: str, path: str) -> Iterator[dict[str, Any]]:
    outer, middle, inner = GROUPS[signal]
    with open(path, encoding="utf-8") as file:
        for line in file:
            for group in json.loads(line)[outer]:
                resource = attributes(group.get("resource", {}))
                for scope in group[middle]:
                    for record in scope[inner]:
                        for item in points(record) if signal == "metrics" else (record,):
                            nanos = int(item.get("timeUnixNano") or item.get("startTimeUnixNano") or 0)
                            yield {
                                "time": nanos // 1_000_000,
                                "service": resource.get("service.name", "unknown"),
                                "host_name": resource.get("host.name"),
                                "name": item.get("name"),
                                "message": json.dumps(item.get("body")),
                                "trace_id": item.get("traceId"),
                                "span_id": item.get("spanId"),
                                "severity": item.get("severityText"),
                                "metric_name": item.get("metric_name"),
                                "metric_value": item.get("metric_value"),
                                "attributes": json.dumps(attributes(item)),
                            }


def main(signal: str, path: str, out: str) -> None:
    import pandas as pd

    frame = pd.DataFrame(list(rows(signal, path)))
    pq.write_table(pa.Table.from_pandas(frame), out, compression="zstd")


if __name__ == "__main__":
    main(*sys.argv[1:])
