"""Input that was made to break a converter: it ends in correct output with accounts, or in one clear sentence."""

from __future__ import annotations

import gzip
import json
import os
import resource
import shutil
import struct
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ocsfconv
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from conftest import COMMAND, DATA
from ocsfconv import OcsfconvError, _core

OTEL = DATA / "otel"
GIB = 2**30
Run = Callable[..., subprocess.CompletedProcess[str]]


def log(record: str) -> bytes:
    """A line of one log record, given as JSON text, since much of what is hostile is no Python value."""
    return b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[%s]}]}]}\n' % record.encode("utf-8", "surrogatepass")


GOOD = log('{"body":{"stringValue":"good"}}')


def frame(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


def accounts(tmp_path: Path, content: bytes) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The counts of the logs of a file with this content, which must add up, and its rejects."""
    path, out = tmp_path / "in", tmp_path / "data"
    path.write_bytes(content)
    report = ocsfconv.convert(path, out=out, layout="both").to_dict()
    rejects = out / "rejects.jsonl"
    lines = [json.loads(line) for line in rejects.read_text().splitlines()] if rejects.exists() else []
    assert report["rejects"]["count"] == len(lines)
    counts: dict[str, Any] = report["signals"]["logs"]
    assert counts["records_read"] == counts["records_written"] + counts["records_rejected"]
    nested = sum(pq.read_metadata(file).num_rows for file in (out / "ocsf").rglob("logs.parquet"))
    assert counts["events"] == nested == pq.read_metadata(out / "ocsf_logs.parquet").num_rows
    return counts, lines


# --- Requests --------------------------------------------------------------------------------------------------------

DEEP = 10_000
LISTS = '{"arrayValue":{"values":[' * DEEP + "{}" + "]}}" * DEEP
MAPS = '{"kvlistValue":{"values":[{"key":"a","value":' * DEEP + "{}" + "}]}}" * DEEP
# What is wrong with one record of its line: a translation error.
FAULTY = {
    "a body of lists nested 10,000 deep": ('{"body":' + LISTS + "}", "nests deeper"),
    "a body of maps nested 10,000 deep": ('{"body":' + MAPS + "}", "nests deeper"),
    "an attribute nested 10,000 deep": ('{"attributes":[{"key":"a","value":' + LISTS + "}]}", "nests deeper"),
    "a time beyond 64 bits": ('{"timeUnixNano":"18446744073709551616"}', "out of range"),
    "an integer beyond 64 bits": ('{"body":{"intValue":9223372036854775808}}', "out of range"),
    "an integer of a million digits": ('{"body":{"intValue":"' + "9" * 1_000_000 + '"}}', "out of range"),
    "an exponent that no number has": ('{"body":{"doubleValue":1e999999999}}', "not a number"),
    "half a surrogate pair as text": ('{"body":{"stringValue":"\\udc00"}}', "surrogate"),
    "half a surrogate pair as key": ('{"attributes":[{"key":"\\ud800x","value":{"intValue":1}}]}', "surrogate"),
    "half a surrogate pair in a name": ('{"\\ud800":1}', "surrogate"),
}


@pytest.mark.parametrize("what", FAULTY)
def test_a_hostile_record_is_a_translation_error_beside_its_good_neighbours(what: str, tmp_path: Path) -> None:
    record, cause = FAULTY[what]
    counts, rejects = accounts(tmp_path, GOOD + log(record) + GOOD)
    table = pq.read_table(tmp_path / "data" / "ocsf_logs.parquet").to_pydict()
    assert (counts["records_written"], rejects) == (3, [])
    if counts["translation_errors"] == 0:
        # A name that nobody knows is skipped, whatever it is.
        assert what == "half a surrogate pair in a name"
        return
    assert counts["translation_errors"] == 1
    assert cause in table["message"][1] and [table["message"][0], table["message"][2]] == ["good", "good"]


# What costs its line.
REJECTED = {
    "a surrogate in UTF-8": log('{"body":{"stringValue":"\ud800"}}'),
    "an overlong form in UTF-8": log('{"body":{"stringValue":"X"}}').replace(b"X", b"\xc0\xaf"),
    "a key that is not UTF-8": log('{"attributes":[{"key":"X"}]}').replace(b"X", b"\xff"),
    "lists that are never closed": b'{"resourceLogs":' + b"[" * 1_000_000 + b"\n",
    "NUL bytes": b'{"resourceLogs":[\x00\x00]}\n',
}


@pytest.mark.parametrize("what", REJECTED)
def test_a_hostile_line_is_rejected_and_costs_nothing_else(what: str, tmp_path: Path) -> None:
    counts, rejects = accounts(tmp_path, GOOD + REJECTED[what] + GOOD)
    assert counts["records_written"] == 2
    assert [reject["line"] for reject in rejects] == [2] and rejects[0]["reason"]


def test_unknown_fields_may_nest_10000_deep(tmp_path: Path) -> None:
    for nested in ("[" * DEEP + "]" * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP):
        assert accounts(tmp_path, log('{"new":' + nested + "}"))[0]["translation_errors"] == 0


def test_a_key_of_10_mb_is_a_key_like_any_other(tmp_path: Path) -> None:
    key = "k" * 10_000_000
    counts, rejects = accounts(tmp_path, log('{"attributes":[{"key":"' + key + '","value":{"intValue":"1"}}]}'))
    assert (counts["records_written"], rejects) == (1, [])
    table = pq.read_table(tmp_path / "data" / "ocsf" / "base_event" / "logs.parquet")
    assert key in json.dumps(table.to_pylist(), default=str)
    # A field of that name is unknown, and skipped.
    assert accounts(tmp_path, log('{"' + key + '":1}'))[0]["translation_errors"] == 0


@pytest.mark.parametrize(
    ("resource_key", "record_key", "column"),
    [("service.name", "other", "service"), ("other", "http.route", "http_route")],
)
def test_a_long_text_in_many_rows_overflows_no_column(
    resource_key: str, record_key: str, column: str, tmp_path: Path
) -> None:
    length, rows, most = 1 << 20, 80, 64 << 20
    text = {"stringValue": "s" * length}
    held, short = [{"key": resource_key, "value": text}], {"stringValue": "s"}
    record = {"attributes": [{"key": record_key, "value": text if record_key == "http.route" else short}]}
    groups = [{"resource": {"attributes": held}, "scopeLogs": [{"logRecords": [record] * rows}]}]
    (tmp_path / "in").write_text(json.dumps({"resourceLogs": groups}) + "\n")
    found = pa.table(ocsfconv.read(tmp_path / "in")["logs"])[column]
    assert (len(found), found.null_count) == (rows, 0)
    assert max(chunk.nbytes for chunk in found.chunks) <= most + 2 * length


def test_a_million_attributes_are_kept(tmp_path: Path) -> None:
    entries = ",".join(f'{{"key":"a{number}","value":{{"intValue":"1"}}}}' for number in range(1_000_000))
    (tmp_path / "in").write_bytes(log('{"attributes":[' + entries + "]}"))
    tables = ocsfconv.read(tmp_path / "in", layout="nested")
    (row,) = pa.table(tables["base_event/logs"]).to_pylist()
    assert json.loads(row["otel"]["attribute_map"]) == {f"a{number}": 1 for number in range(1_000_000)}


def test_of_an_object_s_key_that_stands_twice_the_last_counts_and_repeated_attributes_are_all_kept(
    tmp_path: Path,
) -> None:
    twice = '{"body":{"stringValue":"first"},"severityText":"a","body":{"stringValue":"last"}}'
    attributes = '{"attributes":[{"key":"a","value":{"intValue":1}},{"key":"a","value":{"intValue":2}}]}'
    (tmp_path / "in").write_bytes(log(twice) + log(attributes))
    first, second = (json.loads(line) for block in _events(tmp_path / "in") for line in block.splitlines())
    assert first["message"] == "last"
    assert second["otel"]["attribute_map"] == {"$kvlist": [["a", 1], ["a", 2]]}


def _events(path: Path) -> _core.Events:
    return _core.events([str(path)], signal="all", schema="ext")


# --- Bombs -----------------------------------------------------------------------------------------------------------


def peak_of(tmp_path: Path, path: Path) -> tuple[int, subprocess.CompletedProcess[bytes]]:
    """Bytes of memory that a conversion of the file took at most, and how it ended."""
    command = ["/bin/sh", "-c", 'ulimit -v 4000000; exec "$@"', "sh", *COMMAND, str(path), "--out", "data", "--json"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        out, errors = process.stdout.read(), process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss * 1024, subprocess.CompletedProcess(command, process.returncode, out, errors)


def packed(write: Callable[[Any], Any], start: bytes, fill: bytes, times: int) -> bytes:
    packer = write(None)
    block = fill * (1 << 20)
    return b"".join([packer.compress(start), *(packer.compress(block) for _ in range(times)), packer.flush()])


def gzipped(_: None) -> Any:
    import zlib

    return zlib.compressobj(1, zlib.DEFLATED, 31)


def zstandardized(_: None) -> Any:
    return zstandard.ZstdCompressor().compressobj()


PACKED = zstandard.compress(GOOD)
STARTED = GOOD + b'{"resourceLogs":[{"new":"'
# More than one request may have.
LARGE = 160
BOMBS: dict[str, Callable[[], bytes]] = {
    "gzip, one line": lambda: packed(gzipped, STARTED, b"x", LARGE) + gzip.compress(b"\n" + GOOD),
    "gzip, blank lines": lambda: packed(gzipped, GOOD, b"\n", 64) + gzip.compress(GOOD),
    "zstd, one line": lambda: packed(zstandardized, STARTED, b"x", LARGE) + zstandard.compress(b"\n" + GOOD),
    "zstd, blank lines": lambda: packed(zstandardized, GOOD, b"\n", 64) + PACKED,
    "a zstd frame": lambda: frame(PACKED) + frame(packed(zstandardized, STARTED, b"x", LARGE)) + frame(PACKED),
}


@pytest.mark.skipif(not Path("/proc").exists(), reason="counts memory as Linux does")
@pytest.mark.parametrize("what", BOMBS)
def test_a_bomb_is_passed_over_within_1_gb(what: str, tmp_path: Path) -> None:
    content = BOMBS[what]()
    assert len(content) < 1_000_000
    (tmp_path / "in").write_bytes(content)
    peak, done = peak_of(tmp_path, tmp_path / "in")
    assert peak < GIB and b"Traceback" not in done.stderr
    report = json.loads(done.stdout)
    assert report["signals"]["logs"]["records_written"] == 2
    bad = 0 if "blank" in what else 1
    assert (report["rejects"]["count"], done.returncode) == (bad, bad)


def test_a_zstd_window_that_no_memory_holds_is_refused(tmp_path: Path) -> None:
    # A frame header that asks for a window of 2 GiB.
    huge = b"\x28\xb5\x2f\xfd\x00\xa8" + b"\x01\x00\x00"
    (tmp_path / "in").write_bytes(huge)
    peak, done = peak_of(tmp_path, tmp_path / "in")
    assert peak < GIB and done.returncode == 1, done.stderr
    (reject,) = (tmp_path / "data" / "rejects.jsonl").read_text().splitlines()
    assert "memory" in json.loads(reject)["reason"]


# --- Everything truncated --------------------------------------------------------------------------------------------

SHORT = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"flags":%d}]}]}]}'
BODIES = [SHORT % 1, SHORT % 2]
PROTO = b"\x0a\x09\x12\x07\x12\x05\x45\x01\x00\x00\x00"  # the same, as protobuf
# A file, and where each of its requests is complete.
WHOLE = {
    "lines": (b"\n".join(BODIES) + b"\n", [len(BODIES[0]), len(BODIES[0]) + 1 + len(BODIES[1])]),
    "protobuf frames": (frame(PROTO) * 2, [len(frame(PROTO)), 2 * len(frame(PROTO))]),
    "zstd frames": (b"".join(frame(zstandard.compress(body)) for body in BODIES), None),
    "gzip": (gzip.compress(b"\n".join(BODIES) + b"\n", mtime=0), None),
    "zstd": (zstandard.compress(b"\n".join(BODIES) + b"\n"), None),
}  # fmt: skip


@pytest.mark.parametrize("what", WHOLE)
def test_a_file_cut_at_any_byte_gives_what_is_whole_and_rejects_nothing(what: str, tmp_path: Path) -> None:
    content, ends = WHOLE[what]
    path = tmp_path / "in"
    before = 0
    for cut in range(1, len(content) + 1):
        path.write_bytes(content[:cut])
        try:
            events = _events(path)
            found = sum(block.count(b"\n") for block in events)
        except OcsfconvError as error:
            # So little is left that it is not known what it was.
            assert "not OpenTelemetry data" in str(error) and before == 0, cut
            continue
        assert (events.rejected, found >= before) == (0, True), cut
        if ends is not None:
            assert found == sum(end <= cut for end in ends), cut
        before = found
    assert before == 2


# --- Files that change -----------------------------------------------------------------------------------------------


def while_it_waits(tmp_path: Path, change: Callable[[Path], object]) -> subprocess.CompletedProcess[str]:
    """Converts a FIFO and then a file, which is changed when it has been looked at and not yet been read."""
    fifo, last = tmp_path / "fifo", tmp_path / "last.jsonl"
    os.mkfifo(fifo)
    last.write_bytes(GOOD * 3)

    def feed() -> None:
        with fifo.open("wb") as source:  # opens when the converter reads it, which is after it has looked at all files
            change(last)
            source.write(GOOD)

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    done = subprocess.run(
        [*COMMAND, fifo, last, "--out", "data", "--json"],
        cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    feeder.join(60)
    return done


CHANGED: dict[str, tuple[Callable[[Path], object], int]] = {
    "grows": (lambda path: path.write_bytes(GOOD * 5), 5),
    "shrinks": (lambda path: os.truncate(path, len(GOOD) + 9), 1),
    "is emptied": (lambda path: os.truncate(path, 0), 0),
    "becomes compressed": (lambda path: path.write_bytes(gzip.compress(GOOD * 4)), 4),
}


@pytest.mark.parametrize("what", CHANGED)
def test_a_file_that_changes_before_it_is_read_is_read_as_it_then_is(what: str, tmp_path: Path) -> None:
    change, records = CHANGED[what]
    done = while_it_waits(tmp_path, change)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["signals"]["logs"]["records_written"] == 1 + records


def test_a_file_that_vanishes_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    done = while_it_waits(tmp_path, Path.unlink)
    assert done.returncode == 2
    assert done.stderr == f"ocsfconv: error: cannot read {tmp_path / 'last.jsonl'}: No such file or directory\n"
    assert not list(tmp_path.glob("data/*"))


# --- Names and places ------------------------------------------------------------------------------------------------


def refused(done: subprocess.CompletedProcess[str], *words: str) -> bool:
    """One sentence, with these words."""
    assert done.returncode == 2, done
    assert done.stderr.startswith("ocsfconv: error: ") and done.stderr.count("\n") == 1, done.stderr
    assert all(word in done.stderr for word in words), done.stderr
    return True


def test_links_that_lead_to_themselves_are_refused_and_passed_over(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.jsonl").symlink_to("b.jsonl")
    (folder / "b.jsonl").symlink_to("a.jsonl")
    (folder / "up").symlink_to("..")
    assert refused(run("in/a.jsonl"), "in/a.jsonl", "symbolic links")
    (folder / "c.jsonl").write_bytes(GOOD)
    assert json.loads(run("in", "--json").stdout)["signals"]["logs"]["records_written"] == 1


def test_a_fifo_is_read_when_it_is_named_and_passed_over_when_it_is_found(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    os.mkfifo(folder / "fifo")
    (folder / "a.jsonl").write_bytes(GOOD)
    report = json.loads(run("in", "--json").stdout)
    assert [Path(held["path"]).name for held in report["skipped"]] == ["fifo"]
    feeder = threading.Thread(target=lambda: (folder / "fifo").write_bytes(GOOD * 2), daemon=True)
    feeder.start()
    assert json.loads(run("in/fifo", "--json").stdout)["signals"]["logs"]["records_written"] == 2
    feeder.join(60)


@pytest.mark.parametrize("device", ["/dev/full", "/dev/zero", "/dev/null"])
def test_a_device_that_gives_no_telemetry_is_refused_or_empty(run: Run, device: str) -> None:
    if not os.path.exists(device):
        pytest.skip(f"there is no {device}")
    done = run(device, "--json")
    if device == "/dev/null":
        assert json.loads(done.stdout)["signals"]["logs"]["records_read"] == 0
    else:
        assert refused(done, device, "not OpenTelemetry data")


def mortal() -> list[str]:
    """Root may write anywhere, unless it gives up just that."""
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


@pytest.mark.parametrize("where", ["a folder", "its parent", "/proc"])
def test_an_output_that_may_not_be_written_is_named(where: str, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(GOOD)
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0o555)
    out = {"a folder": closed, "its parent": closed / "new", "/proc": Path("/proc/nothing")}[where]
    if where == "/proc" and not Path("/proc/self").exists():
        pytest.skip("there is no /proc")
    done = subprocess.run(
        [*mortal(), *COMMAND, tmp_path / "in", "--out", out], capture_output=True, encoding="utf-8", check=False
    )
    assert refused(done, "cannot ", str(out))


@pytest.mark.parametrize("name", ["ocsf_metrics.parquet", "rejects.jsonl", "ocsf/base_event/logs.parquet", "ocsf"])
def test_what_is_in_the_way_of_the_output_is_named_and_the_old_stays(name: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(GOOD + b"{oops\n")
    out = tmp_path / "data"
    ocsfconv.convert(OTEL / "plain", out=out, layout="both")
    if name == "ocsf":
        shutil.rmtree(out / name)
        (out / name).write_text("mine")
    else:
        (out / name).unlink(missing_ok=True)
        (out / name).mkdir(parents=True)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert refused(run("in", "--out", "data", "--layout", "both"), name)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_10000_rotated_files_are_read_in_time_order(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(10_000):
        stamp = f"2026-11-24T{number // 3600:02}-{number // 60 % 60:02}-{number % 60:02}.000"
        (folder / f"logs-{stamp}.jsonl").write_bytes(log(f'{{"body":{{"stringValue":"{number}"}}}}'))
    (folder / "logs.jsonl").write_bytes(GOOD)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        found = pa.table(ocsfconv.read(folder)["logs"])["message"].to_pylist()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert found == [*map(str, range(10_000)), "good"]


def test_names_that_are_not_utf8_are_read_reported_and_written(run: Run, tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/f\xff"
    os.mkdir(folder)
    with open(folder + b"/l\xfe.jsonl", "wb") as file:
        file.write(GOOD + b"{oops\n")
    done = run(folder, "--out", folder + b"/out\xfd", "--json")
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["signals"]["logs"]["records_written"] == 1 and report["rejects"]["count"] == 1
    assert sorted(os.listdir(folder + b"/out\xfd"))[-1] == b"rejects.jsonl"
    table = pa.table(ocsfconv.read(folder + b"/l\xfe.jsonl", stop=5)["logs"])  # type: ignore[arg-type]
    assert table.num_rows == 1
