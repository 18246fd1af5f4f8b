"""`python -m conductor`."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    try:
        # Libraries take a moment to load, in which Ctrl-C is heard as well.
        from conductor.cli import main

        code = main()
    except KeyboardInterrupt:
        sys.stderr.write("conductor: interrupted; nothing is left running\n")
        code = 130
    sys.exit(code)
