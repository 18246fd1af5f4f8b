"""kill -9 at random moments: every file is the old one or the new one, byte by byte, and the next run cleans up."""

from __future__ import annotations

import os
import random
import subprocess
import time
from pathlib import Path

import ocsfconv
from conftest import COMMAND, DATA

OTEL = DATA / "otel"
# More by `make test-kill`.
KILLS = int(os.environ.get("KILLS", "12"))
SEED = 7


def written(folder: Path) -> dict[str, bytes]:
    """Each file under its final name."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def test_a_killed_run_leaves_whole_files_old_or_new(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for path in (OTEL / "plain").iterdir():
        (source / path.name).write_bytes(path.read_bytes() * 8)
    out = tmp_path / "data"
    command = [*COMMAND, source, "--out", out, "--layout", "both", "--quiet"]
    ocsfconv.convert(source, out=out, layout="both")
    new = written(out)
    ocsfconv.convert(OTEL / "plain", out=out, layout="both")
    old = written(out)
    assert old.keys() == new.keys() and not any(old[name] == new[name] for name in old)
    started = time.monotonic()
    subprocess.run(command, check=True, timeout=60)
    whole = time.monotonic() - started
    chance = random.Random(SEED)
    ends = {"old": 0, "new": 0, "both": 0}
    for kill in range(KILLS):
        ocsfconv.convert(OTEL / "plain", out=out, layout="both")
        assert not [path for path in out.rglob(".*") if path.is_file()], "a run cleans up after a killed one"
        process = subprocess.Popen(command)
        moment = chance.uniform(0.2, 1.1) * whole
        time.sleep(moment)
        process.kill()
        process.wait(timeout=30)
        found = written(out)
        assert found.keys() == old.keys(), f"kill {kill} of seed {SEED}, {moment:.3f} s"
        news = sum(content == new[name] for name, content in found.items())
        olds = sum(content == old[name] for name, content in found.items())
        assert news + olds == len(old), f"kill {kill} of seed {SEED}, {moment:.3f} s"
        ends["old" if not news else "new" if not olds else "both"] += 1
    print(ends)
    assert ends["old"], "no run was killed in time"
