"""The local runtime: the services of compose.yaml as processes on loopback, in the order of their dependencies."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil

from conductor import database, health, ports, programs
from conductor.compose_file import Loopback, Service, closure, load
from conductor.errors import ConductorError, tail
from conductor.guard import Guard
from conductor.launch import Launch, check_environment, launch, out_of_the_way
from conductor.places import COMPOSE_FILE, STACK
from conductor.processes import Entry, born, family, memory, own_memory, spawn, stop, stop_in_order
from conductor.remembered import Remembered
from conductor.runtime import LOAD, Status, clients, default_logs, exclusive, undisturbed, variables
from conductor.setting_up import alone, set_up
from conductor.steps import say

POLL = 0.02  # seconds between questions while something starts
PATIENCE = 60.0  # seconds that a service may take at least


class LocalRuntime:
    """Services as processes; see `conductor.runtime.Runtime` for what each method promises."""

    kind = "local"

    def __init__(self, state: Path, logs: Path | None = None, *, template: bool = True) -> None:
        self.state = state.resolve()
        self.logs_folder = (logs or default_logs(self.state)).resolve()
        self._variables = {**variables(), "LOGS": str(self.logs_folder)}
        self.services = load(COMPOSE_FILE, self._variables)
        self._template = template
        self._ready: set[str] = set()
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._stopping: set[str] = set()
        self._guard: Guard | None = None
        self._held = ExitStack()
        self._kept = Remembered(self.state)

    def __enter__(self) -> LocalRuntime:
        return self

    def __exit__(self, *_: object) -> None:
        if self._guard is not None:
            self.down()

    # ---- set-up

    def setup(self, services: Sequence[str] | None = None) -> None:
        """Find or make programs, environments and the filled database."""
        names = [name for name in closure(self.services, list(services or self.services)) if name not in self._ready]
        if not names:
            return
        with alone():
            set_up([self.services[name] for name in names])
            if "seed" in names:
                self._fill_template()
        self._ready.update(names)

    def _fill_template(self) -> None:
        """Fill a database once with the shop's people and products; hashing their passwords takes a minute."""
        filled = self._filled()
        if filled is None or filled.exists():
            return
        say("setup: the shop's database …")
        began = time.monotonic()
        partial = filled.with_name(filled.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        seeding = LocalRuntime(partial, template=False)
        with seeding:
            seeding._begin(fresh=True)
            seeding._start_all(closure(self.services, ["seed"]), {})
            data = Path(seeding._translated("postgres").environment["PGDATA"])
        data.rename(filled)
        shutil.rmtree(partial)
        say(f"setup: the shop's database: done in {time.monotonic() - began:.0f} s")

    def _filled(self) -> Path | None:
        """Say where the filled data folder is, or will be."""
        if not self._template:
            return None
        told = (value for _, value in sorted(self.services["seed"].environment.items()))
        return database.template(programs.need("postgres"), STACK / "seed", *told)

    # ---- starting

    def up(self, services: Sequence[str] | None = None, *, fresh: bool = False) -> None:
        """Start services and wait until they are healthy; whatever fails, nothing is left running."""
        names = closure(self.services, list(services or [name for name in self.services if name != LOAD]))
        self.setup(names)
        if self._guard is None:
            self._begin(fresh)
        try:
            self._start_all([name for name in names if name not in self._kept.running() | self._done()], {})
        except BaseException:
            self.down()
            raise

    def start(self, service: str, environment: Mapping[str, str] | None = None) -> None:
        """Start one service."""
        self._start_all([service], {service: environment or {}})

    def _begin(self, fresh: bool) -> None:
        self._held.enter_context(exclusive(self.state))
        self._kept.read()
        left = [entry for entry in self._kept.entries() if entry.process()]
        if left and not fresh and self._adopt(left):
            return
        if left:
            say("stopping what an earlier run has left …")
            stop_in_order(left, say)
        for folder in ("log", "tmp", "releases", *(["volumes"] if fresh else [])):
            shutil.rmtree(self.state / folder, ignore_errors=True)
        self._kept.begin(ports.choose(self.services, self._variables))
        self._guard = Guard(self.state)

    def _adopt(self, left: Sequence[Entry]) -> bool:
        """Go on with what runs, if all of it is healthy."""
        if any(entry.name not in self.services or self._ask(self._translated(entry.name)) for entry in left):
            return False
        self._guard = Guard(self.state)
        for entry in left:
            self._guard.adopt(entry)
        return True

    def _start_all(self, names: Sequence[str], more: Mapping[str, Mapping[str, str]]) -> None:
        waiting = list(names)
        starting: dict[str, float] = {}
        ready = (self._kept.running() | self._done()) - set(waiting)
        while waiting or starting:
            for name in [name for name in waiting if self._may_start(name, ready, starting)]:
                waiting.remove(name)
                self._start(name, more.get(name, {}))
                starting[name] = time.monotonic()
            if not starting:
                missing = {needed for name in waiting for needed in self.services[name].depends_on} - ready
                raise ConductorError(f"{waiting[0]} cannot start: {', '.join(sorted(missing))} does not run", 1)
            for name, began in list(starting.items()):
                if self._is_ready(name, time.monotonic() - began):
                    del starting[name]
                    ready.add(name)
            self.check()
            time.sleep(POLL)

    def _may_start(self, name: str, ready: set[str], starting: Mapping[str, float]) -> bool:
        conditions = self.services[name].depends_on.items()
        return all(it in ready or (how == "service_started" and it in starting) for it, how in conditions)

    def _start(self, name: str, more: Mapping[str, str]) -> None:
        assert self._guard is not None
        service = self._translated(name)
        for target, source in service.mounts.items():
            if not Path(source).suffix:  # a folder: the files that are mounted are ours
                folder = self._folder(service, target, source)
                if service.local["program"] == "postgres":
                    database.give(folder)
                folder.mkdir(parents=True, exist_ok=True)
        how = launch(service, self.state, self._folder(service, "/srv/app", "release"), self._filled())
        added = {key: self._loopback.rewrite(service, value) for key, value in more.items()}
        before_exec = self._guard.register(name, service.stop_signal, service.stop_grace, lambda: out_of_the_way(name))
        try:
            child = spawn(how.command, how.environment | added, how.cwd, self._log(name), before_exec)
        except OSError as error:
            raise ConductorError(f"{name} cannot be started: {how.command[0]}: {error.strerror}", 1) from error
        self._add(name, child, service.stop_signal, service.stop_grace)

    def _add(self, name: str, child: subprocess.Popen[bytes], stop_signal: str, grace: float) -> None:
        self._children[name] = child
        self._kept.add(Entry(name, child.pid, born(child.pid), stop_signal, grace))

    def _is_ready(self, name: str, waited: float) -> bool:
        service, status = self._translated(name), self._children[name].poll()
        if service.once:
            if status:
                self._ended(name, status)
            return status == 0
        if status is not None:
            self._ended(name, status)
        wrong = self._ask(service)
        if wrong is None:
            return True
        check = service.check
        if waited > max(PATIENCE, check.interval * check.retries if check else 0):
            log = self._log(name)
            raise ConductorError(
                f"{name} is not healthy after {waited:.0f} s: {wrong}; the end of {log}:{tail(log)}", 1
            )
        return False

    def _ask(self, service: Service) -> str | None:
        release = self._folder(service, "/srv/app", "release") / "current"
        cwd = release if "source" in service.local else STACK
        return health.ask(service, check_environment(service, self.state), cwd)

    def _ended(self, name: str, status: int) -> None:
        how = f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        raise ConductorError(f"{name} has ended by itself, {how}{self._last(name)}", 1)

    def _last(self, name: str) -> str:
        """Give the end of a service's own output; PostgreSQL says why in its log file."""
        return "".join(f"; the end of {path}:{lines}" for path in self.logs(name) if (lines := tail(path)))

    # ---- while it runs

    def check(self) -> None:
        """Raise when a service has ended by itself; the load may end, and so may what is started with `spawn`."""
        for name, child in list(self._children.items()):
            status = child.poll()
            service = self.services.get(name)
            if status is None or service is None or name == LOAD or (service.once and status == 0):
                continue
            if name in self._stopping or self._children.get(name) is not child:
                continue  # another thread restarts it
            self._ended(name, status)

    def poll(self, name: str) -> int | None:
        """Give the exit status of a process that this conductor started, None while it runs."""
        return self._children[name].poll()

    def stop(self, service: str) -> None:
        """Stop one service."""
        entry = self._kept.entry(service)
        self._stopping.add(service)
        if not stop(entry):
            say(f"{service} did not end within {entry.grace:.0f} s and was killed")
        child = self._children.pop(service, None)
        if child is not None:
            child.wait()
        self._stopping.discard(service)
        self._kept.remove(service)

    def restart(self, service: str) -> None:
        """Stop and start one service."""
        self.stop(service)
        self.start(service)

    def signal(self, service: str, number: int) -> None:
        """Send a signal to a service's main process."""
        os.kill(self._kept.entry(service).pid, number)

    def signal_all(self, service: str, number: int) -> None:
        """Send a signal to every process of a service."""
        main = self._kept.entry(service).process()
        for process in [] if main is None else [main, *family(main)]:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def pid(self, service: str) -> int:
        """Give the main process of a service."""
        return self._kept.entry(service).pid

    def spawn(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start a process of the harness under the guard: it is stopped before the shop."""
        before_exec = self.guard.register(name, "SIGTERM", 10.0, lambda: out_of_the_way(LOAD))
        child = spawn(list(command), environment, STACK, self._log(name), before_exec)
        self._add(name, child, "SIGTERM", 10.0)
        return child

    def beside(self, service: str, command: Sequence[str]) -> Launch:
        """Say how another program runs in the environment of a service that is written in Python."""
        it = self._translated(service)
        how = launch(it, self.state, self._folder(it, "/srv/app", "release"), None)
        program, *words = (self._loopback.rewrite(it, word) for word in command)
        found = str(Path(how.command[0]).with_name(program))
        return Launch([found, *words], how.environment | {"PYTHONPATH": str(STACK)}, how.cwd)

    @property
    def guard(self) -> Guard:
        """The guard, for commands that undo something if the conductor dies."""
        assert self._guard is not None, "up() comes first"
        return self._guard

    def address(self, service: str, port: int) -> str:
        """Give `127.0.0.1:<port>`."""
        return self._loopback.address(service, port)

    def environment(self) -> dict[str, str]:
        """Give addresses and credentials for clients on this machine."""
        return clients(self.services, self.address)

    def release_folder(self, service: str) -> Path:
        """Give run/releases/<name of the source>."""
        return self._folder(self.services[service], "/srv/app", "release")

    def status(self) -> list[Status]:
        """Say how every service is."""
        if self._guard is None:
            self._kept.read()
        sizes = memory(self._kept.entries())
        return [self._status(name, sizes.get(name, 0)) for name in self.services]

    def _status(self, name: str, size: int) -> Status:
        entry, service = self._kept.processes.get(name), self._translated(name)
        if entry is None:
            return Status(name, "stopped")
        if entry.process() is None:
            return Status(name, "done" if service.once else "exited")
        checked = service.check is not None or "health" in service.local
        state = (self._ask(service) or "healthy") if checked else "running"
        return Status(name, state, entry.pid, self.address(name, service.ports[0]) if service.ports else "", size)

    def memory(self) -> dict[str, int]:
        """Give the memory of each process in bytes (PSS), this one's and the guard's with them."""
        return {**memory(self._kept.entries()), "conductor": own_memory(os.getpid(), self.guard.pid)}

    def logs(self, service: str) -> list[Path]:
        """Give a service's own output: its streams, and the log files of PostgreSQL and Redis."""
        folder = self.state / "volumes" / f"{service}-log"
        return [path for path in (self._log(service), *sorted(folder.glob("*.*"))) if path.exists()]

    # ---- the end

    def down(self, *, volumes: bool = False) -> None:
        """Stop everything in order."""
        with ExitStack() as held:
            if self._guard is None:
                held.enter_context(exclusive(self.state))
                self._kept.read()
            with undisturbed():
                stop_in_order(self._kept.entries(), say)
                for child in self._children.values():
                    child.wait()
                self._children.clear()
                self._kept.forget()
                if self._guard is not None:
                    self._guard.release()
                    self._guard = None
                for folder in ("tmp", *(["volumes"] if volumes else [])):
                    shutil.rmtree(self.state / folder, ignore_errors=True)
        self._held.close()

    def detach(self) -> None:
        """Let the services go on by themselves."""
        self.guard.release()
        self._guard = None
        self._held.close()

    # ---- names and places

    def _translated(self, name: str) -> Service:
        return self._loopback.translate(self.services[name])

    def _folder(self, service: Service, target: str, source: str) -> Path:
        if source == "tmpfs":
            return self.state / "tmp" / service.name
        if source == "release":
            return self.state / "releases" / Path(service.local.get("source", service.name)).name
        if source.startswith((".", "/")):
            return (STACK / source).resolve()
        return self.state / "volumes" / source

    def _log(self, name: str) -> Path:
        return self.state / "log" / f"{name}.log"

    # ---- what is remembered

    @property
    def _loopback(self) -> Loopback:
        numbers = {
            (name, port): self._kept.ports.get(f"{name}:{port}", port)
            for name, service in self.services.items()
            for port in service.ports
        }
        return Loopback(numbers, self._folder)

    def _done(self) -> set[str]:
        ended = {entry.name for entry in self._kept.entries() if not entry.process()}
        return {
            name
            for name in ended & set(self.services)
            if self.services[name].once and (name not in self._children or self._children[name].poll() == 0)
        }
