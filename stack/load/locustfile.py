"""What Locust runs: one dispatcher, which begins the sessions of the plan, and a shape that ends with it."""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import gevent
from locust import LoadTestShape, User, events, task
from locust.exception import StopUser

from load.drive import Config, Drive

CONFIG = Config.of(os.environ)


class Dispatcher(User):
    fixed_count = 1
    host = CONFIG.target
    drive: Drive

    @task
    def run_plan(self) -> None:
        self.drive.dispatch()
        raise StopUser


class Length(LoadTestShape):
    """One dispatcher until it has come to the end of its plan."""

    def tick(self) -> tuple[int, float] | None:
        drive = getattr(Dispatcher, "drive", None)
        return None if drive is not None and drive.ended.is_set() else (1, 1.0)


@events.init.add_listener
def _prepare(environment: Any, **_: Any) -> None:
    environment.process_exit_code = 0  # answers of any kind are what a run is for
    Dispatcher.drive = Drive(CONFIG, environment.events.request)
    # Locust itself listens to it only after the shape has ended.
    gevent.signal_handler(signal.SIGTERM, Dispatcher.drive.stop)


@events.quitting.add_listener
def _finish(**_: Any) -> None:
    Dispatcher.drive.finish()


@events.quit.add_listener
def _sum_up(**_: Any) -> None:
    sys.stdout.write(json.dumps(Dispatcher.drive.summary()) + "\n")
    sys.stdout.flush()
