"""Beat's health check: `python -m payment_worker.fresh` fails when the scheduler has not ticked lately."""

import os
import sys
import time
from pathlib import Path

MAX_AGE = 15.0


def main() -> int:
    """Look at the file's age; the environment is read here, for speed."""
    try:
        age = time.time() - Path(os.environ.get("STATE_DIR", "/tmp"), "beat-alive").stat().st_mtime
    except FileNotFoundError:
        return 1
    return int(age > MAX_AGE)


if __name__ == "__main__":
    sys.exit(main())
