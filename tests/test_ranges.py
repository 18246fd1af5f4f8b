"""`read(path, start=, stop=)`: whatever the ranges, their union is the file, each record once."""

from __future__ import annotations

import gzip
import os
import tempfile
from itertools import pairwise
from pathlib import Path

import ocsfconv
import pyarrow as pa
import pytest
from conftest import DATA
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ocsfconv import OcsfconvError

OTEL = DATA / "otel"
SAMPLES = sorted(path for folder in OTEL.iterdir() if folder.is_dir() for path in folder.rglob("*") if path.is_file())
LOG = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"%d"}}]}]}]}'
FAULTY = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"soon"}]}]}]}'


PLAIN = [LOG % number for number in range(6)]
# Lines of every kind: what may stand between two records, and before the first and behind the last.
LINES = {
    "lines": b"\n".join(PLAIN) + b"\n",
    "no last line end": b"\n".join(PLAIN),
    "CRLF, a mark and blank lines": b"\xef\xbb\xbf" + b"\r\n \r\n\r\n".join(PLAIN) + b"\r\n",
    "a last line being written": b"\n".join(PLAIN) + b"\n" + PLAIN[0][:20],
    "requests between which the line end was lost": PLAIN[0] + PLAIN[1] + b"\n" + PLAIN[2] + PLAIN[3] + b"\n",
    "faulty records, whose events name their line": b"\n".join([PLAIN[0], FAULTY, b"", FAULTY, PLAIN[1], FAULTY]),
    "a line longer than a block": PLAIN[0].replace(b'"0"', b'"%s"' % (b"x" * 200_000)) + b"\n" + PLAIN[1] + b"\n",
}


def rows(path: Path, cuts: list[int], layout: str = "both") -> dict[str, list[dict[str, object]]]:
    """The rows of each table, range by range."""
    found: dict[str, list[dict[str, object]]] = {}
    for start, stop in pairwise([0, *sorted(cuts), None]):
        for name, table in ocsfconv.read(path, layout=layout, threads=1, start=start or 0, stop=stop).items():  # type: ignore[arg-type]
            found.setdefault(name, []).extend(pa.table(table).to_pylist())
    return dict(sorted(found.items()))


def check(path: Path, layout: str, examples: int, most: int = 4) -> None:
    whole = rows(path, [], layout)
    size = path.stat().st_size
    ends = [at for at, byte in enumerate(path.read_bytes()[:5000]) if byte == 0x0A]
    near = st.sampled_from(ends or [0]).flatmap(lambda at: st.integers(max(at - 1, 0), at + 2))

    @settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.integers(0, size + 9) | near, max_size=most))
    def the_union_is_the_whole(cuts: list[int]) -> None:
        # repr: NaN is itself there.
        assert repr(rows(path, cuts, layout)) == repr(whole)

    the_union_is_the_whole()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: str(path.relative_to(OTEL)))
def test_ranges_of_a_sample_hold_each_of_its_records_once(path: Path) -> None:
    check(path, "flat", 12)


@pytest.mark.parametrize("what", LINES)
def test_ranges_hold_each_line_once_whatever_stands_between_lines(what: str, tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(LINES[what])
    check(path, "both", 40)


def test_cuts_at_every_byte_give_each_line_once(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(b"\n\n" + LOG % 1 + b"\n" + LOG % 2 + b"\r\n\n" + LOG % 3)
    for cut in range(path.stat().st_size + 2):
        assert [row["message"] for row in rows(path, [cut], "flat")["logs"]] == ["1", "2", "3"], cut


def test_a_range_holds_the_lines_that_begin_in_it(tmp_path: Path) -> None:
    path = tmp_path / "in"
    first = LOG % 1 + b"\n"
    path.write_bytes(first + LOG % 2 + b"\n")
    for start, stop, wanted in [
        (0, 1, ["1"]),
        (1, len(first), []),
        (1, len(first) + 1, ["2"]),
        (len(first), None, ["2"]),
        (0, len(first), ["1"]),
        (0, 0, []),
        (len(first) + 1, None, []),
        (10**9, 10**12, []),
    ]:
        found = pa.table(ocsfconv.read(path, start=start, stop=stop)["logs"])["message"].to_pylist()
        assert found == wanted, (start, stop)


@pytest.mark.parametrize("path", [OTEL / "proto/telemetry.pb", OTEL / "zstd-json/telemetry.jsonl", None])
def test_what_cannot_be_cut_is_all_in_the_range_of_the_first_byte(path: Path | None, tmp_path: Path) -> None:
    if path is None:
        path = tmp_path / "in.gz"
        path.write_bytes(gzip.compress((OTEL / "plain/logs.jsonl").read_bytes()))
    whole = {name: table.num_rows for name, table in ocsfconv.read(path).items()}
    assert {name: table.num_rows for name, table in ocsfconv.read(path, stop=1).items()} == whole
    assert not any(table.num_rows for table in ocsfconv.read(path, start=1).values())


def test_a_line_that_cannot_be_read_is_told_by_its_number_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(LOG % 1 + b"\n\n" + b"{oops\n")
    with pytest.raises(OcsfconvError, match=r"in:3: not JSON"):
        ocsfconv.read(path, start=len(LOG))


def test_a_range_that_cannot_be_is_an_error(tmp_path: Path) -> None:
    for start, stop in [(-1, None), (5, 4), (0, -1)]:
        with pytest.raises(OcsfconvError, match="0 <= start <= stop"):
            ocsfconv.read(OTEL / "plain/logs.jsonl", start=start, stop=stop)
    with pytest.raises(OcsfconvError, match="regular file"):
        ocsfconv.read(OTEL / "plain", start=1)
    with pytest.raises(OcsfconvError, match="several paths"):
        ocsfconv.read(OTEL / "plain/logs.jsonl", OTEL / "plain/traces.jsonl", start=1)
    with pytest.raises(OcsfconvError, match="regular file"):
        ocsfconv.read("-", start=1)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with pytest.raises(OcsfconvError, match="regular file"):
        ocsfconv.read(fifo, stop=1)
    with pytest.raises(FileNotFoundError):
        ocsfconv.read(Path(tempfile.gettempdir()) / "nowhere" / "at all", start=1)
