"""Watches the machine and the harness itself while the shop runs, so that a late harness is not taken for a slow shop.

One line a second in `harness.jsonl`: CPU steal and pressure of the host, the load generator's lag, the Collector's
queue, and every fifth second the memory of the stack (PSS: shared pages count once). What a system lacks is named in
the first line's `missing`.
"""

from __future__ import annotations

import json
import re
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

LATE_MS = 200.0
"""The load generator's lag from which a stretch counts as late."""
MEMORY_EVERY = 5.0
"""Seconds; an engine takes longer than a second to tell, so that it is asked beside the samples."""
PRESSURES = ("cpu", "memory", "io")
QUEUE = re.compile(r"^otelcol_exporter_queue_size\{[^}]*\} (\S+)$", re.MULTILINE)
LOST = re.compile(r"^otelcol_(?:exporter_send_failed|receiver_refused)_\w+\{[^}]*\} (\S+)$", re.MULTILINE)


class Harness:
    """Samples once a second in a thread of its own until it is stopped."""

    def __init__(self, path: Path, lag: Path, collector_metrics: str, memory: Callable[[], Mapping[str, int]]) -> None:
        self._path, self._lag, self._metrics, self._memory = path, lag, collector_metrics, memory
        self._stop = threading.Event()
        targets = {"harness": self._run, "harness memory": self._weigh}
        self._threads = [threading.Thread(target=run, name=name, daemon=True) for name, run in targets.items()]
        self._weighed: int | None = None
        self._cpu = cpu_times()
        self._lag_offset = 0
        self.peak_bytes = 0
        self.late_seconds = 0
        self.lost = 0
        """Records that the Collector refused or could not write, by its own metrics."""
        self.seconds = 0

    def __enter__(self) -> Harness:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(5)

    def _weigh(self) -> None:
        while not self._stop.is_set():
            self._weighed = sum(self._memory().values())
            self._stop.wait(MEMORY_EVERY)

    def _run(self) -> None:
        due = time.monotonic()
        with self._path.open("a", encoding="utf-8") as file:
            while not self._stop.wait(max(0.0, due - time.monotonic())):
                file.write(json.dumps(self._sample(time.monotonic() - due)) + "\n")
                file.flush()
                # A second that was missed stays missed: catching up would crowd the samples.
                due = max(due + 1, time.monotonic())

    def _sample(self, behind: float) -> dict[str, Any]:
        lags = self._lags()
        sample: dict[str, Any] = {
            "utc_ns": time.time_ns(),
            "behind_ms": round(behind * 1000, 1),
            "cpu": self._cpu_shares(),
            "pressure": {name: some_average(name) for name in PRESSURES},
            "lag_ms": max((lag["lag_ms"] for lag in lags), default=None),
            "live_sessions": sum(lag["live"] for lag in lags[-1:]) if lags else None,
            "collector_queue": self._queue(),
        }
        sample["late"] = max(sample["behind_ms"], sample["lag_ms"] or 0.0) > LATE_MS
        weighed, self._weighed = self._weighed, None
        if weighed is not None:
            sample["memory_bytes"] = weighed
            self.peak_bytes = max(self.peak_bytes, weighed)
        if self.seconds == 0:
            sample["missing"] = [name for name in ("cpu", "collector_queue") if sample[name] is None]
            sample["missing"] += [f"pressure.{name}" for name, value in sample["pressure"].items() if value is None]
        self.seconds += 1
        self.late_seconds += sample["late"]
        return sample

    def _cpu_shares(self) -> dict[str, float] | None:
        """Shares of the last second that the host was busy, and that another machine took (steal)."""
        before, self._cpu = self._cpu, cpu_times()
        if before is None or self._cpu is None:
            return None
        spent = [now - then for now, then in zip(self._cpu, before, strict=True)]
        total = sum(spent) or 1
        idle = spent[3] + spent[4]
        return {"busy": round(1 - idle / total, 3), "steal": round(spent[7] / total, 3)}

    def _lags(self) -> list[dict[str, Any]]:
        """What the load generator has written since the last sample."""
        try:
            with self._lag.open("rb") as file:
                file.seek(self._lag_offset)
                data = file.read()
        except FileNotFoundError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._lag_offset += len(whole)
        return [json.loads(line) for line in whole.splitlines()]

    def _queue(self) -> float | None:
        try:
            with urllib.request.urlopen(self._metrics, timeout=0.5) as answer:
                text = answer.read().decode()
        except OSError:
            return None
        self.lost = int(sum(map(float, LOST.findall(text))))
        return sum(map(float, QUEUE.findall(text)))


def cpu_times() -> list[int] | None:
    """The first eight numbers of the `cpu` line of /proc/stat, in ticks; the eighth is steal."""
    try:
        return [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    except OSError:
        return None


def some_average(name: str) -> float | None:
    """`some avg10` of the kernel's pressure file, in per cent."""
    try:
        found = re.search(r"some avg10=([\d.]+)", Path(f"/proc/pressure/{name}").read_text())
    except OSError:
        return None
    return float(found[1]) if found else None
