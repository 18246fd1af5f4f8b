"""The command as its user meets it: the real one, by subprocess, in an empty directory."""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import ocsfconv
import pytest
from conftest import COMMAND
from ocsfconv.progress import Progress
from ocsfconv.report import plain as harmless
from ocsfconv.units import human_bytes, human_seconds

Run = Callable[..., subprocess.CompletedProcess[str]]
BROKEN_LINE = '{"resourceLogs": [{"resource": \n'
SIGNALS = ("logs", "traces", "metrics")


@pytest.fixture
def damaged(plain: Path, tmp_path: Path) -> Path:
    """The plain capture with one broken line in the middle of a file."""
    copy = Path(shutil.copytree(plain, tmp_path / "damaged"))
    first = sorted(copy.glob("*.jsonl"))[0]
    first.write_text(BROKEN_LINE + first.read_text())
    return copy


def no_traceback(result: subprocess.CompletedProcess[str]) -> bool:
    return "Traceback" not in result.stderr and 'File "' not in result.stderr


# --- what it says of itself


def test_help_shows_examples_and_exit_codes(run: Run) -> None:
    result = run("--help")
    assert result.returncode == 0
    for word in ("examples:", "--signal logs|traces|metrics|all", "--strict", "logs/otel", "validate", "exit codes:"):
        assert word in result.stdout
    assert not result.stderr


def test_each_verb_has_help_of_its_own(run: Run) -> None:
    assert "usage: python -m ocsfconv validate" in run("validate", "--help").stdout
    assert run("convert", "--help").stdout == run("--help").stdout


def test_version_is_the_packages(run: Run) -> None:
    assert run("--version").stdout == f"ocsfconv {ocsfconv.__version__}\n"


def test_version_loads_no_library_that_only_some_verbs_need(tmp_path: Path) -> None:
    """That is what keeps it quick: how quick, the benchmark says."""
    code = (
        "import contextlib, sys; from ocsfconv.cli import main\n"
        "with contextlib.suppress(SystemExit): main(['--version'])\n"
        "print(*sorted(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    version, _, loaded = result.stdout.partition("\n")
    assert version == f"ocsfconv {ocsfconv.__version__}"
    theirs = {name.partition(".")[0] for name in loaded.split()} - sys.stdlib_module_names - {"sitecustomize"}
    assert {name for name in theirs if not name.startswith("_")} == {"ocsfconv"}


def test_the_console_script_is_the_same_command(run: Run) -> None:
    script = Path(sys.executable).with_name("ocsfconv")
    result = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert result.stdout == run("--version").stdout


def test_public_names() -> None:
    assert ocsfconv.__all__ == ["OcsfconvError", "Report", "__version__", "convert", "read"]
    assert all(hasattr(ocsfconv, name) for name in ocsfconv.__all__)


# --- what a user gets wrong


def test_without_a_path_and_without_logs_otel_it_says_what_to_give(run: Run) -> None:
    result = run()
    assert result.returncode == 2
    assert result.stderr == (
        "ocsfconv: error: no such directory: logs/otel; give a path to the Collector's files, "
        "e.g. python -m ocsfconv /var/lib/otelcol\n"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--frobnicate"], "unrecognized arguments: --frobnicate"),
        (["--sig", "logs"], "--sig"),
        (["--signal", "events"], "invalid choice: 'events'"),
        (["--threads", "0"], "'0' is not a whole number above 0"),
        (["--threads", "many"], "'many' is not a whole number above 0"),
        (["--out"], "expected one argument"),
        (["validate"], "give a path"),
    ],
)
def test_a_wrong_option_exits_2_with_usage(run: Run, arguments: list[str], words: str) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    assert result.stderr.startswith("usage: ")
    assert f"{words}" in result.stderr
    assert "ocsfconv: error: " in result.stderr
    assert not result.stdout


@pytest.mark.parametrize("verb", [[], ["convert"], ["validate"]])
def test_a_missing_path_is_named(run: Run, verb: list[str]) -> None:
    result = run(*verb, "nowhere/logs.jsonl")
    assert result.returncode == 2
    assert result.stderr.startswith("ocsfconv: error: ")
    assert "nowhere/logs.jsonl" in result.stderr
    assert result.stderr.count("\n") == 1
    assert no_traceback(result)


def test_what_follows_two_dashes_is_a_path(run: Run) -> None:
    for arguments in (["--", "--json"], ["--quiet", "--", "--json"], ["validate", "--", "--json"]):
        result = run(*arguments)
        assert result.returncode == 2
        assert re.match(r"ocsfconv: error: .*--json", result.stderr)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is always full")
def test_standard_output_that_cannot_be_written_is_an_error(
    plain: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    with open("/dev/full", "wb") as full:
        result = subprocess.run(
            [*COMMAND, plain], cwd=tmp_path, env=environment, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (result.returncode, result.stderr) == (2, b"ocsfconv: error: standard output: No space left on device\n")


def test_a_verb_after_options_is_explained(run: Run) -> None:
    result = run("--quiet", "validate", "logs")
    assert result.returncode == 2
    assert "the verb comes first: ocsfconv validate" in result.stderr


def test_a_path_named_like_a_verb_can_be_given(run: Run, plain: Path, tmp_path: Path) -> None:
    shutil.copytree(plain, tmp_path / "validate")
    assert run("./validate", "--quiet").returncode == 0
    assert run("convert", "validate", "--quiet").returncode == 0


def test_a_file_that_is_not_otlp_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello\n")
    result = run("notes.txt")
    assert result.returncode == 2
    assert "notes.txt" in result.stderr
    assert no_traceback(result)


def test_an_empty_directory_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = run("empty")
    assert result.returncode == 2
    assert "empty" in result.stderr
    assert no_traceback(result)


def test_an_output_that_is_a_file_is_refused(run: Run, plain: Path, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("mine")
    result = run(plain)
    assert result.returncode == 2
    assert "data" in result.stderr
    assert no_traceback(result)
    assert (tmp_path / "data").read_text() == "mine"


def test_a_file_that_may_not_be_read_is_named(plain: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    locked = tmp_path / "logs.jsonl"
    shutil.copy(plain / "logs.jsonl", locked)
    locked.chmod(0)
    # Root may read everything, unless it gives up just that.
    mortal = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    result = subprocess.run(
        [*mortal, *COMMAND, locked], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert result.stderr == f"ocsfconv: error: cannot read {locked}: Permission denied\n"


def test_output_that_nobody_reads_is_no_error(plain: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as broken:
        for arguments in (["--help"], [str(plain)], [str(plain), "--json"]):
            result = subprocess.run(
                [*COMMAND, *arguments],
                cwd=tmp_path,
                env=environment,
                stdout=broken,
                stderr=subprocess.PIPE,
                check=False,
            )
            assert (result.returncode, result.stderr) == (0, b"")


# --- what it does


def test_without_a_path_it_converts_logs_otel_into_data(run: Run, plain: Path, tmp_path: Path) -> None:
    shutil.copytree(plain, tmp_path / "logs" / "otel")
    result = run()
    assert result.returncode == 0, result.stderr
    assert {path.name for path in (tmp_path / "data").iterdir()} == {f"ocsf_{name}.parquet" for name in SIGNALS}


@pytest.mark.parametrize("name", SIGNALS)
def test_signal_converts_only_that_one(run: Run, plain: Path, tmp_path: Path, name: str) -> None:
    assert run(plain, "--signal", name, "--out", "only").returncode == 0
    assert [path.name for path in (tmp_path / "only").iterdir()] == [f"ocsf_{name}.parquet"]


def test_options_may_stand_between_paths(run: Run, plain: Path) -> None:
    first, *rest = sorted(plain.glob("*.jsonl"))
    report = json.loads(run(first, "--json", *rest).stdout)
    assert len(report["files"]) == 1 + len(rest)


def test_the_report_names_what_a_person_wants_to_know(run: Run, plain: Path) -> None:
    result = run(plain)
    assert result.returncode == 0
    header = next(line for line in result.stdout.splitlines() if line.startswith("signal"))
    assert header.split() == ["signal", "files", "input", "records", "events", "rejected", "MB/s", "output"]
    for name in SIGNALS:
        assert re.search(rf"^{name} +\d", result.stdout, re.MULTILINE)
        assert f"data/ocsf_{name}.parquet" in result.stdout
    assert "event class" in result.stdout
    assert "next:\n" in result.stdout
    assert "python -m ocsfconv validate" in result.stdout
    assert all(len(line) == len(line.rstrip()) for line in result.stdout.splitlines())


def test_the_suggested_query_runs(run: Run, plain: Path, tmp_path: Path) -> None:
    import duckdb

    query = re.search(r'duckdb -c "(.*)"', run(plain).stdout)
    assert query
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        with duckdb.connect() as connection:
            assert connection.sql(query[1]).fetchall()
    finally:
        os.chdir(here)


def adds_up(report: dict[str, Any]) -> None:
    for name, counts in report["signals"].items():
        assert counts["records_read"] == counts["records_written"] + counts["records_rejected"]
        assert counts["events"] == counts["records_written"] + counts["derived_events"]
        assert counts["events"] == sum(counts["classes"].values())
        for part in ("read", "written", "rejected"):
            assert counts[f"records_{part}"] == sum(
                file["records"].get(name, {part: 0})[part] for file in report["files"]
            )
    assert report["rejects"]["count"] == sum(counts["records_rejected"] for counts in report["signals"].values())
    assert report["input_bytes"] == sum(file["bytes"] for file in report["files"])


def test_json_is_all_of_standard_output_and_adds_up(run: Run, plain: Path) -> None:
    result = run(plain, "--json")
    assert result.returncode == 0
    report = json.loads(result.stdout)
    adds_up(report)
    assert report["exit_code"] == 0
    assert all(report["signals"][name]["records_read"] for name in SIGNALS)
    assert list(report) == [
        "version", "schema", "layout", "threads", "seconds", "input_bytes",
        "exit_code", "signals", "files", "skipped", "rejects", "empty_metrics",
    ]  # fmt: skip


def test_a_rejected_line_exits_1_and_is_shown_and_kept(run: Run, damaged: Path, tmp_path: Path) -> None:
    result = run(damaged)
    assert result.returncode == 1
    assert "rejected: 1 line; they are kept in data/rejects.jsonl" in result.stdout
    assert re.search(r"^  damaged/\S+\.jsonl:1: \S", result.stdout.replace(f"{tmp_path}/", ""), re.MULTILINE)
    rejects = [json.loads(line) for line in (tmp_path / "data" / "rejects.jsonl").read_text().splitlines()]
    assert len(rejects) == 1
    report = json.loads(run(damaged, "--json").stdout)
    adds_up(report)
    assert (report["exit_code"], report["rejects"]["count"]) == (1, 1)


def test_strict_writes_nothing_and_exits_1(run: Run, damaged: Path, tmp_path: Path) -> None:
    result = run(damaged, "--strict", "--out", "strict")
    assert result.returncode == 1
    assert re.match(r"ocsfconv: error: .*\.jsonl:1: ", result.stderr)
    assert no_traceback(result)
    assert not list(tmp_path.glob("strict/*"))


def test_strict_with_nothing_to_reject_changes_nothing(run: Run, plain: Path) -> None:
    assert run(plain, "--strict").returncode == 0


def test_quiet_is_silent_but_for_errors(run: Run, plain: Path, damaged: Path) -> None:
    result = run(plain, "--quiet")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    result = run(damaged, "--quiet")
    assert (result.returncode, result.stdout, result.stderr) == (1, "", "")
    result = run("nowhere", "--quiet")
    assert result.returncode == 2
    assert result.stderr
    assert json.loads(run(plain, "--quiet", "--json").stdout)


def test_standard_input(run: Run, plain: Path, tmp_path: Path) -> None:
    file = plain / "logs.jsonl"
    result = run("-", "--json", stdin=file.read_text())
    assert result.returncode == 0, result.stderr
    by_name = json.loads(run(file, "--json", "--out", "named").stdout)
    assert json.loads(result.stdout)["signals"]["logs"]["events"] == by_name["signals"]["logs"]["events"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes any bytes as a file name")
def test_names_that_are_not_utf8_and_names_that_a_terminal_would_obey(run: Run, plain: Path, tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/caf\xe9 \x1b[31m.jsonl"
    shutil.copy(os.fsencode(plain / "logs.jsonl"), odd)
    result = run(odd)
    assert result.returncode == 0, result.stderr
    assert "\x1b" not in result.stdout
    assert run(odd + b"x").returncode == 2


def test_an_unfinished_last_line_is_no_reject(run: Run, plain: Path, tmp_path: Path) -> None:
    text = (plain / "logs.jsonl").read_text()
    (tmp_path / "logs.jsonl").write_text(text + text[:100])
    result = run("logs.jsonl")
    assert result.returncode == 0
    assert "unfinished last line" in result.stdout
    assert "logs.jsonl:" in result.stdout


# --- Ctrl-C


def held(pipe: IO[bytes]) -> int:
    """Bytes that were written into a pipe and not read yet."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_ctrl_c_while_a_library_generates_code_has_its_exit_code(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "argparse.py").write_text('exec("import os, signal; os.kill(os.getpid(), signal.SIGINT)")')
    done = subprocess.run(
        [*COMMAND, "--version"], cwd=tmp_path, env=environment | {"PYTHONPATH": str(tmp_path)}, capture_output=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_it_and_leaves_nothing_half_written(
    plain: Path, tmp_path: Path, environment: dict[str, str], number: int, code: int
) -> None:
    old = tmp_path / "data" / "ocsf_logs.parquet"
    old.parent.mkdir()
    old.write_text("the old output")
    lines = (plain / "logs.jsonl").read_bytes()
    with subprocess.Popen(
        [*COMMAND, "-"],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(lines)
        process.stdin.flush()
        while held(process.stdin):  # until it has read all of it
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(number)
        assert process.wait(60) == code  # standard input stays open: left alone, it waits for more
        assert process.stderr.read() == b"ocsfconv: interrupted; nothing was written\n"
        assert process.stdout.read() == b""
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["ocsf_logs.parquet"]
    assert old.read_text() == "the old output"


# --- progress


def test_progress_is_drawn_on_a_terminal_and_wiped(plain: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "-"],
        cwd=tmp_path,
        env={**environment, "TERM": "xterm"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=follower,
    ) as process:
        assert process.stdin
        process.stdin.write((plain / "logs.jsonl").read_bytes())
        process.stdin.flush()
        time.sleep(1)
        process.communicate(timeout=60)
    os.close(follower)
    drawn = os.read(leader, 65536).decode()
    os.close(leader)
    assert "\r  converting  " in drawn
    assert "records" in drawn
    assert re.search(r"\r +\r$", drawn)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_progress_on_a_terminal_is_one_line_with_rate_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    clock, stream = Clock(), Terminal()
    progress = Progress(stream, clock=clock)
    for second in (1, 2):
        clock.now = 100.0 + second
        progress(206_000_000 * second, 1_900_000_000, 1000)
    assert stream.getvalue().split("\r")[-1] == "  converting  412 MB of 1.9 GB  21 %  206 MB/s  7 s left"
    progress.close()
    assert "\n" not in stream.getvalue()
    assert stream.getvalue().endswith(" \r")


def test_progress_elsewhere_is_a_plain_line_every_few_seconds() -> None:
    clock, stream = Clock(), io.StringIO()
    progress = Progress(stream, clock=clock)
    for tenth in range(1, 121):
        clock.now = 100.0 + tenth / 10
        progress(10_000_000 * tenth, 0, 5 * tenth)
    progress.close()
    assert stream.getvalue() == (
        "converting: 500 MB, 250 records, 100 MB/s\n"
        "converting: 1.0 GB, 500 records, 100 MB/s\n"
    )  # fmt: skip


def test_progress_that_cannot_be_shown_does_not_stop_the_conversion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    stream.write = lambda _text: (_ for _ in ()).throw(BrokenPipeError)  # type: ignore[method-assign]
    progress = Progress(stream, clock=Clock())
    progress(1, 2, 3)
    progress(1, 2, 3)
    progress.close()


# --- words


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (12345, "12.3 kB"), (99_960, "100 kB"), (999_960, "1.0 MB"),
     (412e6, "412 MB"), (1.9e9, "1.9 GB"), (2.5e15, "2,500.0 TB")],
)  # fmt: skip
def test_sizes(size: float, words: str) -> None:
    assert human_bytes(size) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0441, "44 ms"),
        (0.9999, "1.0 s"),
        (4.21, "4.2 s"),
        (59.96, "1 min 0 s"),
        (200, "3 min 20 s"),
        (3900, "1 h 5 min"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert human_seconds(seconds) == words


def test_text_from_outside_cannot_steer_the_terminal() -> None:
    assert harmless("a\x1b[2Jb\nc\udce9 é") == "a\\x1b[2Jb\\nc\\udce9 é"


# --- the same from Python


def test_convert_from_python_is_the_same_as_the_command(
    run: Run, plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    by_command = json.loads(run(plain, "--json", "--out", "a").stdout)
    calls: list[tuple[int, int, int]] = []
    report = ocsfconv.convert(plain, out=Path("b"), progress=lambda *now: calls.append(now))
    by_python = report.to_dict()
    for data in (by_command, by_python):
        data.pop("seconds")
        for counts in data["signals"].values():
            for output in counts["outputs"]:
                output["path"] = Path(output["path"]).name
    assert by_python == by_command
    assert report.exit_code == 0
    assert report.signals["logs"].records_read == by_command["signals"]["logs"]["records_read"]
    assert str(report).startswith("Converted ")
    for name in SIGNALS:
        assert (tmp_path / "a" / f"ocsf_{name}.parquet").read_bytes() == (
            tmp_path / "b" / f"ocsf_{name}.parquet"
        ).read_bytes()


def test_read_gives_the_rows_that_convert_writes(plain: Path, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    ocsfconv.convert(plain, out=tmp_path)
    tables = ocsfconv.read(plain)
    assert sorted(tables) == sorted(SIGNALS)
    for name, table in tables.items():
        here = pa.table(table)
        written = pq.read_table(tmp_path / f"ocsf_{name}.parquet")
        assert (here.num_rows, here.column_names) == (table.num_rows, table.column_names)
        assert here.equals(written.cast(here.schema))


def test_errors_from_python_are_the_builtin_ones(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        ocsfconv.convert(tmp_path / "nowhere", out=tmp_path / "out")
    with pytest.raises(ocsfconv.OcsfconvError, match="signal"):
        ocsfconv.convert(tmp_path, out=tmp_path / "out", signal="events")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="one by one"):
        ocsfconv.convert([tmp_path])  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        ocsfconv.convert(tmp_path, "out", "logs", 3)  # type: ignore[arg-type]


def test_an_exception_in_progress_stops_the_run(plain: Path, tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    def stop(*_now: int) -> None:
        raise Enough

    # The first call comes after a tenth of a second, so there must be that much to do.
    line = (plain / "logs.jsonl").read_bytes().splitlines(keepends=True)[0]
    big = tmp_path / "logs.jsonl"
    big.write_bytes(line * (300_000_000 // len(line)))
    with pytest.raises(Enough):
        ocsfconv.convert(big, out=tmp_path / "out", progress=stop)
    assert not list(tmp_path.glob("out/*"))
