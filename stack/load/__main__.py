"""Drive the shop: by the plan of PLAN, else by one of SEED, DURATION and RATE, and then the next, until stopped."""

import os
import sys
from pathlib import Path
from tempfile import gettempdir

from load.plan import compile_plan, dump, seconds

HERE = Path(__file__).resolve().parent


def main() -> None:
    if not os.environ.get("PLAN"):
        try:
            seed, rate = int(os.environ.get("SEED", "7")), float(os.environ.get("RATE", "60"))
            duration = seconds(os.environ.get("DURATION", "10m"))
        except ValueError as error:
            raise SystemExit(f"load: SEED, RATE or DURATION is no number: {error}") from None
        path = Path(gettempdir()) / f"plan-{os.getpid()}.json"
        path.write_text(dump(compile_plan(seed, duration, rate)), encoding="utf-8")
        os.environ.update(PLAN=str(path), ENDLESS="1")
    paths = [str(HERE.parent), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    os.execv(sys.executable, [sys.executable, "-m", "locust", "-f", str(HERE / "locustfile.py"), "--headless",
                              "--only-summary", "--loglevel", "WARNING"])  # fmt: skip


if __name__ == "__main__":
    main()
