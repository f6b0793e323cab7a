"""Containers by podman, with images and state in a folder of ours: this machine's own podman is left as it is."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.emulation.containers.engine import Container, EngineError, EngineSettings

_STORAGE = """[storage]
driver = "overlay"
graphroot = "{folder}/storage"
runroot = "{folder}/run"
"""
# Without systemd there is neither a journal nor a cgroup manager; inside another container the default limits on files
# and processes may be above what this one may raise them to.
_CONTAINERS = """[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]

[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
"""
_CANNOT_START = 125
"""podman's own exit code for a container that it could not start."""


def podman_environment(folder: Path) -> dict[str, str]:
    """What makes podman keep everything in `folder`; written there at the first call."""
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    files = {
        "storage.conf": _STORAGE.format(folder=folder),
        "containers.conf": _CONTAINERS,
        "registries.conf": "unqualified-search-registries = []\n",
    }
    for name, text in files.items():
        if not (folder / name).exists():
            (folder / name).write_text(text, encoding="utf-8")
    return {
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        "CONTAINERS_CONF": str(folder / "containers.conf"),
        "REGISTRIES_CONFIG_PATH": str(folder / "registries.conf"),
        "TMPDIR": str(folder / "tmp"),
    }


class Podman:
    """The deployed image, with the deployed limits."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._environment = podman_environment(settings.folder)

    def start(self, container: Container) -> PodmanContainer:
        """Nothing is pulled: the image was built here, and given the name that the task definition says."""
        name = f"task-{container.id}"
        command = [
            *("podman", "run", "--rm", "--name", name, "--pull", "never", "--network", "host"),
            *("--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
            *("--cpus", str(container.cpu_units / 1024)),
            *("--memory", f"{container.memory_mib}m", "--memory-swap", f"{container.memory_mib}m"),
            *("--stop-timeout", str(container.stop_timeout_s)),
        ]
        if container.read_only:
            # Fargate has no tmpfs that a task definition does not name.
            command += ["--read-only", "--read-only-tmpfs=false"]
        if container.init:
            command.append("--init")
        if container.user:
            command += ["--user", container.user]
        for source in self._settings.mounts:
            command += ["--volume", f"{source}:{self._settings.mounts[source]}:ro"]
        for variable in container.environment:
            command += ["--env", variable]  # by name: a value would be seen in the list of processes
        exists = subprocess.run(["podman", "image", "exists", container.image], check=False, env=self._own())
        if exists.returncode != 0:
            raise EngineError(f"CannotPullContainerError: {container.image} is not among the images of this machine")
        process = subprocess.Popen(
            [*command, container.image, *container.command],
            env=self._own(container.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        return PodmanContainer(name, process, self._own())

    def _own(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/root"),
            **(more or {}),
            **self._environment,
        }


class PodmanContainer:
    """One container, named after its task."""

    def __init__(self, name: str, process: subprocess.Popen[str], environment: Mapping[str, str]) -> None:
        self._name = name
        self._process = process
        self._environment = dict(environment)

    def lines(self) -> Iterator[str]:
        assert self._process.stdout is not None  # a pipe, by construction
        with self._process.stdout as output:
            for line in output:
                yield line.rstrip("\n")

    def wait(self) -> int:
        return self._process.wait()

    def stop(self) -> None:
        subprocess.run(["podman", "stop", self._name], check=False, env=self._environment, capture_output=True)
