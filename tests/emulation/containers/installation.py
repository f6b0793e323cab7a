"""Which engine this machine has, or may be given.

VISTAFRESCA_E2E_ENGINE: podman, process, or auto (podman where it is or may be installed, and works; else processes).
VISTAFRESCA_E2E_INSTALL=1: as root on Debian or Ubuntu, what is missing for podman may be installed with apt-get.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.emulation.containers import base_image
from tests.emulation.containers.base_image import make_base_image
from tests.emulation.containers.engine import Container, EngineError, EngineSettings
from tests.emulation.containers.podman import Podman, podman_environment

PROGRAMS = {
    "podman": "podman",
    "buildah": "buildah",
    "debootstrap": "debootstrap",
    "runc": "runc",
    "/usr/libexec/podman/catatonit": "catatonit",
}
"""What must be there, and the Debian package that brings it."""

_ENGINES = ("podman", "process", "auto")


class EngineChoiceError(Exception):
    """An engine was asked for that this machine does not have."""


@dataclass(frozen=True, kw_only=True)
class EngineChoice:
    """`kind` is podman or process; `obstacle` why it is not podman, where nobody asked for processes."""

    kind: str
    obstacle: str | None = None


def choose_engine(environment: Mapping[str, str], folder: Path) -> EngineChoice:
    """The engine, after installing what may be installed; podman with its base image in `folder`, tried once.

    Raises EngineChoiceError where podman is insisted on and cannot be had, saying why.
    """
    wanted = environment.get("VISTAFRESCA_E2E_ENGINE", "auto")
    if wanted not in _ENGINES:
        raise EngineChoiceError(f"VISTAFRESCA_E2E_ENGINE = '{wanted}': use one of {', '.join(_ENGINES)}.")
    if wanted == "process":
        return EngineChoice(kind="process")
    try:
        _make_ready(environment, folder)
    except (EngineChoiceError, EngineError, RuntimeError) as error:
        if wanted == "podman":
            raise EngineChoiceError(f"VISTAFRESCA_E2E_ENGINE = 'podman', but {error}") from error
        return EngineChoice(kind="process", obstacle=str(error))
    return EngineChoice(kind="podman")


def _make_ready(environment: Mapping[str, str], folder: Path) -> None:
    if (obstacle := _obstacle()) is not None:
        raise EngineChoiceError(obstacle)
    if _missing() and environment.get("VISTAFRESCA_E2E_INSTALL") == "1":
        _install(_missing())
    if missing := _missing():
        raise EngineChoiceError(
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed; VISTAFRESCA_E2E_INSTALL=1 "
            "lets this run install what is missing with apt-get"
        )
    folder.mkdir(parents=True, exist_ok=True)
    own = {**environment, **podman_environment(folder)}
    # What a run that was cut off left behind, in this folder's storage alone.
    _remove_leftovers(own)
    make_base_image(folder, own)
    _try_out(folder)


def _remove_leftovers(environment: Mapping[str, str]) -> None:
    subprocess.run(["podman", "rm", "--all", "--force"], check=False, env=environment, capture_output=True)


def _try_out(folder: Path) -> None:
    """A container like a task's, on the base image: what does not work here works for no image. Raises EngineError."""
    settings = EngineSettings(kind="podman", folder=folder, python=sys.executable, mounts={})
    started = Podman(settings).start(
        Container(
            id="trial",
            image=base_image.NAME,
            command=["python", "-c", "print('works')"],
            environment={},
            user="10001:10001",
            read_only=True,
            init=True,
            cpu_units=256,
            memory_mib=512,
            stop_timeout_s=10,
        )
    )
    said = list(started.lines())
    if started.wait() != 0 or said != ["works"]:
        raise EngineError(f"podman cannot run a container like a task's: {' '.join(said)[-500:]}")


def _missing() -> list[str]:
    return [package for program, package in PROGRAMS.items() if shutil.which(program) is None]


def _obstacle() -> str | None:
    """What no installation mends: the base image is made by debootstrap, which wants root on a Debian."""
    if platform.system() != "Linux" or os.geteuid() != 0:
        return "the base image is made with debootstrap, which needs root on Linux"
    if _missing() and shutil.which("apt-get") is None:
        return "packages are missing, and there is no apt-get to install them"
    return None


def _install(packages: list[str]) -> None:
    """With the machine's own package sources. Raises EngineChoiceError with apt-get's last words."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        result = subprocess.run(
            ["apt-get", *command],
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if result.returncode != 0:
            raise EngineChoiceError(f"apt-get {' '.join(command)} failed: {result.stderr.strip()[-500:]}")
