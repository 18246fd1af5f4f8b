"""Releases: makes new versions from patches before the run, rolls them out and back during it, and reports like a tool.

A version is a folder `run/releases/SERVICE/VERSION`; `current` is a link to the one that runs. Rolling out switches the
link and lets the service take over: a reload where it can, else a restart. The first span of the new version proves it.
"""

from __future__ import annotations

import re
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource

from conductor import patches
from conductor.ledger import Action, Ledger
from conductor.places import STACK
from conductor.releases import switch
from conductor.runtime import Runtime

PATCHES = STACK / "releases"
PROOF_SECONDS = 30.0
"""How long the first span of a new version may take."""
TAKE_OVER = {"web-api": ("reload", ("web-api",)), "payment-worker": ("restart", ("payment-worker", "payment-beat"))}
"""How a service takes over a release, and which processes run it; others are restarted."""


@dataclass(frozen=True)
class Release:
    """A new version of a service, as the plan has it; `at` is the second of the run."""

    at: float
    service: str
    version: str
    previous: str
    patch: str
    author: str


def planned(plan: dict[str, Any]) -> list[Release]:
    """Give all releases of a plan, those of its episodes among them, in the order in which each is made of another."""
    found = [(item["t"], item) for item in plan["releases"]]
    for episode in plan["episodes"]:
        actions = (action for action in episode["actions"] if action["mechanism"] == "release")
        found += [(episode["start"], action) for action in actions]
    return [release(item, at) for at, item in sorted(found, key=lambda one: one[0])]


def release(item: Mapping[str, Any], at: float = 0.0) -> Release:
    """Read a release, or an action `release`, as the plan has it."""
    return Release(at, item["service"], item["to"], item["from"], item["patch"], item["user"])


def prepare(releases: Iterable[Release], runtime: Runtime, folder: Path = PATCHES) -> None:
    """Make the folder of each release from that of the one before it.

    Raises:
        ConductorError: a patch does not fit the source.
    """
    for one in releases:
        versions = runtime.release_folder(one.service)
        target = versions / one.version
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(versions / one.previous, target, symlinks=True)
        patches.apply(folder / one.patch, target)
        (target / "VERSION").write_text(one.version + "\n")


def take_over(runtime: Runtime, service: str, version: str, restart: Callable[[str], None] | None = None) -> None:
    """Make a version the current one and let the service's processes take it over; `restart` stands in for starting."""
    how, processes = TAKE_OVER.get(service, ("restart", (service,)))
    switch(runtime.release_folder(service), version)
    if how == "reload":
        runtime.signal(service, signal.SIGHUP)
    else:
        for process in processes:
            (restart or runtime.restart)(process)


def command(service: str, version: str) -> str:
    """Say what `take_over` does as a person would type it."""
    how, processes = TAKE_OVER.get(service, ("restart", (service,)))
    return f"ln -sfn {version} current && {how} {' '.join(processes)}"


class Deployer:
    """Rolls releases out and tells the Collector of each."""

    def __init__(self, runtime: Runtime, ledger: Ledger) -> None:
        self._runtime, self._ledger = runtime, ledger
        self._otel = runtime.logs_folder / "otel"
        resource = Resource(
            {
                "service.name": "deployer",
                "service.namespace": "shop",
                "service.version": "2026.10",
                "service.instance.id": "deployer-01",
                "deployment.environment.name": "production",
                "host.name": "ops-01",
            }
        )
        self._provider = LoggerProvider(resource=resource, shutdown_on_exit=False)
        exporter = OTLPLogExporter(endpoint=f"{runtime.environment()['OTLP_ENDPOINT']}/v1/logs", timeout=5)
        self._provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
        self._logger = self._provider.get_logger("deployer.rollout")
        self._count = 0
        self._one_at_a_time = threading.Lock()  # episodes deploy beside the run

    def roll_out(self, one: Release, planned_ns: int) -> bool:
        """Roll a release out as ordinary operation does; false when its first span does not come."""
        action = Action(
            role="deployer",
            kind="deployment",
            target=one.service,
            planned_ns=planned_ns,
            command=command(one.service, one.version),
            undo=command(one.service, one.previous),
            params={"version": one.version, "previous": one.previous, "patch": one.patch},
        )
        with self._ledger.action(action):
            action.params["first_span_seen"] = proven = self.deploy(one)
        return proven

    def deploy(self, one: Release) -> bool:
        """Let a version take over, wait for its first span, report; false when that does not come."""
        with self._one_at_a_time:
            seen = Versions(self._otel)
            take_over(self._runtime, one.service, one.version)
            proven = seen.wait_for(one.service, one.version, PROOF_SECONDS)
            self._report(one, patches.size(PATCHES / one.patch), proven)
        return proven

    def _report(self, one: Release, changed: dict[str, int], succeeded: bool) -> None:
        self._count += 1
        status = "succeeded" if succeeded else "failed"
        attributes: dict[str, Any] = {
            "deployment.id": f"{one.service}-{one.version}-{self._count}",
            "deployment.name": f"{one.service} {one.version}",
            "deployment.status": status,
            "app.name": one.service,
            "app.version": one.version,
            "app.version.previous": one.previous,
            "user.id": one.author,
            "vcs.files_changed": changed["files"],
            "vcs.lines_changed": changed["lines"],
        }
        now = time.time_ns()
        self._logger.emit(
            LogRecord(
                timestamp=now,
                observed_timestamp=now,
                severity_number=SeverityNumber.INFO if succeeded else SeverityNumber.ERROR,
                severity_text="INFO" if succeeded else "ERROR",
                body=f"rollout of {one.service} {one.version} {status}",
                event_name="deployment.finished",
                attributes=attributes,
            )
        )

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


class Versions:
    """Looks for a version in what the Collector writes from now on."""

    def __init__(self, otel: Path) -> None:
        self._otel = otel
        self._from = {path.stat().st_ino: path.stat().st_size for path in self._files()}

    def _files(self) -> list[Path]:
        return sorted(self._otel.glob("traces*.jsonl"))

    def wait_for(self, service: str, version: str, seconds: float) -> bool:
        """Wait for a span whose resource has the service's name and the version."""
        resource = re.compile(
            rb'"resource":\{"attributes":\[(?=[^]]*"service\.name","value":\{"stringValue":"%s"\})'
            rb'(?=[^]]*"service\.version","value":\{"stringValue":"%s"\})'
            % (service.encode(), re.escape(version).encode())
        )
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for path in self._files():
                # Rotation renames the file, so that it is known by its inode.
                offset = self._from.get(path.stat().st_ino, 0)
                with path.open("rb") as file:
                    file.seek(offset)
                    data = file.read()
                whole = data[: data.rfind(b"\n") + 1]
                if resource.search(whole):
                    return True
                self._from[path.stat().st_ino] = offset + len(whole)
            time.sleep(0.25)
        return False
