"""What happens when processes start and end. Importing this module connects it to Celery's signals."""

import os
import time
from typing import Any

from celery import signals

from payment_worker.app import QUEUES
from payment_worker.events import event
from payment_worker.settings import settings
from payment_worker.telemetry import configure_console, telemetry

_started = time.monotonic()


def started(role: str, **about: Any) -> None:
    """Say that the service is there."""
    event(
        "service.started",
        "payment-worker %(service.version)s started as %(service.role)s",
        {"service.version": settings().version, "service.role": role, "process.pid": os.getpid(), **about},
    )


def stopped(role: str) -> None:
    """Say that the service ends; the last record of a process."""
    event(
        "service.stopped",
        "payment-worker %(service.version)s stopped as %(service.role)s after %(service.uptime_s)d s",
        {
            "service.version": settings().version,
            "service.role": role,
            "service.uptime_s": round(time.monotonic() - _started),
            "process.pid": os.getpid(),
        },
    )
    telemetry.stop()


@signals.setup_logging.connect(weak=False)
def _logging(**_: Any) -> None:
    configure_console()


@signals.worker_process_init.connect(weak=False)
def _process_started(**_: Any) -> None:
    telemetry.start(traces=True)
    event("worker.process.started", "worker process %(process.pid)d is ready", {"process.pid": os.getpid()})


@signals.worker_process_shutdown.connect(weak=False)
def _process_stopped(pid: int, exitcode: int | None, **_: Any) -> None:
    message = "worker process %(process.pid)d ends"
    event("worker.process.stopped", message, {"process.pid": pid, "process.exit.code": exitcode})
    telemetry.stop()


@signals.worker_ready.connect(weak=False)
def _worker_started(sender: Any, **_: Any) -> None:
    from payment_worker.admin import Admin

    pool = sender.controller.pool
    telemetry.start(traces=False)
    Admin(lambda: list(pool.info["processes"])).start()
    started("worker", **{"worker.queues": list(QUEUES), "worker.processes": pool.num_processes})


@signals.beat_init.connect(weak=False)
def _beat_started(**_: Any) -> None:
    telemetry.start(traces=True)
    started("beat")


@signals.task_prerun.connect(weak=False)
def _task_started(task: Any, **_: Any) -> None:
    task.request.started = time.perf_counter()


@signals.task_postrun.connect(weak=False)
def _task_ended(task: Any, state: str, **_: Any) -> None:
    from payment_worker.metrics import TASK_DURATION, TASKS

    TASKS.labels(task.name, state.lower()).inc()
    TASK_DURATION.labels(task.name).observe(time.perf_counter() - task.request.started)
