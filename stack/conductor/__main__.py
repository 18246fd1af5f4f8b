"""`python -m conductor`."""

from __future__ import annotations

import contextlib
import os
import sys

if __name__ == "__main__":
    try:
        # Libraries take a moment to load, in which Ctrl-C is heard as well.
        from conductor.cli import main

        code = main()
    except KeyboardInterrupt:
        sys.stderr.write("conductor: interrupted; nothing is left running\n")
        code = 130
    if code > 128:
        # Where Ctrl-C met code that a library generates, `python -m` ends by SIGINT, whatever sys.exit says.
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                stream.flush()
        os._exit(code)
    sys.exit(code)
