"""What a release rests on: one version, workflows that call make and may do nothing else, locks that name no host."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import ocsfconv
import pytest
import yaml

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
DOCKERFILES = sorted(path for path in (ROOT / "stack").rglob("Dockerfile") if "node_modules" not in path.parts)
LOCKS = [*(ROOT / "python" / "requirements").glob("*.txt"), *(ROOT / "stack").glob("**/requirements.txt")]


def test_the_version_stands_in_one_place_and_the_changelog_begins_with_it() -> None:
    version = tomllib.loads((ROOT / "rust_converter" / "Cargo.toml").read_text())["package"]["version"]
    assert ocsfconv.__version__ == version
    (first, *_) = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert first == version
    for path in ("python/pyproject.toml", "flake.nix", "nix/package.nix"):
        assert f'"{version}"' not in (ROOT / path).read_text(), path


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_call_make_with_the_least_permissions(path: Path) -> None:
    workflow: dict[str, Any] = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert "permissions" not in job
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", step["uses"]), step
            else:
                assert re.fullmatch(r"make [a-z -]+( [A-Z_]+=\w+)*", step["run"]), step


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_locks_have_hashes_and_name_no_host(path: Path) -> None:
    text = path.read_text()
    packages = re.findall(r"^[A-Za-z0-9._-]+==[^\n]*\\\n    --hash=sha256:", text, re.MULTILINE)
    assert len(packages) == len(re.findall(r"^[A-Za-z0-9._-]+==", text, re.MULTILINE))
    assert "://" not in text


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_images_are_built_in_stages_and_nothing_is_installed_in_what_runs(path: Path) -> None:
    named = re.findall(r"^(\w+)=", (ROOT / "stack" / "images.env").read_text(), re.MULTILINE)
    build, *between, last = re.split(r"^FROM ", path.read_text(), flags=re.MULTILINE)[1:]
    for stage in (build, *between, last):
        assert re.match(r"\$\{(\w+)\}( AS \w+)?\n", stage)[1] in named  # type: ignore[index]
    assert not re.search(r"\b(pip|npm|apt-get|apk|gcc|cargo)\b", last)
    assert re.search(r"^USER \d+:\d+$", last, re.MULTILINE)


def test_the_profile_is_llvm_s_and_names_its_compiler() -> None:
    profile = ROOT / "release" / "profile"
    (counts,) = profile.glob("*.profdata")
    assert counts.read_bytes()[:8] == b"\xfflprofi\x81"
    assert re.match(r"rustc \d+\.\d+\.\d+ .*\n", (profile / "compiler").read_text())
