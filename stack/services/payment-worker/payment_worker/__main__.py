"""Start: `python -m payment_worker worker` or `python -m payment_worker beat`."""

import os
import shutil
import sys

from payment_worker.settings import settings

WORKER = ["worker", "--pool=prefork", "--concurrency=2", "--queues=payments,default", "--loglevel=INFO"]
# One worker has nobody to talk to, and health is asked of its own port.
WORKER += ["--without-gossip", "--without-mingle", "--without-heartbeat", "--hostname=worker@payment-worker"]
BEAT = ["beat", "--loglevel=INFO"]


def main(role: str) -> None:
    """Run until SIGTERM; running tasks are finished, telemetry is sent."""
    config = settings()
    config.state_dir.mkdir(parents=True, exist_ok=True)
    if role == "worker":
        # Before prometheus_client is imported. Files of an earlier worker would be added to this one's.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(config.metrics_dir)
        shutil.rmtree(config.metrics_dir, ignore_errors=True)
        config.metrics_dir.mkdir()
    from payment_worker.app import app
    from payment_worker.lifecycle import stopped

    try:
        app.start(["--quiet", *(WORKER if role == "worker" else BEAT)])
    finally:
        stopped(role)


if __name__ == "__main__":
    if sys.argv[1:] not in (["worker"], ["beat"]):
        sys.exit("usage: python -m payment_worker worker|beat")
    main(sys.argv[1])
