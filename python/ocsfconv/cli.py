"""The command line: `python -m ocsfconv PATH…` converts; `validate`, `label`, `evaluate` and `card` are verbs.

It parses, calls one verb, prints, and turns what a user can cause into one line and an exit code. It converts nothing.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager, suppress

from ocsfconv import OcsfconvError
from ocsfconv.arguments import WRONG_USE, add_choice, add_output, defaults, names, new_parser, parse, positive, write
from ocsfconv.conversion import DEFAULT_INPUT, convert
from ocsfconv.progress import Progress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType
    from typing import NoReturn

    from ocsfconv.leaks.report import LeakReport

CLEAN, FAULTS, FAILED, INTERRUPTED = 0, 1, WRONG_USE, 130
"""Exit codes: nothing to say; finished with rejected lines or faults; could not run; Ctrl-C."""

VERBS = ("convert", "validate", "label", "evaluate", "card")
SIGNALS = ("logs", "traces", "metrics", "all")
SCHEMAS = ("ext", "core")
LAYOUTS = ("flat", "nested", "both")

EXIT_CODES = """\
exit codes:
  0    clean
  1    finished, but {one}
  2    could not run
  130  interrupted (Ctrl-C)
"""

CONVERT_HELP = """\
examples:
  {prog}                                  logs/otel into data
  {prog} /var/lib/otelcol --out ocsf      any Collector's files, read recursively
  {prog} logs.jsonl old/traces.jsonl.gz   single files, compressed ones too
  {prog} logs/otel --layout nested        whole OCSF events, one file a class
  zcat old.jsonl.gz | {prog} -            standard input
  {prog} logs/otel --json | jq .rejects   the report for programs
  {prog} validate logs/otel               every event against the OCSF schema

A first argument that is a verb ({verbs}) is taken as one; write ./validate for a file of that name.

"""

VALIDATE_HELP = """\
examples:
  {prog} validate logs/otel               convert in memory and check every event
  {prog} validate data/ocsf               nested Parquet files
  {prog} validate events.jsonl --schema core --limit 1000

"""

LABEL_HELP = """\
examples:
  {prog} label                            logs and data, as make dataset leaves them
  {prog} label run/logs data --json       the impact table for programs
  {prog} label --footprint                measure the episodes, write nothing
  {prog} label data/reference             every case of a reference set (its truth lies beside its data)
  {prog} label logs data --control other  hold it against the data of a run without episodes

It writes ocsf_labels, episodes, windows and ocsf_eval_subset.parquet beside the data, all or none, and
changes nothing else. docs/labels.md says what each column means.

"""

EVALUATE_HELP = """\
examples:
  {prog} evaluate                                 data, as make dataset and label leave it
  {prog} evaluate data/reference                  all cases of a reference set, as one
  {prog} evaluate --detectors duration,iforest    only these
  {prog} evaluate --signal logs --json | jq .marks
  {prog} evaluate --scores mine.parquet           your detector, too: columns signal, row, score
  {prog} evaluate --scores mine.csv --detectors none   or event_uid, score; your detector alone
  {prog} evaluate --save-scores scores            what the built-in ones said, in the same form
  {prog} evaluate --leaks                         is there something that tells the labels by itself?
  {prog} evaluate --compare data other            do two runs differ more than one does within itself?

detectors: {detectors}
All figures are written to DATA/evaluation.json. docs/evaluation.md says what each means, and what is learnt from.

"""


CARD_HELP = """\
examples:
  {prog} card                             data, as make dataset leaves it
  {prog} card data --made-by "make dataset SEED=7"

It writes README.md, a data set card in Hugging Face's form, and croissant.json into the folder, from the files in it.

exit codes:
  0    written
  2    could not run
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        # A file name that the terminal's encoding cannot show is no reason to fail.
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    verb = arguments.pop(0) if arguments and arguments[0] in VERBS else "convert"
    try:
        return RUN[verb](arguments)
    except KeyboardInterrupt:
        return _say("interrupted", INTERRUPTED)
    except OcsfconvError as error:
        return _fail(str(error), getattr(error, "exit_code", FAILED))
    except OSError as error:
        return _fail(_os_reason(error))
    finally:
        _flush_stdout()


def _run_convert(arguments: list[str]) -> int:
    parser = new_parser(
        "",
        description="Convert OpenTelemetry Collector files (OTLP logs, traces, metrics) into OCSF Parquet files.",
        epilog=CONVERT_HELP.replace("{verbs}", ", ".join(VERBS)) + EXIT_CODES.replace("{one}", "lines were rejected"),
    )
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help=f"files or directories (read recursively), '-' for standard input; default: {DEFAULT_INPUT}",
    )
    parser.add_argument("--out", "-o", metavar="DIR", help="the directory to write into; default: %(default)s")
    add_choice(parser, "signal", SIGNALS, "convert only this one")
    add_choice(parser, "schema", SCHEMAS, "OCSF with the project's extension, or OCSF's own classes alone")
    add_choice(parser, "layout", LAYOUTS, "scalar columns for training, or whole events")
    parser.add_argument(
        "--threads",
        type=positive,
        metavar="N",
        help="worker threads; default: one a core, but 16 at most, with nested files 3",
    )
    parser.add_argument(
        "--strict", action="store_true", help="stop at the first rejected line, write nothing and exit with 1"
    )
    add_output(parser)
    parser.set_defaults(**defaults(convert))
    options = parse(parser, arguments)

    stop = _Stop()
    try:
        with _stoppable(stop), _progress(options.quiet) as progress:
            report = convert(
                *options.paths,
                out=options.out,
                signal=options.signal,
                schema=options.schema,
                layout=options.layout,
                threads=options.threads,
                strict=options.strict,
                progress=progress,
            )
    except KeyboardInterrupt:
        return _say("interrupted; nothing was written", stop.code)
    except FileNotFoundError as error:
        return _fail(_missing(options.paths, error))
    if options.json:
        _print_json(report.to_dict())
    elif not options.quiet:
        _print(str(report))
    return report.exit_code


def _run_validate(arguments: list[str]) -> int:
    from ocsfconv import validate

    parser = new_parser(
        " validate",
        description="Check every event against the OCSF schema: Collector files, nested Parquet or JSON Lines.",
        epilog=VALIDATE_HELP + EXIT_CODES.replace("{one}", "events have faults"),
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files or directories (read recursively)")
    add_choice(parser, "signal", SIGNALS, "check only this one")
    add_choice(parser, "schema", SCHEMAS, "what Collector files are converted into before the check")
    parser.add_argument("--limit", type=positive, metavar="N", help="check only the first N events; default: all")
    add_output(parser)
    parser.set_defaults(**defaults(validate.validate))
    options = parse(parser, arguments)
    if not options.paths:
        parser.error("give a path: Collector files, nested Parquet or JSON Lines")

    try:
        report = validate.validate(options.paths, schema=options.schema, signal=options.signal, limit=options.limit)
    except validate.CannotValidate as error:
        return _fail(str(error))
    if options.json:
        _print_json(report.to_dict())
    elif not options.quiet:
        _print(validate.render(report))
    return FAULTS if report.faults else CLEAN


def _run_label(arguments: list[str]) -> int:
    from ocsfconv import labels

    parser = new_parser(
        " label",
        description="Join what really happened in a run with the data that it left: labels, episodes, windows.",
        epilog=LABEL_HELP + EXIT_CODES.replace("{one}", "an episode was not executed, or its undo is not confirmed"),
    )
    parser.add_argument("paths", nargs="*", metavar="LOGS DATA", help="default: logs data; or a set of cases alone")
    parser.add_argument("--control", metavar="DIR", help="what is normal: the data of a run without episodes")
    parser.add_argument("--rows", type=positive, metavar="N", help="size of the labelled sample; default: %(default)s")
    parser.add_argument("--footprint", action="store_true", help="print the measured footprints alone; write nothing")
    add_output(parser)
    parser.set_defaults(**defaults(labels.label))
    options = parse(parser, arguments)
    if len(options.paths) > 2:
        parser.error("give LOGS and DATA, or a set of cases alone")
    stop = _Stop()
    try:
        with _stoppable(stop):
            reports = labels.label(
                *options.paths, control=options.control, rows=options.rows, footprint=options.footprint
            )
    except KeyboardInterrupt:
        return _say("interrupted; nothing was written", stop.code)
    if options.json:
        _print_json(labels.to_dict(reports))
    elif not options.quiet:
        _print("\n".join(labels.render(reports, footprint_only=options.footprint)))
    return FAULTS if any(report.faults for report in reports) else CLEAN


def _run_evaluate(arguments: list[str]) -> int:
    from pathlib import Path

    from ocsfconv import comparison, evaluate, leaks

    parser = new_parser(
        " evaluate",
        description="Let detectors try to find what went wrong, from a random number to supervised learning.",
        epilog=EVALUATE_HELP.replace("{detectors}", ", ".join(evaluate.NAMES))
        + EXIT_CODES.replace("{one}", "--leaks found one, or --compare a difference"),
    )
    parser.add_argument("paths", nargs="*", metavar="DATA", help="a labelled folder, or a set of cases; default: data")
    parser.add_argument(
        "--detectors", type=names(evaluate.NAMES), metavar="A,B", dest="names", help="only these; 'none' for none"
    )
    add_choice(parser, "signal", SIGNALS, "only this one")
    parser.add_argument(
        "--regimes",
        type=names(evaluate.REGIMES),
        metavar="A,B",
        help="what detectors learn from: natural, clean, 1%%, 5%% (anomalous); default: natural,clean",
    )
    parser.add_argument(
        "--scores", metavar="FILE", help="judge these, too: Parquet or CSV; signal, row, score or event_uid, score"
    )
    parser.add_argument(
        "--save-scores", metavar="DIR", help="write the detectors' scores of logs and spans, a file each"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="what chance depends on; default: %(default)s")
    parser.add_argument("--most", type=positive, metavar="N", help="records scored a level; default: %(default)s")
    parser.add_argument("--out", "-o", metavar="FILE", help=f"where the figures go; default: DATA/{evaluate.FILE}")
    parser.add_argument("--leaks", action="store_true", help="run the leak tests instead")
    parser.add_argument(
        "--compare", action="store_true", help="compare two folders instead: are they of the same shop?"
    )
    parser.add_argument("--truth", metavar="DIR", help="with --leaks: where harness.jsonl lies, if not beside DATA")
    add_output(parser)
    parser.set_defaults(**defaults(evaluate.evaluate))
    options = parse(parser, arguments)
    if options.compare and len(options.paths) != 2:
        parser.error("--compare takes two folders with data")
    if not options.compare and len(options.paths) > 1:
        parser.error("give one folder with data, or one set of cases")
    data = Path(options.paths[0] if options.paths else "data")
    if options.leaks or options.compare:
        found: comparison.Comparison | LeakReport
        if options.compare:
            found = comparison.compare(data, Path(options.paths[1]), seed=options.seed)
        else:
            found = leaks.run(data, truth=options.truth and Path(options.truth), seed=options.seed)
        if options.json:
            _print_json(found.to_dict())
        elif not options.quiet:
            _print(str(found))
        return found.exit_code
    with _progress(options.quiet) as progress:
        run = evaluate.evaluate(
            data,
            names=options.names,
            signal=options.signal,
            regimes=options.regimes,
            scores=options.scores,
            seed=options.seed,
            most=options.most,
            progress=progress.say,
        )
    out = Path(options.out or data / evaluate.FILE)
    evaluate.write(run, out)
    if options.save_scores:
        evaluate.save_scores(run, options.save_scores)
    if options.json:
        _print_json(evaluate.to_dict(run))
    elif not options.quiet:
        _print(f"{evaluate.render(run)}\nall figures: {out}")
    return CLEAN


def _run_card(arguments: list[str]) -> int:
    from ocsfconv import card

    parser = new_parser(
        " card", description="Describe a data set beside it, for people and for programs.", epilog=CARD_HELP
    )
    parser.add_argument("paths", nargs="*", metavar="DATA", help="a converted folder, labelled or not; default: data")
    parser.add_argument("--made-by", metavar="COMMAND", help="the command that makes the same again, to be told in it")
    parser.add_argument("--quiet", "-q", action="store_true", help="say nothing; errors still show")
    options = parse(parser, arguments)
    if len(options.paths) > 1:
        parser.error("give one folder with data")
    written = card.write(*options.paths, made_by=options.made_by)
    if not options.quiet:
        _print(f"written: {', '.join(map(str, written))}")
    return CLEAN


RUN: dict[str, Callable[[list[str]], int]] = {
    "convert": _run_convert,
    "validate": _run_validate,
    "label": _run_label,
    "evaluate": _run_evaluate,
    "card": _run_card,
}


@contextmanager
def _progress(quiet: bool) -> Iterator[Progress]:
    """Progress on standard error, cleared at the end, also before an error's message."""
    progress = Progress(None if quiet else sys.stderr)
    try:
        yield progress
    finally:
        progress.close()


class _Stop:
    """What stopped the run: the exit code that a shell expects for it."""

    code = INTERRUPTED


@contextmanager
def _stoppable(stop: _Stop) -> Iterator[None]:
    """Let SIGTERM and SIGHUP stop a run like Ctrl-C does, so that they leave nothing half-written either."""

    def interrupt(number: int, _frame: FrameType | None) -> NoReturn:
        stop.code = 128 + number
        raise KeyboardInterrupt

    before = {}
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # What is ignored stays ignored: `nohup` means it. Only the main thread may set handlers.
        with suppress(ValueError):
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _missing(paths: list[str], error: OSError) -> str:
    """The message for a path that does not exist, with what to do about it."""
    if not paths and not os.path.exists(DEFAULT_INPUT):
        return (
            f"no such directory: {DEFAULT_INPUT}; give a path to the Collector's files, "
            "e.g. python -m ocsfconv /var/lib/otelcol"
        )
    verbs = [path for path in paths if path in VERBS and not os.path.exists(path)]
    hint = f"; the verb comes first: ocsfconv {verbs[0]} …" if verbs else ""
    return _os_reason(error) + hint


def _os_reason(error: OSError) -> str:
    """The operating system's refusal as one line, without Python's "[Errno N]"."""
    if error.strerror and error.filename is not None:
        return f"{os.fsdecode(error.filename)}: {error.strerror}"
    return error.strerror or str(error) or type(error).__name__


def _fail(message: str, code: int = FAILED) -> int:
    return _say(f"error: {message}", code)


def _say(message: str, code: int) -> int:
    with suppress(OSError):
        write(sys.stderr, f"ocsfconv: {message}\n")
    return code


def _print(text: str) -> None:
    try:
        write(sys.stdout, text.rstrip("\n") + "\n")
    except OSError as error:
        raise OSError(error.errno, error.strerror, "standard output") from error


def _print_json(data: object) -> None:
    import json

    _print(json.dumps(data, indent=2))


def _flush_stdout() -> None:
    """Leave nothing for Python's exit to flush: it would complain when whoever read us (`| head`) has left."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
