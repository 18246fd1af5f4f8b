"""The package's bounds admit what the locked nixpkgs has: a build there refuses others, evaluating does not."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

ROOT = Path(__file__).parent.parent
NIXPKGS = {name: Version(version) for name, version in json.loads((ROOT / "nix" / "versions.json").read_text()).items()}
PYPROJECT = tomllib.loads((ROOT / "python" / "pyproject.toml").read_text())
CARGO = tomllib.loads((ROOT / "rust_converter" / "Cargo.toml").read_text())


def test_what_building_and_converting_needs_is_there_in_a_version_that_fits() -> None:
    needed = [Requirement(one) for one in PYPROJECT["build-system"]["requires"] + PYPROJECT["project"]["dependencies"]]
    assert [str(one) for one in needed if NIXPKGS[one.name] not in one.specifier] == []


def test_the_interpreter_and_the_compiler_are_new_enough() -> None:
    assert NIXPKGS["python"] in SpecifierSet(PYPROJECT["project"]["requires-python"])
    assert NIXPKGS["rustc"] >= Version(CARGO["package"]["rust-version"])


def test_extras_admit_what_is_known_of_nixpkgs() -> None:
    extras = PYPROJECT["project"]["optional-dependencies"].values()
    known = [one for extra in extras for one in map(Requirement, extra) if one.name in NIXPKGS]
    assert known
    assert [str(one) for one in known if NIXPKGS[one.name] not in one.specifier] == []


def test_no_dependency_of_the_crate_is_from_git() -> None:
    lock = tomllib.loads((ROOT / "rust_converter" / "Cargo.lock").read_text())
    assert [one["name"] for one in lock["package"] if one.get("source", "").startswith("git")] == []
