"""What is shipped: the sdist holds all that a build needs, and a wheel built from it works."""

from __future__ import annotations

import email
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import ocsfconv
import pytest

ROOT = Path(__file__).parent.parent
pytestmark = [
    pytest.mark.skipif(shutil.which("cargo") is None, reason="no cargo on PATH: pip builds with its own"),
    pytest.mark.timeout(900),  # it compiles
]
ANOTHER_TIME = 1_600_000_000
MATURIN = Path(sys.executable).with_name("maturin")


def maturin(*arguments: str | Path, cwd: Path) -> None:
    # The dependencies that the tree has compiled serve here, too: only the crate itself is compiled anew.
    target = os.environ.get("CARGO_TARGET_DIR") or str(ROOT / "rust_converter" / "target")
    done = subprocess.run(
        [MATURIN, *arguments],
        cwd=cwd,
        env={**os.environ, "CARGO_TARGET_DIR": target},
        capture_output=True,
        encoding="utf-8",
        timeout=800,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the sdist holds, unpacked; its files look as if they had been written at another time."""
    folder = tmp_path_factory.mktemp("sdist")
    maturin("sdist", "--out", folder, cwd=ROOT / "python")
    (sdist,) = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        if hasattr(tarfile, "data_filter"):  # not before 3.11.4
            archive.extraction_filter = tarfile.data_filter
        archive.extractall(folder)
    found = folder / sdist.name.removesuffix(".tar.gz")
    for path in found.rglob("*"):
        os.utime(path, (ANOTHER_TIME, ANOTHER_TIME))
    return found


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel that was built from the sdist."""
    folder = tmp_path_factory.mktemp("wheel")
    maturin("build", "--profile", "dev-wheel", "--out", folder, cwd=source)
    (found,) = folder.glob("*.whl")
    return found


def test_the_sdist_holds_the_licence_and_the_readme(source: Path) -> None:
    assert "MIT License" in (source / "LICENSE").read_text()
    assert "make test" in (source / "README.md").read_text()


def test_a_wheel_from_the_sdist_converts_and_describes(wheel: Path, plain: Path, tmp_path: Path) -> None:
    assert f"{ocsfconv.__version__}-cp311-abi3" in wheel.name
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    command = "import ocsfconv, sys; print(ocsfconv.__file__, ocsfconv.convert(sys.argv[1], out=sys.argv[2]).exit_code)"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    done = subprocess.run(
        [sys.executable, "-c", command, plain, tmp_path / "data"],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout == f"{tmp_path / 'installed' / 'ocsfconv' / '__init__.py'} 0\n"
    assert (tmp_path / "data" / "ocsf_logs.parquet").exists()
    command = "from ocsfconv.card.columns import documented; print(len(documented()['ocsf_logs']))"
    done = subprocess.run(
        [sys.executable, "-c", command], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "72\n"


def test_the_wheel_needs_nothing_and_carries_its_types(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        told = email.message_from_bytes(archive.read(metadata))
    assert {"ocsfconv/py.typed", "ocsfconv/_core.pyi"} <= set(names)
    needed = told.get_all("Requires-Dist") or []
    assert [one for one in needed if "extra ==" not in one] == []
    assert set(told.get_all("Provides-Extra") or []) == {"validate", "label", "evaluate"}
    assert told["License-Expression"] == "MIT"
    assert "# OCSF Training Data Generator" in told.get_payload()


def test_two_builds_in_different_folders_at_different_times_give_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    """The dependencies are compiled once for both; `make reproduce` compiles all of them twice."""
    maturin("build", "--profile", "dev-wheel", "--out", tmp_path, cwd=ROOT / "python")
    (other,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(other) as two:
        assert [(each.filename, each.CRC, each.date_time) for each in one.infolist()] == [
            (each.filename, each.CRC, each.date_time) for each in two.infolist()
        ]
    assert wheel.read_bytes() == other.read_bytes()
