"""`python -m ocsfconv`."""

import os
import sys

try:
    from ocsfconv.cli import main

    code = main()
except KeyboardInterrupt:  # Ctrl-C while Python was still starting or already leaving
    code = 130
if code > 128:
    # Where Ctrl-C met code that a library generates, `python -m` ends by SIGINT, whatever sys.exit says.
    os._exit(code)
sys.exit(code)
