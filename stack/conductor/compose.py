"""The compose runtime: the same services as containers, driven through `docker compose`."""

from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import yaml

from conductor import health, releases
from conductor.compose_file import load
from conductor.errors import ConductorError
from conductor.guard import Guard
from conductor.launch import Launch
from conductor.places import COMPOSE_FILE, IMAGES, STACK, checksum
from conductor.runtime import LOAD, Status, clients, default_logs, exclusive, undisturbed, variables
from conductor.steps import say

NOBODY_IN_PARTICULAR = "10001"  # who writes the files when root runs the conductor
COLLECTOR_PATIENCE = 60.0


@functools.cache
def engine_answers() -> bool:
    """Say whether a Docker engine with Compose answers."""
    if shutil.which("docker") is None:
        return False
    for words in (["docker", "compose", "version"], ["docker", "version", "--format", "{{.Server.Version}}"]):
        try:
            if subprocess.run(words, capture_output=True, timeout=20, check=False).returncode:
                return False
        except subprocess.TimeoutExpired:
            return False
    return True


class ComposeRuntime:
    """Services as containers; see `conductor.runtime.Runtime` for what each method promises."""

    kind = "compose"

    def __init__(self, state: Path, logs: Path | None = None) -> None:
        self.state = state.resolve()
        self.logs_folder = (logs or default_logs(self.state)).resolve()
        user = os.getuid() if os.getuid() else NOBODY_IN_PARTICULAR
        group = os.getgid() if os.getuid() else NOBODY_IN_PARTICULAR
        self._environment = {**variables(), "LOGS": str(self.logs_folder), "UID": str(user), "GID": str(group)}
        self.services = load(COMPOSE_FILE, self._environment)
        self._override = self.state / "compose.override.yaml"
        self._more: dict[str, dict[str, str]] = {}
        self._built = False
        self._stopping: set[str] = set()
        self._guard: Guard | None = None
        self._held = ExitStack()
        self._command = [
            *("docker", "compose", "--ansi", "never", "--project-name", f"shop-{checksum(str(self.state))[:8]}"),
            *("--project-directory", str(STACK), "--env-file", str(IMAGES)),
            *("--file", str(COMPOSE_FILE)),
        ]

    def __enter__(self) -> ComposeRuntime:
        return self

    def __exit__(self, *_: object) -> None:
        if self._guard is not None:
            self.down()

    # ---- starting

    def setup(self, services: Sequence[str] | None = None) -> None:
        """Build the images that are ours and fetch the others; quick when they are there."""
        self._write_override()
        say("setup: images …")
        self._run("build", *(services or []), quiet=True)
        self._built = services is None

    def up(self, services: Sequence[str] | None = None, *, fresh: bool = False) -> None:
        """Start services and wait until they are healthy; whatever fails, nothing is left running."""
        if self._guard is None:
            self._begin(fresh)
        try:
            names = list(services or [name for name in self.services if name != LOAD])
            self._start([] if self._built else ["--build"], names)
            if "otel-collector" in self._ids():
                self._wait_for_collector()
        except BaseException:
            self.down()
            raise

    def start(self, service: str, environment: Mapping[str, str] | None = None) -> None:
        """Start one service, made anew when it is to have more environment."""
        self._more[service] = dict(environment or {})
        self._write_override()
        self._start(["--no-deps"], [service])

    def _start(self, options: Sequence[str], services: Sequence[str]) -> None:
        try:
            self._run("up", "--detach", "--wait", "--quiet-pull", *options, *services)
        except ConductorError:
            self.check()  # a service that has ended is the better explanation
            raise

    def _begin(self, fresh: bool) -> None:
        self._held.enter_context(exclusive(self.state))
        for name in ("otel", "truth"):
            (self.logs_folder / name).mkdir(parents=True, exist_ok=True)
        self._guard = Guard(self.state)
        self._guard.undo("containers", [*self._command, "down", "--timeout", "20"])
        try:
            if fresh:
                self._run("down", "--volumes", quiet=True)
            if not self._ids():  # else they run from these folders
                self._lay_releases()
            self._write_override()
        except BaseException:
            self.down()
            raise

    def _lay_releases(self) -> None:
        shutil.rmtree(self.state / "releases", ignore_errors=True)
        for service in self.services.values():
            if "source" in service.local and not (self.release_folder(service.name) / "current").exists():
                releases.lay(STACK / service.local["source"], self.release_folder(service.name))

    def _write_override(self) -> None:
        """Lay the releases over the images' own code, and add what `start` was given."""
        services: dict[str, dict[str, Any]] = {}
        for name, service in self.services.items():
            if "source" in service.local and (self.release_folder(name) / "current").exists():
                services[name] = {"volumes": [f"{self.release_folder(name)}:/srv/app:ro"]}
        for name, environment in self._more.items():
            services.setdefault(name, {})["environment"] = environment
        self.state.mkdir(parents=True, exist_ok=True)
        self._override.write_text(yaml.safe_dump({"services": services}))

    def _wait_for_collector(self) -> None:
        url, began = f"http://{self.address('otel-collector', 13133)}/", time.monotonic()
        while wrong := health.ask_url(url):
            if time.monotonic() - began > COLLECTOR_PATIENCE:
                raise ConductorError(f"otel-collector is not healthy: {wrong}{self._last('otel-collector')}", 1)
            self.check()
            time.sleep(0.2)

    # ---- while it runs

    def check(self) -> None:
        """Raise when a service has ended by itself."""
        stopping = set(self._stopping)
        for one in self._containers():
            service, code = one["Service"], one["ExitCode"]
            once = service not in self.services or self.services[service].once or service == LOAD
            if service in stopping | self._stopping:
                continue  # another thread restarts it
            if one["State"] == "exited" and not (once and (code == 0 or service == LOAD)):
                raise ConductorError(f"{service} has ended by itself, exit status {code}{self._last(service)}", 1)

    def poll(self, name: str) -> int | None:
        """Give the exit status of a service that has ended, None while it runs."""
        for one in self._containers():
            if one["Service"] == name and one["State"] == "exited":
                return int(one["ExitCode"])
        return None

    def stop(self, service: str) -> None:
        """Stop one service."""
        self._run("stop", service, quiet=True)

    def restart(self, service: str) -> None:
        """Stop and start one service."""
        self._stopping.add(service)
        try:
            self.stop(service)
            self._start(["--no-deps"], [service])
        finally:
            self._stopping.discard(service)

    def signal(self, service: str, number: int) -> None:
        """Send a signal to a service's main process."""
        self._run("kill", "--signal", signal.Signals(number).name, service, quiet=True)

    def signal_all(self, service: str, number: int) -> None:
        """Send a signal to every process of a service: its first one only starts the others, and cannot be stopped."""
        name = signal.Signals(number).name.removeprefix("SIG")
        self._run("exec", "--no-TTY", service, "sh", "-c", f"kill -{name} -1", quiet=True)

    def pid(self, service: str) -> int:
        """Give the main process of a service as the engine's machine numbers it."""
        words = ["docker", "inspect", "--format", "{{.State.Pid}}", self._ids()[service]]
        return int(subprocess.run(words, capture_output=True, text=True, check=True).stdout)

    def beside(self, service: str, command: Sequence[str]) -> Launch:
        """Say how another program runs in a service's container."""
        return Launch([*self._files(), "exec", "-T", service, *command], self._environment, self.state)

    @property
    def guard(self) -> Guard:
        """The guard, for commands that undo something if the conductor dies."""
        assert self._guard is not None, "up() comes first"
        return self._guard

    def address(self, service: str, port: int) -> str:
        """Give the published address of a port, else the container's own."""
        for published in self.services[service].published:
            if published.port == port:
                return f"127.0.0.1:{self._environment.get(published.variable) or published.default}"
        container = self._ids().get(service)
        if container is None:
            return f"{service}:{port}"
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        answer = subprocess.run(
            ["docker", "inspect", "--format", form, container], capture_output=True, text=True, check=True
        )
        return f"{answer.stdout.strip()}:{port}"

    def environment(self) -> dict[str, str]:
        """Give addresses and credentials for clients on this machine."""
        return clients(self.services, self.address)

    def release_folder(self, service: str) -> Path:
        """Give run/releases/<name of the source>."""
        return self.state / "releases" / Path(self.services[service].local.get("source", service)).name

    def status(self) -> list[Status]:
        """Say how every service is."""
        found = {one["Service"]: one for one in self._containers()}
        sizes = self.memory() if found else {}
        rows = []
        for name, service in self.services.items():
            one = found.get(name)
            if one is None:
                rows.append(Status(name, "stopped"))
                continue
            ended = one["State"] == "exited"
            state = ("done" if service.once and not one["ExitCode"] else f"exited {one['ExitCode']}") if ended else ""
            address = "" if ended or not service.published else self.address(name, service.published[0].port)
            size = 0 if ended else sizes.get(name, 0)
            rows.append(Status(name, state or one["Health"] or one["State"], None if ended else 1, address, size))
        return rows

    def memory(self) -> dict[str, int]:
        """Give what the engine counts for each container, and this process."""
        names = {identity[:12]: name for name, identity in self._ids().items()}
        words = ["docker", "stats", "--no-stream", "--format", "{{.ID}} {{.MemUsage}}", *names]
        lines = subprocess.run(words, capture_output=True, text=True, check=False).stdout.splitlines() if names else []
        sizes = {names[line.split()[0][:12]]: _bytes(line.split()[1]) for line in lines}
        return sizes | {"conductor": psutil.Process().memory_info().rss}

    def logs(self, service: str) -> list[Path]:
        """Write a service's output to a file, and give that; of a container that is gone, what was written before."""
        path = self.state / "log" / f"{service}.log"
        for one in self._containers():
            if one["Service"] == service:
                path.parent.mkdir(parents=True, exist_ok=True)
                words = ["docker", "logs", one["ID"]]  # Compose's own `logs` puts a terminal's codes between the lines
                with path.open("wb") as output:
                    subprocess.run(words, env=self._environment, stdout=output, stderr=subprocess.STDOUT, check=False)
        return [path] if path.exists() else []

    # ---- the end

    def down(self, *, volumes: bool = False) -> None:
        """Stop everything; Compose goes by the dependencies."""
        with ExitStack() as held:
            if self._guard is None:
                held.enter_context(exclusive(self.state))
            with undisturbed():
                if self._ids():  # what they said last must outlive them
                    self.stop("load-generator")
                    self._run("stop", *[name for name in self.services if name not in KEPT], quiet=True)
                    self._run("stop", "otel-collector", quiet=True)
                    self.logs("otel-collector")
                self._run("down", "--remove-orphans", *(["--volumes"] if volumes else []), quiet=True)
                if self._guard is not None:
                    self._guard.undone("containers")
                    self._guard.release()
                    self._guard = None
        self._held.close()

    def detach(self) -> None:
        """Let the containers go on by themselves."""
        self.guard.release()
        self._guard = None
        self._held.close()

    # ---- docker compose

    def _files(self) -> list[str]:
        return [*self._command, *(["--file", str(self._override)] if self._override.exists() else [])]

    def _run(self, *words: str, quiet: bool = False) -> None:
        result = subprocess.run(
            [*self._files(), *words],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=self._watched(),
            check=False,
        )
        if result.returncode:
            raise ConductorError(self._explain(words[0], result.stdout), 1)
        if not quiet and os.environ.get("VERBOSE"):
            say(result.stdout)

    def _watched(self) -> Callable[[], None] | None:
        """Have the guard end a `docker compose` that outlives the conductor, before it takes the containers down."""
        return self._guard.register("docker compose", "SIGTERM", 10.0, lambda: None) if self._guard else None

    def _explain(self, verb: str, output: str) -> str:
        """Make one sentence of what `docker compose` printed."""
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        for line in lines:
            if "port is already allocated" in line or "address already in use" in line:
                for name, service in self.services.items():
                    for published in service.published:
                        address = self.address(name, published.port)
                        if address in line:
                            choose = f"choose another with {published.variable}=PORT"
                            return f"{name} cannot be published on {address}, it is taken: {choose}"
        return f"docker compose {verb} failed:" + "".join(f"\n    {line}" for line in lines[-12:])

    def _containers(self) -> list[dict[str, Any]]:
        words = [*self._files(), "ps", "--all", "--format", "json"]
        result = subprocess.run(words, env=self._environment, capture_output=True, text=True, check=False)
        if result.returncode:
            raise ConductorError(f"docker compose ps: {result.stderr.strip()}", 1)
        return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]

    def _ids(self) -> dict[str, str]:
        return {one["Service"]: one["ID"] for one in self._containers() if one["State"] == "running"}

    def _last(self, service: str) -> str:
        words = [*self._files(), "logs", "--no-color", "--no-log-prefix", "--tail", "12", service]
        result = subprocess.run(words, env=self._environment, capture_output=True, text=True, check=False)
        return "; its last lines:" + "".join(f"\n    {line}" for line in result.stdout.splitlines())


KEPT = frozenset({"otel-collector", "redis", "postgres", "seed", LOAD})


def _bytes(text: str) -> int:
    units = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "kB": 10**3, "MB": 10**6, "GB": 10**9, "B": 1}
    unit = next(unit for unit in units if text.endswith(unit))
    return int(float(text.removesuffix(unit)) * units[unit])
