"""`python -m ocsfconv`."""

import sys

try:
    from ocsfconv.cli import main

    sys.exit(main())
except KeyboardInterrupt:  # Ctrl-C while Python was still starting or already leaving
    sys.exit(130)
