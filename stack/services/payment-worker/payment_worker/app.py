"""The Celery application: queues, guarantees, timetable."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import redis
from celery import Celery, Task
from kombu.entity import Exchange, Queue

from payment_worker.settings import settings

QUEUES = ("payments", "default")
SETTLE_EVERY = 120.0
FIRST_SETTLE = 100.0


class ShopTask(Task):  # type: ignore[misc]  # Celery has no types
    """Every task can run twice without harm, so messages are acknowledged when it has ended."""

    autoretry_for = (psycopg.OperationalError, redis.ConnectionError, redis.TimeoutError)
    retry_backoff = True
    retry_backoff_max = 60
    retry_jitter = True
    max_retries = 4

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        """Forget which process sent the message: spans would name it as the one that ran the task."""
        self.request.origin = None


def timetable() -> dict[str, dict[str, Any]]:
    """What beat sends; a run that nobody takes until the next one is due expires."""

    def every(seconds: float, task: str, first: float | None = None) -> dict[str, Any]:
        queue = "payments" if task.startswith("payments.") else "default"
        # A new schedule counts from `last_run_at`; one that was kept goes on where it stood.
        begun = datetime.now(UTC) - timedelta(seconds=seconds - (first or seconds))
        return {
            "task": task,
            "schedule": seconds,
            "last_run_at": begun,
            "options": {"queue": queue, "expires": seconds},
        }

    return {
        "settle": every(SETTLE_EVERY, "payments.settle", first=FIRST_SETTLE),
        "sales": every(60.0, "reports.sales"),
        "expire": every(90.0, "orders.expire_unpaid"),
    }


app = Celery(
    "payment_worker",
    broker=settings().broker_url,
    task_cls=ShopTask,
    include=[f"payment_worker.tasks.{module}" for module in ("payments", "settlement", "orders", "catalog", "reports")],
)
app.conf.update(
    beat_max_loop_interval=2,
    beat_schedule=timetable(),
    beat_schedule_filename=str(settings().beat_schedule),
    beat_scheduler="payment_worker.beat:Scheduler",
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 300, "socket_timeout": 10, "socket_keepalive": True},
    task_acks_late=True,
    task_create_missing_queues=False,
    task_default_queue="default",
    result_expires=None,  # no result is kept, so there is nothing to clean up at four in the morning
    task_ignore_result=True,
    task_queues=[Queue(name, Exchange(name), name) for name in QUEUES],
    task_reject_on_worker_lost=True,
    task_routes={"payments.*": {"queue": "payments"}},
    task_soft_time_limit=60,
    worker_hijack_root_logger=False,
    worker_prefetch_multiplier=1,
    worker_redirect_stdouts=False,
)
