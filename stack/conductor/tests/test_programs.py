from __future__ import annotations

import hashlib
import re
import subprocess

import pytest

from conductor import launch, programs, steps
from conductor.errors import ConductorError
from conductor.places import cache


def script(folder, name, text):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def ask_anew():
    programs.ask_version.cache_clear()


def test_a_program_on_path_is_taken_when_it_is_new_enough(tmp_path, monkeypatch):
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, version in ((old, "0.144.9"), (new, "0.146.1")):
        folder.mkdir()
        script(folder, "otelcol-contrib", f"echo otelcol-contrib version {version}")
    monkeypatch.setenv("PATH", str(old))
    assert programs.on_path(programs.WANTED["collector"]) is None
    monkeypatch.setenv("PATH", f"{old}:{new}")
    assert programs.find("collector") == programs.Program(new / "otelcol-contrib", "0.146.1", "PATH")


def test_a_wheel_is_named_with_its_hashes():
    for wanted in programs.WANTED.values():
        if wanted.wheel:
            assert programs._locked(wanted.wheel).count("--hash=sha256:") >= 1


def test_the_collector_is_kept_by_its_manifest(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    before = programs.collector_folder()
    assert before.parent == cache() / "collector"
    manifest = tmp_path / "builder.yaml"
    manifest.write_text(programs.MANIFEST.read_text() + "# changed\n")
    monkeypatch.setattr(programs, "MANIFEST", manifest)
    assert programs.collector_folder() != before


def test_the_collector_that_was_built_here_is_the_one_that_was_built_elsewhere():
    collector, go = programs.built_collector(), programs.find("go")
    if collector is None or go is None:
        pytest.skip("nothing was built here: the Collector, or Go itself, is not here")
    built = collector.path.read_bytes()
    if re.search(rb"Go\x00\x00[\w/-]{20}", built[:8192]):
        pytest.skip(f"{collector.path} was built by an earlier recipe, which left a build id in it")
    said = subprocess.check_output([go.path, "version", "-m", collector.path], text=True)
    built_by, system, machine = (re.search(rf"{name}(\S+)", said)[1] for name in (": ", "GOOS=", "GOARCH="))
    sums = (programs.MANIFEST.parent / "SHA256SUMS").read_text().splitlines()
    recorded = {key: found for found, key in (line.split("  ") for line in sums if not line.startswith("#"))}
    key = f"{built_by} {system}/{machine}"
    if key not in recorded:
        pytest.skip(f"no checksum is recorded for {key}")
    assert hashlib.sha256(built).hexdigest() == recorded[key]


def test_a_missing_program_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(ConductorError, match="otelcol-contrib was found: `make stack-setup`"):
        programs.need("collector")


def test_set_up_without_a_network_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(steps, "MADE", tmp_path)
    npm = script(tmp_path, "npm", "echo 'npm error code ENOTFOUND' >&2; exit 1")
    with pytest.raises(ConductorError, match="Node packages: no package registry could be reached") as caught:
        steps.execute("Node packages", [npm])
    assert caught.value.code == 2


def test_a_step_that_fails_ends_the_others(tmp_path, monkeypatch):
    monkeypatch.setattr(steps, "MADE", tmp_path)
    fails, waits = script(tmp_path, "fails", "exit 3"), script(tmp_path, "waits", "exec sleep 60")
    with pytest.raises(ConductorError, match="one: exit status 3"):
        steps.side_by_side({"one": lambda: steps.execute("one", [fails]), "two": lambda: steps.execute("two", [waits])})


def test_paths_of_this_machine_are_a_pattern_that_the_collector_can_read(tmp_path):
    import re

    pattern = launch.source_paths(tmp_path / "my (old) run+")
    assert "\\" not in pattern and '"' not in pattern
    trace = f'File "{tmp_path}/my (old) run+/releases/web-api/1.4.2/web_api/app.py", line 3'
    assert re.sub(pattern, "/srv/app", trace) == 'File "/srv/app/1.4.2/web_api/app.py", line 3'
