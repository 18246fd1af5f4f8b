"""The local runtime: the services of compose.yaml as processes on loopback, in the order of their dependencies."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from conductor import database, environments, health, programs, releases
from conductor.compose_file import Loopback, Service, closure, load
from conductor.errors import ConductorError, tail
from conductor.guard import Guard
from conductor.places import COMPOSE_FILE, MADE, ROOT, STACK, checksum
from conductor.processes import Entry, born, memory, spawn, stop, stop_in_order
from conductor.runtime import LOAD, Status, default_logs, exclusive, variables
from conductor.steps import say, side_by_side

POLL = 0.02  # seconds between questions while something starts
PATIENCE = 60.0  # seconds that a service without a check of its own may take
PORTS = range(20000, 32000)  # below the ports that outgoing connections use
NICE = 5
MANY_CORES = 4
MACHINERY = frozenset({"otel-collector", LOAD})  # not the shop: kept out of its way


class LocalRuntime:
    """Services as processes; see `conductor.runtime.Runtime` for what each method promises."""

    kind = "local"

    def __init__(self, state: Path, logs: Path | None = None, *, template: bool = True) -> None:
        """Describe the runtime of a state folder; nothing is started yet."""
        self.state = state.resolve()
        self.logs_folder = (logs or default_logs(self.state)).resolve()
        self._variables = {**variables(), "LOGS": str(self.logs_folder)}
        self.services = load(COMPOSE_FILE, self._variables)
        self._template = template
        self._saved = self._read()
        self._loopback = Loopback(self._ports(), self._folder)
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._guard: Guard | None = None
        self._held = ExitStack()

    def __enter__(self) -> LocalRuntime:
        return self

    def __exit__(self, *_: object) -> None:
        if self._guard is not None:
            self.down()

    # ---- set-up

    def setup(self, services: Sequence[str] | None = None) -> None:
        """Find or make programs, environments and the filled database."""
        names = closure(self.services, list(services or self.services))
        steps: dict[str, Callable[[], object]] = {}
        for service in (self.services[name] for name in names):
            program = service.local["program"]
            if program == "python":
                lock = environments.lock_of(service.local)
                if not environments.is_whole(environments.python_folder(lock)):
                    folder = environments.python_folder(lock).name
                    steps.setdefault(folder, lambda lock=lock: environments.make_python(lock))
            elif programs.find(program) is None:
                steps[program] = lambda program=program: programs.see_to(program)
        side_by_side({self._title(key, names): step for key, step in steps.items()})
        node = [self.services[name] for name in names if self.services[name].local["program"] == "node"]
        sources = [STACK / service.local["source"] for service in node]
        missing = [source for source in sources if not environments.is_whole(environments.node_folder(source))]
        side_by_side({f"Node packages of {source.name}": lambda s=source: environments.make_node(s) for source in missing})
        if self._template and "seed" in names:
            self._fill_template()

    def _title(self, key: str, names: Sequence[str]) -> str:
        if not key.startswith("python-"):
            words = {"collector": "OpenTelemetry Collector (built once, some minutes)"}
            return words.get(key, f"program {key}")
        users = [
            name
            for name in names
            if self.services[name].local["program"] == "python"
            and environments.python_folder(environments.lock_of(self.services[name].local)).name == key
        ]
        return f"Python packages of {' and '.join(users)}"

    def _filled(self) -> Path:
        secrets = (value for name, value in sorted(self.services["seed"].environment.items()))
        return database.template(programs.need("postgres"), STACK / "seed", *secrets)

    def _fill_template(self) -> None:
        """Fill a database once with the shop's people and products; hashing their passwords takes a minute."""
        filled = self._filled()
        if filled.exists():
            return
        say("setup: the shop's database …")
        began = time.monotonic()
        with suppress(FileNotFoundError):
            shutil.rmtree(filled.with_suffix(".partial"))
        seeding = LocalRuntime(filled.with_suffix(".partial"), template=False)
        try:
            seeding.up(["seed"])
        finally:
            seeding.down()
        Path(seeding._data_folder()).rename(filled)
        shutil.rmtree(seeding.state)
        say(f"setup: the shop's database: done in {time.monotonic() - began:.0f} s")

    # ---- starting

    def up(self, services: Sequence[str] | None = None, *, fresh: bool = False) -> None:
        """Start services and wait until they are healthy; whatever fails, nothing is left running."""
        names = closure(self.services, list(services or [name for name in self.services if name != LOAD]))
        self.setup(names)
        if self._guard is None:
            self._begin(fresh)
        try:
            self._start_all([name for name in names if name not in self._running()], {})
        except BaseException:
            self.down()
            raise

    def start(self, service: str, environment: Mapping[str, str] | None = None) -> None:
        """Start one service."""
        self._start_all([service], {service: environment or {}})

    def _begin(self, fresh: bool) -> None:
        self._held.enter_context(exclusive(self.state))
        self._saved = self._read()
        left = self._entries()
        if any(entry.process() for entry in left):
            say("stopping what an earlier run has left …")
            stop_in_order(left, say)
        if fresh:
            shutil.rmtree(self.state / "volumes", ignore_errors=True)
        for folder in ("log", "tmp"):
            shutil.rmtree(self.state / folder, ignore_errors=True)
        self._saved = {"ports": {}, "processes": {}}
        self._choose_ports()
        self._guard = Guard(self.state)
        self._write()

    def _start_all(self, names: Sequence[str], more: Mapping[str, Mapping[str, str]]) -> None:
        waiting, starting = list(names), dict[str, float]()
        ready = {name for name in self._running() if name not in waiting} | self._done()
        while waiting or starting:
            for name in [name for name in waiting if set(self.services[name].depends_on) <= ready]:
                waiting.remove(name)
                self._start(name, more.get(name, {}))
                starting[name] = time.monotonic()
            for name, began in list(starting.items()):
                if self._is_ready(name, time.monotonic() - began):
                    del starting[name]
                    ready.add(name)
            for name in set(self._children) - set(starting):
                self._must_run(name)
            if starting:
                time.sleep(POLL)
            elif waiting and not any(set(self.services[name].depends_on) <= ready for name in waiting):
                missing = {name for service in waiting for name in self.services[service].depends_on} - ready - set(waiting)
                raise ConductorError(f"{', '.join(waiting)} cannot start: {', '.join(sorted(missing))} does not run", 1)

    def _start(self, name: str, more: Mapping[str, str]) -> None:
        service = self._loopback.translate(self.services[name])
        assert self._guard is not None
        for target, source in service.mounts.items():
            folder = self._folder(service, target, source)
            if not Path(source).is_absolute() and source.startswith("."):
                continue
            (database.give if service.local["program"] == "postgres" else _make)(folder)
        command, environment, cwd = self._prepare(service)
        for path in service.published:
            self._must_be_free(name, path.port, path.variable)
        register = self._guard.register(name, service.stop_signal, service.stop_grace, lambda: _out_of_the_way(name))
        log = self.state / "log" / f"{name}.log"
        try:
            child = spawn(command, env={**environment, **more}, cwd=cwd, log=log, before_exec=register)
        except OSError as error:
            raise ConductorError(f"{name} cannot be started: {command[0]}: {error.strerror}", 1) from error
        self._children[name] = child
        entry = Entry(name, child.pid, born(child.pid), service.stop_signal, service.stop_grace)
        self._saved["processes"][name] = entry.as_json()
        self._write()

    def _prepare(self, service: Service) -> tuple[list[str], dict[str, str], Path]:
        """Say what is executed: the program in place of its name, and the environment that it gets."""
        local, command = service.local, list(service.command)
        home = _make(self.state / "tmp" / service.name)
        environment = {"HOME": str(home), "TMPDIR": str(home), "TZ": "UTC", "LANG": "C.UTF-8", "PATH": os.defpath}
        environment |= service.environment
        node_modules = None
        if local["program"] == "python":
            lock = environments.lock_of(local)
            bindir = environments.make_python(lock) / "bin"
            command[0] = str(bindir / command[0])
            environment["PATH"] = f"{bindir}{os.pathsep}{environment['PATH']}"
            environment |= {"PYTHONUNBUFFERED": "1", "PYTHONPYCACHEPREFIX": str(MADE / "pycache")}
        else:
            program = programs.need(local["program"])
            command = [str(program.path), *(command if local["program"] == "collector" else command[1:])]
        if local["program"] == "node":
            node_modules = environments.make_node(STACK / local["source"]) / "node_modules"
        if local["program"] == "collector":
            environment["SOURCE_PATHS"] = self._source_paths()
        if local["program"] == "postgres":
            data = Path(environment["PGDATA"])
            user, password = environment["POSTGRES_USER"], environment["POSTGRES_PASSWORD"]
            database.prepare(program, data, user, password, self._filled() if self._template else None)
            command = database.as_owner(command)
        cwd = STACK
        if "source" in local:
            cwd = releases.lay(STACK / local["source"], self.release_folder(service.name), node_modules)
        environment["PWD"] = str(cwd)  # gunicorn follows the link on a reload only if it is told of it
        return command, environment, cwd

    def _is_ready(self, name: str, waited: float) -> bool:
        service, child = self._loopback.translate(self.services[name]), self._children[name]
        log = self.state / "log" / f"{name}.log"
        status = child.poll()
        if status is not None:
            if service.once and status == 0:
                return True
            raise ConductorError(f"{name} ended during its start, {_how(status)}; the end of {log}:{tail(log)}", 1)
        if service.once:
            return False
        command_environment = self._prepare_check(service)
        wrong = health.ask(service, command_environment, STACK)
        if wrong is None:
            return True
        check = service.check
        patience = max(PATIENCE, check.interval * check.retries) if check else PATIENCE
        if waited > patience:
            raise ConductorError(f"{name} is not healthy after {waited:.0f} s: {wrong}; the end of {log}:{tail(log)}", 1)
        return False

    def _prepare_check(self, service: Service) -> dict[str, str]:
        path = os.defpath
        if service.local["program"] == "python":
            path = f"{environments.python_folder(environments.lock_of(service.local)) / 'bin'}{os.pathsep}{path}"
        return {**service.environment, "PATH": path, "TMPDIR": str(self.state / "tmp" / service.name)}

    def _must_run(self, name: str) -> None:
        status = self._children[name].poll()
        if status is None or (self.services[name].once and status == 0):
            return
        log = self.state / "log" / f"{name}.log"
        raise ConductorError(f"{name} has ended, {_how(status)}; the end of {log}:{tail(log)}", 1)

    # ---- while it runs

    def check(self) -> None:
        """Raise when a service has ended by itself."""
        for name in list(self._children):
            self._must_run(name)

    def stop(self, service: str) -> None:
        """Stop one service."""
        entry = self._entry(service)
        if not stop(entry):
            say(f"{service} did not end within {entry.grace:.0f} s and was killed")
        child = self._children.pop(service, None)
        if child is not None:
            child.wait()
        self._saved["processes"].pop(service, None)
        self._write()

    def restart(self, service: str) -> None:
        """Stop and start one service."""
        self.stop(service)
        self.start(service)

    def signal(self, service: str, number: int) -> None:
        """Send a signal to a service's main process."""
        os.kill(self._entry(service).pid, number)

    def pid(self, service: str) -> int:
        """Give the main process of a service."""
        return self._entry(service).pid

    def spawn(self, name: str, command: Sequence[str], environment: Mapping[str, str], *, nice: bool = True) -> subprocess.Popen[bytes]:
        """Start a process of the harness under the guard: it is stopped before the shop."""
        assert self._guard is not None
        register = self._guard.register(name, "SIGTERM", 10.0, lambda: _out_of_the_way(LOAD if nice else name))
        log = self.state / "log" / f"{name}.log"
        child = spawn(list(command), env=environment, cwd=STACK, log=log, before_exec=register)
        self._saved["processes"][name] = Entry(name, child.pid, born(child.pid)).as_json()
        self._write()
        return child

    @property
    def guard(self) -> Guard:
        """The guard, for commands that undo something if the conductor dies."""
        assert self._guard is not None
        return self._guard

    def address(self, service: str, port: int) -> str:
        """Give `127.0.0.1:<port>`."""
        return self._loopback.address(service, port)

    def environment(self) -> dict[str, str]:
        """Give addresses and credentials for clients on this machine."""
        found = {"REDIS_URL": f"redis://{self.address('redis', 6379)}/0", "BROKER_URL": f"redis://{self.address('redis', 6379)}/1"}
        for name, service in self.services.items():
            if "DATABASE_URL" in service.environment:
                url = self._loopback.rewrite(service, service.environment["DATABASE_URL"])
                found["DATABASE_URL" if name == "seed" else f"{name.upper().replace('-', '_')}_DATABASE_URL"] = url
        for variable, name, port in (("TARGET", "web-api", 8000), ("AUTH_URL", "auth-service", 3000), ("PROVIDER_URL", "payment-provider", 8080)):
            if name in self.services:
                found[variable] = f"http://{self.address(name, port)}"
        return found | {"OTLP_ENDPOINT": f"http://{self.address('otel-collector', 4318)}"}

    def release_folder(self, service: str) -> Path:
        """Give run/releases/<service>."""
        return self.state / "releases" / service

    def status(self) -> list[Status]:
        """Say how every service is."""
        self._saved = self._read()
        self._loopback = Loopback(self._ports(), self._folder)
        sizes = memory(self._entries())
        return [self._status(name, sizes.get(name, 0)) for name in self.services]

    def _status(self, name: str, size: int) -> Status:
        raw = self._saved["processes"].get(name)
        if raw is None:
            return Status(name, "stopped")
        entry, service = Entry(**raw), self._loopback.translate(self.services[name])
        if entry.process() is None:
            return Status(name, "done" if service.once else "exited")
        wrong = health.ask(service, self._prepare_check(service), STACK)
        state = "running" if service.check is None and "health" not in service.local else wrong or "healthy"
        return Status(name, state, entry.pid, self.address(name, service.ports[0]) if service.ports else "", size)

    def memory(self) -> dict[str, int]:
        """Give the memory of each process in bytes (PSS), the guard's and this one's with them."""
        own = [Entry("conductor", os.getpid(), born(os.getpid()))]
        return memory([*self._entries(), *own])

    def logs(self, service: str) -> list[Path]:
        """Give a service's own output: its streams, and the log files of PostgreSQL and Redis."""
        folder = self.state / "volumes" / f"{service}-log"
        return [path for path in (self.state / "log" / f"{service}.log", *sorted(folder.glob("*.*"))) if path.exists()]

    # ---- the end

    def down(self, *, volumes: bool = False) -> None:
        """Stop everything in order."""
        with ExitStack() as held:
            if self._guard is None:
                held.enter_context(exclusive(self.state))
                self._saved = self._read()
            with _undisturbed():
                stop_in_order(self._entries(), say)
                for child in self._children.values():
                    child.wait()
                self._children.clear()
                (self.state / "services.json").unlink(missing_ok=True)
                if self._guard is not None:
                    self._guard.release()
                    self._guard = None
                self._saved = {"ports": {}, "processes": {}}
                shutil.rmtree(self.state / "tmp", ignore_errors=True)
                if volumes:
                    shutil.rmtree(self.state / "volumes", ignore_errors=True)
        self._held.close()

    def detach(self) -> None:
        """Let the services go on by themselves."""
        if self._guard is not None:
            self._guard.release()
            self._guard = None
        self._held.close()

    # ---- names and places

    def _folder(self, service: Service, target: str, source: str) -> Path:
        if source == "tmpfs":
            return self.state / "tmp" / service.name
        if source == "release":
            return self.release_folder(service.name)
        if source.startswith((".", "/")):
            return (STACK / source).resolve()
        return self.state / "volumes" / source

    def _data_folder(self) -> str:
        return self._loopback.translate(self.services["postgres"]).environment["PGDATA"]

    def _source_paths(self) -> str:
        """Give a pattern of the folders that local processes have in place of /srv/app, as OTTL's strings can say it."""
        python, home = Path(sys.base_prefix), Path.home()
        roots = [f"{_literal(self.state)}/releases/[^/]+", f"{_literal(MADE)}/[^/]+", _literal(self.state), _literal(ROOT)]
        if python.parts[:2] != ("/", "usr"):
            roots.append(_literal(python))
        if len(home.parts) > 1:
            roots.append(_literal(home))
        return "|".join(roots)

    def _ports(self) -> dict[tuple[str, int], int]:
        saved = self._saved["ports"]
        return {
            (name, port): saved.get(f"{name}:{port}", port)
            for name, service in self.services.items()
            for port in service.ports
        }

    def _choose_ports(self) -> None:
        """Choose free ports for all services; a published one is fixed when its variable is set."""
        fixed = {
            f"{name}:{published.port}": int(self._variables[published.variable])
            for name, service in self.services.items()
            for published in service.published
            if self._variables.get(published.variable)
        }
        wanted = [f"{name}:{port}" for name, service in self.services.items() for port in service.ports]
        candidates = iter(random.sample(PORTS, len(PORTS)))
        with ExitStack() as taken:
            for key in wanted:
                self._saved["ports"][key] = fixed.get(key) or next(port for port in candidates if _take(taken, port))
        self._loopback = Loopback(self._ports(), self._folder)

    def _must_be_free(self, name: str, port: int, variable: str) -> None:
        with ExitStack() as taken:
            number = self._loopback.ports[name, port]
            if not _take(taken, number):
                raise ConductorError(f"{name} cannot listen on 127.0.0.1:{number}, it is taken: choose another with {variable}=PORT", 1)

    # ---- what is remembered

    def _read(self) -> dict[str, dict]:
        with suppress(FileNotFoundError, json.JSONDecodeError):
            return json.loads((self.state / "services.json").read_text())
        return {"ports": {}, "processes": {}}

    def _write(self) -> None:
        self.state.mkdir(parents=True, exist_ok=True)
        fresh = self.state / "services.json.partial"
        fresh.write_text(json.dumps(self._saved, indent=1))
        fresh.rename(self.state / "services.json")

    def _entries(self) -> list[Entry]:
        return [Entry(**raw) for raw in self._saved["processes"].values()]

    def _entry(self, service: str) -> Entry:
        if service not in self._saved["processes"]:
            raise ConductorError(f"{service} does not run", 1)
        return Entry(**self._saved["processes"][service])

    def _running(self) -> set[str]:
        return {entry.name for entry in self._entries() if entry.process()}

    def _done(self) -> set[str]:
        return {name for name, child in self._children.items() if self.services[name].once and child.poll() == 0}


def _make(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _literal(path: Path) -> str:
    return re.sub(r"[^\w/-]", lambda match: "." if match[0] in '^\\"' else f"[{match[0]}]", str(path))


def _how(status: int | None) -> str:
    if status is not None and status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"exit status {status}"


def _take(taken: ExitStack, port: int) -> bool:
    probe = taken.enter_context(socket.socket())
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def _out_of_the_way(name: str) -> None:
    """Keep the machinery from being the weather: cores of its own where there are enough, else a lower priority."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) < MANY_CORES:
        if name in MACHINERY:
            os.nice(NICE)
        return
    own = cores[-(len(cores) // MANY_CORES) :]
    os.sched_setaffinity(0, own if name in MACHINERY else [core for core in cores if core not in own])


class _undisturbed:
    """Lets an orderly stop finish: a second Ctrl-C changes nothing."""

    def __enter__(self) -> None:
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        self._before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
