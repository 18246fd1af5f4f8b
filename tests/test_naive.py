"""The fast mapper against a slow one that was written from the documentation alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import naive
import pytest
from ocsfconv import _core

HERE = Path(__file__).parent
GOLDEN = sorted((HERE / "golden").glob("*.json"))
SAMPLES = sorted(
    path for folder in ("plain", "stable-semconv", "grouped") for path in (HERE / "data/otel" / folder).rglob("*.jsonl")
)
# The naive mapper takes what is valid; of a faulty record there is nothing to map.
FAULTY = {"logs_translation_error"}
MODES = pytest.mark.parametrize("mode", ["ext", "core"])

Json = dict[str, Any]
Convert = Callable[[Json, str], list[Json]]


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Convert:
    """Convert a request with the fast mapper."""
    path = tmp_path_factory.mktemp("fast") / "in.jsonl"

    def convert(request: Json, mode: str) -> list[Json]:
        path.write_text(json.dumps(request) + "\n")
        blocks = _core.events([str(path)], signal="all", schema=mode)
        return [json.loads(line) for block in blocks for line in block.splitlines()]

    return convert


def text(events: list[Json]) -> list[str]:
    """Return events in a form that tells 1 from 1.0 and one order of members from another."""
    return [json.dumps(event, indent=1, ensure_ascii=False) for event in events]


@MODES
@pytest.mark.parametrize("path", [path for path in GOLDEN if path.stem not in FAULTY], ids=lambda path: path.stem)
def test_a_golden_request_gives_its_golden_events(path: Path, mode: str) -> None:
    golden = json.loads(path.read_text())
    assert text(naive.events(golden["request"], mode)) == text(golden[mode])


@MODES
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_a_collector_wrote_gives_the_same_events(path: Path, mode: str, fast: Convert) -> None:
    for line in path.read_text().splitlines():
        request = json.loads(line)
        slow, quick = text(naive.events(request, mode)), text(fast(request, mode))
        assert len(slow) == len(quick)
        for index, pair in enumerate(zip(slow, quick, strict=True)):
            assert pair[0] == pair[1], f"event {index}"
