"""What is shipped: the sdist holds all that a build needs, and a wheel built from it works."""

from __future__ import annotations

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
MATURIN = Path(sys.executable).with_name("maturin")


def maturin(*arguments: str | Path, cwd: Path) -> None:
    # The dependencies that the tree has compiled serve here, too: only the crate itself is compiled anew.
    environment = {**os.environ, "CARGO_TARGET_DIR": str(ROOT / "rust_converter" / "target")}
    done = subprocess.run(
        [MATURIN, *arguments], cwd=cwd, env=environment, capture_output=True, encoding="utf-8", timeout=280, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("cargo") is None, reason="no cargo on PATH: pip builds with its own")
def test_the_sdist_builds_a_wheel_that_converts(plain: Path, tmp_path: Path) -> None:
    maturin("sdist", "--out", tmp_path, cwd=ROOT / "python")
    (sdist,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    source = tmp_path / sdist.name.removesuffix(".tar.gz")
    assert "MIT License" in (source / "LICENSE").read_text()
    assert "make test" in (source / "README.md").read_text()
    maturin("build", "--profile", "dev-wheel", "--out", tmp_path / "wheels", cwd=source)
    (wheel,) = (tmp_path / "wheels").glob("*.whl")
    assert f"{ocsfconv.__version__}-cp311-abi3" in wheel.name
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    command = "import ocsfconv, sys; print(ocsfconv.__file__, ocsfconv.convert(sys.argv[1], out=sys.argv[2]).exit_code)"
    done = subprocess.run(
        [sys.executable, "-c", command, plain, tmp_path / "data"],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout == f"{tmp_path / 'installed' / 'ocsfconv' / '__init__.py'} 0\n"
    assert (tmp_path / "data" / "ocsf_logs.parquet").exists()
