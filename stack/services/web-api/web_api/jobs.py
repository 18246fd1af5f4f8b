"""What web-api asks payment-worker to do. The tasks run there; here are only their names and arguments.

They are registered, not sent by bare name: the instrumentation ends a producer's span only for a task it can look up.
"""

import logging
from typing import Any

from celery import Celery, Task  # type: ignore[import-untyped]
from celery.signals import before_task_publish  # type: ignore[import-untyped]
from kombu.exceptions import OperationalError

from .errors import Refusal
from .logs import event
from .metrics import JOBS
from .telemetry import end_producer, traced

log = logging.getLogger(__name__)

celery = Celery("web_api", set_as_current=True)
celery.conf.update(
    task_ignore_result=True,
    task_default_queue="default",
    task_routes={"payments.*": {"queue": "payments"}},
    task_serializer="json",
    accept_content=["json"],
    broker_pool_limit=8,
    broker_connection_timeout=1,
    broker_transport_options={"socket_timeout": 2, "socket_connect_timeout": 1},
    task_publish_retry_policy={"max_retries": 2, "interval_start": 0.1, "interval_step": 0.2, "interval_max": 0.5},
)


@before_task_publish.connect  # type: ignore[untyped-decorator]
def name_origin(headers: dict[str, Any], **_: object) -> None:
    """Say which service sent it; Celery would name the machine, and the worker's spans repeat it."""
    headers["origin"] = "web-api"


@celery.task(name="payments.charge")  # type: ignore[untyped-decorator]
def charge(order_id: int) -> None:
    """Charge an order."""


@celery.task(name="payments.refund")  # type: ignore[untyped-decorator]
def refund(order_id: int) -> None:
    """Give the money of a cancelled order back."""


@celery.task(name="catalog.reindex")  # type: ignore[untyped-decorator]
def reindex(sku: str) -> None:
    """Recompute a product's popularity and rating."""


@celery.task(name="recommendations.update")  # type: ignore[untyped-decorator]
def update_recommendations(user_id: str, sku: str) -> None:
    """Learn from a product that somebody looked at."""


@celery.task(name="exports.build")  # type: ignore[untyped-decorator]
def build_export(export_id: int) -> None:
    """Build an export."""


@traced("jobs.enqueue")
def enqueue(task: Task, *arguments: Any) -> str:
    """Hand a job to the queue."""
    try:
        job = task.apply_async(args=arguments)
    except OperationalError as error:
        end_producer(error)
        event(
            log,
            "job.enqueue.failed",
            "job %s not enqueued: %s",
            task.name,
            type(error).__name__,
            level=logging.ERROR,
            attributes={"job.name": task.name, "error.type": type(error).__name__},
        )
        raise Refusal(503, "queue_unavailable") from error
    JOBS.labels(task.name).inc()
    event(
        log,
        "job.enqueued",
        "enqueued %s as %s",
        task.name,
        job.id,
        attributes={"job.name": task.name, "job.id": job.id},
    )
    return str(job.id)
