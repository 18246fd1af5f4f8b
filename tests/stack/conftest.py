"""What the tests of the whole shop share: one real recording, made by the real command."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "stack"))

from making import RUNTIME, SETUP_SECONDS, last_words, make  # noqa: E402
from recording import DURATION, RATE, SEED, Recording  # noqa: E402

# A recording that is there already, a folder with `state` and `data`, in place of a new one: for work on these tests.
KEPT = os.environ.get("RECORDING")
RUN_SECONDS = 600


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.timeout(SETUP_SECONDS + RUN_SECONDS))


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recording]:
    """The shop of one seed, run, recorded, converted and measured."""
    folder = Path(KEPT) if KEPT else tmp_path_factory.mktemp("shop")
    made = Recording(folder / "state", folder / "data", RUNTIME)
    if KEPT:
        yield made
        return
    words = [f"STATE={made.state}", f"OUT={made.data}", f"SEED={SEED}", f"DURATION={DURATION}s", f"RATE={RATE}"]
    status, output = make("stack-setup", words, SETUP_SECONDS)
    if status:
        pytest.exit(f"the shop cannot be set up: {last_words(output)}", returncode=1)
    with made.watch:
        made.status, made.output = make("dataset", words, RUN_SECONDS)
    if not (made.data / "summary.json").exists():
        pytest.exit(f"the shop could not be recorded: {last_words(made.output)}", returncode=1)
    yield made
    shutil.rmtree(made.state / "volumes", ignore_errors=True)
