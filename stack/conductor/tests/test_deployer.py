from __future__ import annotations

import json
import random
import threading
from itertools import combinations, count
from types import SimpleNamespace

import pytest

from conductor import patches
from conductor.deployer import PATCHES, Release, Versions, planned, prepare
from conductor.errors import ConductorError
from conductor.places import STACK
from conductor.releases import lay, switch, version_of
from load.chain import listed
from load.plan import compile_plan

LISTED = listed()
CHANGES = {service: [*roles["harmless"], *roles["harmful"]] for service, roles in LISTED.items()}


@pytest.fixture
def runtime(tmp_path):
    return SimpleNamespace(release_folder=lambda service: tmp_path / service)


def chain(service, changes):
    """Releases with these changes, one upon the other."""
    versions = (f"9.0.{number}" for number in count())
    running = version_of(STACK / "services" / service)
    for number, change in enumerate(changes):
        version = next(versions)
        yield Release(number, service, version, running, f"{service}/{change}.patch", "u1")
        running = version


@pytest.mark.parametrize("service", LISTED)
def test_a_release_changes_what_its_report_says(runtime, service):
    folder = runtime.release_folder(service)
    lay(STACK / "services" / service, folder)
    releases = list(chain(service, LISTED[service]["harmless"]))
    prepare(releases, runtime)
    for release in releases:
        assert version_of(folder / release.version) == release.version
        old, new = folder / release.previous, folder / release.version
        files = [path.relative_to(new) for path in new.rglob("*") if path.is_file()]
        differing = [path for path in files if (new / path).read_bytes() != (old / path).read_bytes()]
        size = patches.size(PATCHES / release.patch)
        assert len(differing) == size["files"] >= 2
        assert size["lines"] >= 3
    assert (folder / "current").resolve().name == version_of(STACK / "services" / service), "none is rolled out yet"


class Source:
    """Applies changes to a copy of those of a service's files that any change touches."""

    def __init__(self, tmp_path, service):
        self.folder, self.service, self.tries = tmp_path, service, count()
        self.files = {
            line.split("/", 1)[1]
            for path in (PATCHES / service).glob("*.patch")
            for line in path.read_text().splitlines()
            if line.startswith("--- a/")
        }

    def with_changes(self, *changes):
        root = self.folder / f"{next(self.tries)}" / self.service
        for file in self.files:
            target = root / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((STACK / "services" / self.service / file).read_bytes())
        for change in changes:
            patches.apply(PATCHES / self.service / f"{change}.patch", root)
        return {file: (root / file).read_bytes() for file in self.files}


@pytest.mark.parametrize("service", LISTED)
def test_changes_go_on_top_of_any_others_in_any_order(tmp_path, service):
    source = Source(tmp_path, service)
    harmless, harmful = (list(LISTED[service][role]) for role in ("harmless", "harmful"))
    for one, other in combinations(CHANGES[service], 2):
        if {one, other} <= set(harmful):
            continue  # one is rolled back before another comes
        assert source.with_changes(one, other) == source.with_changes(other, one), (one, other)
    shuffled = random.Random(1)
    for bad in harmful:
        order = shuffled.sample(harmless, len(harmless))
        at = shuffled.randrange(len(order) + 1)
        assert source.with_changes(*order[:at], bad, *order[at:])


def test_every_patch_is_listed_once():
    named = [f"{service}/{change}.patch" for service, changes in CHANGES.items() for change in changes]
    assert len(named) == len(set(named))
    assert {str(path.relative_to(PATCHES)) for path in PATCHES.glob("*/*.patch")} == set(named)


@pytest.mark.parametrize("service", LISTED)
def test_the_size_of_a_change_does_not_tell_what_it_does(service):
    sizes = {
        role: {tuple(patches.size(PATCHES / service / f"{change}.patch").values()) for change in changes}
        for role, changes in LISTED[service].items()
    }
    assert sizes["harmful"] <= sizes["harmless"]


def test_a_patch_that_does_not_fit_is_named(runtime, tmp_path):
    lay(STACK / "services" / "web-api", runtime.release_folder("web-api"))
    bad = tmp_path / "patches" / "web-api" / "bad.patch"
    bad.parent.mkdir(parents=True)
    bad.write_text("--- a/web_api/app.py\n+++ b/web_api/app.py\n@@ -1,2 +1,2 @@\n-no such line\n+another\n context\n")
    release = Release(0, "web-api", "9.0.0", version_of(STACK / "services" / "web-api"), "web-api/bad.patch", "u1")
    with pytest.raises(ConductorError, match=r"bad\.patch does not fit web-api"):
        prepare([release], runtime, tmp_path / "patches")


@pytest.mark.parametrize("seed", range(4))
def test_a_planned_release_is_made_of_what_runs_then(seed):
    running = {service: version_of(STACK / "services" / service) for service in LISTED}
    found = planned(compile_plan(seed, 600, 1))
    assert found
    for release in found:
        assert (PATCHES / release.patch).is_file()
        assert running[release.service] == release.previous
        running[release.service] = release.version


def test_current_is_switched_at_once(tmp_path):
    for version in ("1.0.0", "1.1.0"):
        (tmp_path / version).mkdir()
        assert switch(tmp_path, version).resolve() == tmp_path / version
    assert not (tmp_path / ".current").is_symlink()


def spans(*attributes):
    pairs = [{"key": key, "value": {"stringValue": value}} for key, value in attributes]
    resource = {"resource": {"attributes": pairs}, "scopeSpans": []}
    return json.dumps({"resourceSpans": [resource]}, separators=(",", ":")) + "\n"


NEW = (("service.name", "web-api"), ("service.version", "1.4.3"))


@pytest.fixture
def traces(tmp_path):
    path = tmp_path / "traces.jsonl"
    path.write_text(spans(*NEW))
    return path


def test_a_version_counts_from_now_on(traces):
    seen = Versions(traces.parent)
    assert not seen.wait_for("web-api", "1.4.3", 0.1)
    with traces.open("a") as file:
        file.write(spans(*reversed(NEW)))
    assert seen.wait_for("web-api", "1.4.3", 0.1)


@pytest.mark.parametrize(
    "others",
    [
        (("service.name", "web-api"), ("service.version", "1.4.30")),
        (("service.name", "web-api"), ("service.version", "1x4x3")),
        (("service.name", "web-api2"), ("service.version", "1.4.3")),
        (("peer.name", "web-api"), ("service.version", "1.4.3")),
    ],
)
def test_others_do_not_count(traces, others):
    seen = Versions(traces.parent)
    with traces.open("a") as file:
        file.write(spans(*others))
    assert not seen.wait_for("web-api", "1.4.3", 0.1)


def test_two_resources_of_a_line_are_not_mixed_up(traces):
    seen = Versions(traces.parent)
    mixed = (
        spans(("service.name", "web-api"), ("service.version", "1.4.2"))[:-3]
        + ","
        + spans(("service.name", "auth-service"), ("service.version", "1.4.3")).removeprefix('{"resourceSpans":[')
    )
    assert len(json.loads(mixed)["resourceSpans"]) == 2
    with traces.open("a") as file:
        file.write(mixed)
    assert not seen.wait_for("web-api", "1.4.3", 0.1)


def test_a_line_that_is_being_written_is_awaited(traces):
    seen = Versions(traces.parent)
    text = spans(*NEW)
    with traces.open("a") as file:
        file.write(text[:50])
        file.flush()
        assert not seen.wait_for("web-api", "1.4.3", 0.1)

        def finish():
            file.write(text[50:])
            file.flush()

        timer = threading.Timer(0.2, finish)
        timer.start()
        assert seen.wait_for("web-api", "1.4.3", 5)
        timer.join()


def test_rotation_loses_nothing(traces):
    seen = Versions(traces.parent)
    assert not seen.wait_for("web-api", "1.4.3", 0.1)
    traces.rename(traces.with_name("traces-2026-11-24T03-42-57.223.jsonl"))
    traces.write_text(spans(("service.name", "web-api"), ("service.version", "1.4.2")))
    assert not seen.wait_for("web-api", "1.4.3", 0.1)
    with traces.open("a") as file:
        file.write(spans(*NEW))
    assert seen.wait_for("web-api", "1.4.3", 0.1)
