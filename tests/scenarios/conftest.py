"""One recording a scenario, or one of all that are chosen: TOGETHER=1."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "stack"))

from chosen import chosen  # noqa: E402

TIMEOUT = 1800


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "scenario" in metafunc.fixturenames:
        metafunc.parametrize("scenario", chosen())
    if "several" in metafunc.fixturenames:
        several = [chosen()] if os.environ.get("TOGETHER") else [[name] for name in chosen()]
        metafunc.parametrize("several", several, ids=["+".join(names) for names in several])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.timeout(TIMEOUT))
