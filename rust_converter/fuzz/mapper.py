"""Fuzz the fast mapper against the naive one, which was written from the documentation alone.

    python mapper.py SECONDS SEED   with `tests` in PYTHONPATH; `make fuzz` does that; seed 0 is another each time

Requests are generated from all of OTLP, or are a seed (`seeds/json`) with attributes of a generated one and texts that
are bent a little. Events must be equal in both vocabularies, and so must flat rows. What differs is shrunk, shown, kept
in `target/` and tried first the next time.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import naive
import ocsfconv
import pyarrow as pa
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase
from naive import flat
from ocsfconv import _core
from otlp_strategies import SIGNALS, collector_json, requests

HERE = Path(__file__).parent
HANG = timedelta(seconds=10)
MOST_MEMORY = 2**30
# Requests between two looks at the clock.
ROUND = 100

Json = dict[str, Any]

# Characters that one language takes for a letter's other case, for a digit or for white space, and another does not.
LIKE = dict(zip("sSkKiI0123456789", "ſſ\u212a\u212aıİ٠١٢٣٤٥٦٧٨٩", strict=True))
ODD = [*"\0\t\x0b\x1f \x85\u180e\u2003\ufeff", *"+-_.,:;/@%([]", "2", "０"]
TEXTS = ("stringValue", "severityText", "eventName", "name")

LISTS = {"logs": ("resourceLogs", "scopeLogs", "logRecords"), "traces": ("resourceSpans", "scopeSpans", "spans")}


def seeds(signal: str) -> list[Json]:
    """The committed requests of a signal that are valid: of a faulty record there is nothing to map."""
    found = [json.loads(path.read_bytes()) for path in sorted((HERE / "seeds" / "json").glob(f"{signal}_*.json"))]
    assert found, f"no seeds for {signal}"
    return found


def attributed(signal: str, request: Json) -> Iterator[Json]:
    """What has attributes in a request: its records, or where those are deeper, its resources."""
    if signal == "metrics":
        yield from (group.setdefault("resource", {}) for group in request.get("resourceMetrics", []))
        return
    outer, middle, inner = LISTS[signal]
    for group in request.get(outer, []):
        for scope in group.get(middle, []):
            yield from scope.get(inner, [])


def bent(text: str, at: int) -> list[str]:
    """The text, changed at a place in each of the ways in which it may be taken for another."""
    head, first, rest = text[:at], text[at : at + 1], text[at + 1 :]
    changed = [LIKE.get(first, ""), first.swapcase(), first * 2, *(first + odd for odd in ODD)]
    return [head, *(head + other + rest for other in changed)]


def with_texts(node: Any) -> Iterator[tuple[Json, str]]:
    """Objects with a text that a mapper may look at, and its name."""
    for name, held in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if name in TEXTS and isinstance(held, str):
            yield node, name
        yield from with_texts(held)


@st.composite
def spliced(draw: st.DrawFn, signal: str) -> Json:
    """A seed, of whose attributes some are left out, some are a generated request's, and some have bent texts."""
    request: Json = json.loads(json.dumps(draw(st.sampled_from(seeds(signal)))))
    other = json.loads(collector_json(draw(requests(signal))))
    strangers = [record.get("attributes", []) for record in attributed(signal, other)] or [[]]
    for record in attributed(signal, request):
        kept = [entry for entry in record.get("attributes", []) if draw(st.integers(0, 9))]
        record["attributes"] = draw(st.permutations(kept + draw(st.sampled_from(strangers))))
    for node, name in list(with_texts(request)):
        if not draw(st.integers(0, 9)):
            node[name] = draw(st.sampled_from(bent(node[name], draw(st.integers(0, len(node[name]))))))
    return request


def generated(signal: str) -> st.SearchStrategy[Json]:
    return spliced(signal) | requests(signal).map(lambda request: json.loads(collector_json(request)))


def text(events: list[Json]) -> list[str]:
    """Events in a form that tells 1 from 1.0 and one order of members from another."""
    return [json.dumps(event, indent=1, ensure_ascii=False) for event in events]


def same(request: Json, path: Path) -> None:
    """Raises where the two mappers differ."""
    path.write_text(json.dumps(request) + "\n")
    for mode in ("ext", "core"):
        blocks = _core.events([str(path)], signal="all", schema=mode)
        quick = [json.loads(line) for block in blocks for line in block.splitlines()]
        assert text(naive.events(request, mode)) == text(quick), mode
    tables = {signal: pa.table(table).to_pylist() for signal, table in ocsfconv.read(path).items()}
    slow: dict[str, list[Json]] = {signal: [] for signal in tables}
    for signal, row in flat.rows(request):
        slow[signal].append(row)
    # repr: it tells 1 from 1.0.
    assert repr(slow) == repr(tables), "flat rows"


def main(seconds: float, beginning: int) -> None:
    starts = random.Random(beginning or None)
    database = DirectoryBasedExampleDatabase(HERE / "target" / "found" / "mapper")
    until, tried, differs = time.monotonic() + seconds, 0, False
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "in.jsonl"
        while time.monotonic() < until:
            for signal in SIGNALS:
                start = starts.getrandbits(64)

                @seed(start)
                @settings(max_examples=ROUND, deadline=HANG, database=database, suppress_health_check=list(HealthCheck))
                @given(generated(signal))
                def check(request: Json) -> None:
                    nonlocal tried, differs
                    # What differs is shrunk, however long that takes.
                    if differs or time.monotonic() < until:
                        tried += 1
                        try:
                            same(request, path)
                        except Exception:
                            differs = True
                            raise

                check()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    assert peak < MOST_MEMORY, f"{peak >> 20} MiB"
    print(f"mapper: {tried} requests in {seconds:g} s, no difference, {peak >> 20} MiB at most")


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
