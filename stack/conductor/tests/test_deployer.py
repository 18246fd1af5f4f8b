from __future__ import annotations

import json
import threading
from types import SimpleNamespace

import pytest
import yaml

from conductor.deployer import Release, Versions, prepare
from conductor.errors import ConductorError
from conductor.places import STACK
from conductor.releases import lay, switch, version_of
from load.plan import compile_plan

PATCHES = STACK / "releases"
LISTED = yaml.safe_load((PATCHES / "releases.yaml").read_text())


@pytest.fixture
def runtime(tmp_path):
    return SimpleNamespace(release_folder=lambda service: tmp_path / service)


def chain(service):
    """All releases of a service, in their order."""
    running = version_of(STACK / "services" / service)
    for number, entry in enumerate(LISTED[service]):
        yield Release(number, service, entry["version"], running, f"{service}/{entry['name']}.patch", "u1")
        running = entry["version"]


@pytest.mark.parametrize("service", LISTED)
def test_every_patch_applies_on_top_of_the_one_before(runtime, service):
    source, releases = STACK / "services" / service, list(chain(service))
    folder = runtime.release_folder(service)
    lay(source, folder)
    changed = prepare(releases, runtime, PATCHES)
    before = version_of(source)
    for release in releases:
        assert version_of(folder / release.version) == release.version != before
        old, new = folder / release.previous, folder / release.version
        files = [path.relative_to(new) for path in new.rglob("*") if path.is_file()]
        differing = [path for path in files if (new / path).read_bytes() != (old / path).read_bytes()]
        assert len(differing) == changed[release]["files"] >= 2
        assert changed[release]["lines"] >= 3
        before = release.version
    assert (folder / "current").resolve().name == version_of(source), "making releases rolls none out"


def test_every_patch_is_listed():
    named = {f"{service}/{entry['name']}.patch" for service, entries in LISTED.items() for entry in entries}
    assert {str(path.relative_to(PATCHES)) for path in PATCHES.glob("*/*.patch")} == named


def test_a_patch_that_does_not_fit_is_named(runtime, tmp_path):
    first, second = list(chain("web-api"))[:2]
    folder = runtime.release_folder("web-api")
    lay(STACK / "services" / "web-api", folder)
    bad = tmp_path / "patches" / "web-api" / "bad.patch"
    bad.parent.mkdir(parents=True)
    bad.write_text("--- a/web_api/app.py\n+++ b/web_api/app.py\n@@ -1,2 +1,2 @@\n-no such line\n+another\n context\n")
    release = Release(0, "web-api", second.version, first.previous, "web-api/bad.patch", "u1")
    with pytest.raises(ConductorError, match=r"bad\.patch does not fit web-api"):
        prepare([release], runtime, tmp_path / "patches")


@pytest.mark.parametrize("seed", range(5))
def test_plans_name_releases_that_exist(seed):
    running = {service: version_of(STACK / "services" / service) for service in LISTED}
    for release in compile_plan(seed, 600, 1)["releases"]:
        entries = {f"{release['service']}/{entry['name']}.patch": entry for entry in LISTED[release["service"]]}
        assert entries[release["patch"]]["version"] == release["to"]
        assert (PATCHES / release["patch"]).is_file()
        assert running[release["service"]] == release["from"]
        running[release["service"]] = release["to"]


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
