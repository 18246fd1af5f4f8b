"""Releases: makes new versions from patches before the run, rolls them out during it, and reports like a delivery tool.

A version is a folder `run/releases/SERVICE/VERSION`; `current` is a link to the one that runs. Rolling out switches the
link and lets the service take over: a reload where it can, else a restart. The first span of the new version proves it.
"""

from __future__ import annotations

import re
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import patch_ng
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource

from conductor.errors import ConductorError
from conductor.ledger import Action, Ledger
from conductor.releases import switch
from conductor.runtime import Runtime

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


def prepare(releases: list[Release], runtime: Runtime, patches: Path) -> dict[Release, dict[str, int]]:
    """Make the folder of each release from the one before it; give what each changes, for the report.

    Raises:
        ConductorError: a patch does not fit the source.
    """
    changes = {}
    for release in releases:
        folder = runtime.release_folder(release.service)
        target = folder / release.version
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(folder / release.previous, target, symlinks=True)
        path = patches / release.patch
        found = patch_ng.fromfile(str(path))
        if not found or not found.apply(strip=1, root=str(target)):
            raise ConductorError(f"{path} does not fit {release.service} {release.previous}; make the patch anew")
        (target / "VERSION").write_text(release.version + "\n")
        lines = sum(line[:1] in (b"+", b"-") for item in found.items for hunk in item.hunks for line in hunk.text)
        changes[release] = {"files": len(found.items) + 1, "lines": lines + 2}
    return changes


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

    def roll_out(self, release: Release, changed: dict[str, int], planned_ns: int) -> bool:
        """Roll a release out and wait for its first span; false when that does not come."""
        how, processes = TAKE_OVER.get(release.service, ("restart", (release.service,)))
        action = Action(
            role="deployer",
            kind="deployment",
            target=release.service,
            planned_ns=planned_ns,
            command=f"ln -sfn {release.version} current && {how} {' '.join(processes)}",
            undo=f"ln -sfn {release.previous} current && {how} {' '.join(processes)}",
            params={"version": release.version, "previous": release.previous, "patch": release.patch},
        )
        with self._ledger.action(action):
            seen = Versions(self._otel)
            switch(self._runtime.release_folder(release.service), release.version)
            if how == "reload":
                self._runtime.signal(release.service, signal.SIGHUP)
            else:
                for process in processes:
                    self._runtime.restart(process)
            proven = seen.wait_for(release.service, release.version, PROOF_SECONDS)
            action.params["first_span_seen"] = proven
            self._report(release, changed, proven)
        return proven

    def _report(self, release: Release, changed: dict[str, int], succeeded: bool) -> None:
        self._count += 1
        status = "succeeded" if succeeded else "failed"
        attributes: dict[str, Any] = {
            "deployment.id": f"{release.service}-{release.version}-{self._count}",
            "deployment.name": f"{release.service} {release.version}",
            "deployment.status": status,
            "app.name": release.service,
            "app.version": release.version,
            "app.version.previous": release.previous,
            "user.id": release.author,
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
                body=f"rollout of {release.service} {release.version} {status}",
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
