"""The command line's grammar: what every verb's parser has in common."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress

from ocsfconv import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, NoReturn, TextIO

WRONG_USE = 2
"""The exit code for arguments that cannot be understood."""


def write(stream: TextIO | None, text: str) -> None:
    """Write and flush, so that a failure is met here and not while Python exits; whoever has left reads nothing."""
    if stream is not None:
        with suppress(BrokenPipeError):
            stream.write(text)
            stream.flush()


class Parser(argparse.ArgumentParser):
    """A parser whose complaints begin like all others."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the arguments, and exit."""
        self.print_usage(sys.stderr)
        self.exit(WRONG_USE, f"ocsfconv: error: {message}; see --help\n")

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help or the version; that its reader has left (`| head`) is no error, which 3.11.2 does not know."""
        write(file or sys.stderr, message)


def new_parser(verb: str, *, description: str, epilog: str) -> argparse.ArgumentParser:
    """Return the parser of a verb (with a space before it); `{prog}` in `epilog` becomes the command's name."""
    # Started as a module, argv[0] is this package's __main__.py.
    prog = "python -m ocsfconv" if os.path.basename(sys.argv[0]) == "__main__.py" else "ocsfconv"
    parser = Parser(
        prog=prog + verb,
        description=description,
        epilog=epilog.replace("{prog}", prog),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"ocsfconv {__version__}")
    return parser


def add_choice(parser: argparse.ArgumentParser, name: str, choices: tuple[str, ...], what: str) -> None:
    """Add an option that takes one of a few words."""
    parser.add_argument(f"--{name}", choices=choices, metavar="|".join(choices), help=f"{what}; default: %(default)s")


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what is printed."""
    parser.add_argument("--json", action="store_true", help="print the report as JSON on standard output")
    parser.add_argument("--quiet", "-q", action="store_true", help="no progress, no closing report; errors still show")


def parse(parser: argparse.ArgumentParser, arguments: list[str]) -> argparse.Namespace:
    """Read options and paths in any order; all that follows `--` is paths, which Python 3.11's own parser loses."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options = parser.parse_intermixed_args(arguments[:end])
    options.paths = [*options.paths, *arguments[end + 1 :]]
    return options


def defaults(verb: Callable[..., object]) -> dict[str, Any]:
    """Return the defaults of a verb's options, which its function declares."""
    return verb.__kwdefaults__ or {}


def names(known: Sequence[str]) -> Callable[[str], list[str]]:
    """Return what reads names between commas; `none` alone is no name."""

    def read(text: str) -> list[str]:
        found = [] if text == "none" else [name.strip() for name in text.split(",")]
        for name in found:
            if name not in known:
                raise argparse.ArgumentTypeError(f"there is no {name!r}; there are {', '.join(known)}")
        return found

    return read


def positive(text: str) -> int:
    """Read a whole number above 0."""
    with suppress(ValueError):
        number = int(text)
        if number > 0:
            return number
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
