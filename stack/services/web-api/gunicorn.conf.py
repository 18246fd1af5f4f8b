"""How gunicorn runs the service: one worker with threads, replaced on HUP.

With `--chdir` naming the link `current` the new worker is of the release that the link names by then.
"""

import gc
import os
from typing import Any

import handover

bind = f"{os.environ.get('HOST', '0.0.0.0')}:{os.environ.get('PORT', '8000')}"
workers = 1
worker_class = handover.OverlappingWorker
threads = 10  # more would wait for the interpreter, not for answers: 24 had a p99 of 2 s where 10 have 0.4 s
worker_connections = 2000
keepalive = 15
timeout = 30
graceful_timeout = 20
accesslog = None
control_socket_disable = True
proc_name = "web-api"


def on_reload(server: Any) -> None:
    """A worker of the release that `current` names by now comes next."""
    handover.expect_successor(server)


def _stay_on_one_processor(age: int) -> None:
    """Threads of one interpreter run one at a time; spread over two processors they only fight for it.

    Eight busy clients get 450 answers/s from one processor, 195 from two. A successor takes the next one.
    """
    if hasattr(os, "sched_setaffinity"):
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {processors[age % len(processors)]})


def post_fork(server: Any, worker: Any) -> None:
    """A batch processor made before a fork would be dead in the worker, so everything is set up here."""
    _stay_on_one_processor(worker.age)
    from web_api import logs, telemetry

    logs.setup()
    telemetry.setup()


def _collect_seldom() -> None:
    """What is loaded by now stays, and a request's spans outlive the collector's young generations.

    By default garbage collection takes 5 % of a busy worker's time, like this 0.4 %.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


def post_worker_init(worker: Any) -> None:
    """The application is there and the worker is about to accept connections."""
    from web_api import lifecycle

    lifecycle.started()
    _collect_seldom()
    handover.announce(worker)


def worker_exit(server: Any, worker: Any) -> None:
    """Also called when the worker could not start."""
    from web_api import lifecycle, telemetry

    lifecycle.stopped(getattr(worker, "wsgi", None))
    telemetry.shutdown()
