"""Metrics of the tasks, written by the processes of the pool and read by their parent."""

from prometheus_client import Counter, Histogram

TASKS = Counter("celery_tasks", "Tasks by the state they ended in", ["task", "state"])
TASK_DURATION = Histogram(
    "celery_task_duration_seconds",
    "Time from start to end of a task",
    ["task"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
PROVIDER_REQUESTS = Counter("provider_requests", "Calls of the payment provider", ["operation", "outcome"])
PROVIDER_DURATION = Histogram(
    "provider_request_duration_seconds",
    "Time until the payment provider answered",
    ["operation"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
PAYMENTS = Counter("payments", "Payments recorded", ["kind", "status"])
SETTLED = Counter("payments_settled_cents", "Money settled", ["kind"])
