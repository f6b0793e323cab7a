"""SIGKILL for a task's container, as the kernel sends it when memory runs out."""

from __future__ import annotations

import os
import signal
import subprocess

from tests.emulation.containers.engine import EngineSettings
from tests.emulation.containers.podman import podman_environment


def kill_task(engine: EngineSettings, task_arn: str) -> None:
    """At once, without a word to it."""
    id_ = task_arn.rsplit("/", 1)[-1]
    if engine.kind == "podman":
        environment = {**os.environ, **podman_environment(engine.folder)}
        subprocess.run(
            ["podman", "kill", "--signal", "KILL", f"task-{id_}"], check=True, env=environment, capture_output=True
        )
    else:
        os.kill(int((engine.folder / f"task-{id_}.pid").read_text(encoding="utf-8")), signal.SIGKILL)
