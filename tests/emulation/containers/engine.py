"""What runs a task's container, whichever way this machine has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


class EngineError(Exception):
    """A container that could not be started; the text is what ECS's stoppedReason would say."""


@dataclass(frozen=True, kw_only=True)
class EngineSettings:
    """`kind` is podman or process. `folder` is the engine's own: images, or the files that would be in one."""

    kind: str
    folder: Path
    python: str
    """The interpreter that stands for the image's, for processes: the virtual environment with what the image has."""

    mounts: dict[str, str]
    """Files of this machine that a container may read, by the same path."""

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> EngineSettings:
        """From JSON."""
        return cls(**{**document, "folder": Path(document["folder"])})


@dataclass(frozen=True, kw_only=True)
class Container:
    """What ECS says about a container. `id` is the task's; 1024 `cpu_units` are one CPU."""

    id: str
    image: str
    command: list[str]
    environment: dict[str, str]
    user: str | None
    read_only: bool
    init: bool
    cpu_units: int
    memory_mib: int
    stop_timeout_s: int


class Running(Protocol):
    """A container under way."""

    def lines(self) -> Iterator[str]:
        """What it writes, standard output and error together, until it ends."""

    def wait(self) -> int:
        """Its exit code, 128 + n for signal n."""

    def stop(self) -> None:
        """SIGTERM, and SIGKILL when the stop timeout is over."""


class Engine(Protocol):
    """Starts containers."""

    def start(self, container: Container) -> Running:
        """Raises EngineError."""


def engine(settings: EngineSettings) -> Engine:
    """The one that the settings name."""
    from tests.emulation.containers.podman import Podman  # noqa: PLC0415  # which import this module
    from tests.emulation.containers.processes import Processes  # noqa: PLC0415

    return Podman(settings) if settings.kind == "podman" else Processes(settings)
