"""The deployed command as a process of this machine, where there is no container engine.

The files are those that the image would have (the build's COPY lines, by the same .dockerignore), the packages are
those of the virtual environment. What it cannot show: the image, its base, its read-only file system, CPU and memory
limits.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.emulation.containers.engine import Container, EngineError, EngineSettings

_SIGNALLED = 128


class Processes:
    """One process per task."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings

    def start(self, container: Container) -> TaskProcess:
        files = image_folder(self._settings.folder, container.image)
        if not files.is_dir():
            raise EngineError(f"CannotPullContainerError: {container.image} is not among the images of this machine")
        program, *arguments = container.command
        if program != "python":
            raise EngineError(f"a process can only stand for a command of Python's, not {program}")
        user = _user(container.user, self._settings.python)
        process = subprocess.Popen(
            [self._settings.python, *arguments],
            cwd=files,
            env={
                "PATH": os.defpath,
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONUNBUFFERED": "1",
                **container.environment,
            },
            **user,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        (self._settings.folder / f"task-{container.id}.pid").write_text(str(process.pid), encoding="utf-8")
        return TaskProcess(process, container.stop_timeout_s)


class TaskProcess:
    """One process."""

    def __init__(self, process: subprocess.Popen[str], stop_timeout_s: float) -> None:
        self._process = process
        self._stop_timeout_s = stop_timeout_s

    def lines(self) -> Iterator[str]:
        assert self._process.stdout is not None  # a pipe, by construction
        with self._process.stdout as output:
            for line in output:
                yield line.rstrip("\n")

    def wait(self) -> int:
        code = self._process.wait()
        return _SIGNALLED - code if code < 0 else code

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(self._stop_timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()


def _user(wanted: str | None, python: str) -> dict[str, Any]:
    """How to become the task's user: possible for root, and where that user may run the interpreter (one in root's own
    home it may not)."""
    if not wanted or os.geteuid() != 0:
        return {}
    user, _, group = wanted.partition(":")
    becoming: dict[str, Any] = {"user": int(user), "group": int(group), "extra_groups": []}
    try:
        subprocess.run([python, "-c", ""], check=True, cwd="/", env={}, **becoming)
    except (PermissionError, subprocess.CalledProcessError):
        return {}
    return becoming


def image_folder(folder: Path, image: str) -> Path:
    """Where the files of an image are."""
    return folder / image.replace("/", "_").replace(":", "_").replace("@", "_")
