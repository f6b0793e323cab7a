"""Which engine this machine has, or may be given.

VISTAFRESCA_E2E_ENGINE: podman, process, or auto (podman where it is or may be installed, otherwise processes).
VISTAFRESCA_E2E_INSTALL=1: as root on Debian or Ubuntu, what is missing for podman may be installed with apt-get.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping

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


def choose_engine(environment: Mapping[str, str]) -> str:
    """podman or process, after installing what may be installed. Raises EngineChoiceError saying what is missing."""
    wanted = environment.get("VISTAFRESCA_E2E_ENGINE", "auto")
    if wanted not in _ENGINES:
        raise EngineChoiceError(f"VISTAFRESCA_E2E_ENGINE = '{wanted}': use one of {', '.join(_ENGINES)}.")
    if wanted == "process":
        return "process"
    obstacle = _obstacle()
    if obstacle is None and _missing() and environment.get("VISTAFRESCA_E2E_INSTALL") == "1":
        _install(_missing())
    if obstacle is None and (missing := _missing()):
        obstacle = (
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed; VISTAFRESCA_E2E_INSTALL=1 "
            "lets this run install what is missing with apt-get"
        )
    if obstacle is None:
        return "podman"
    if wanted == "podman":
        raise EngineChoiceError(f"VISTAFRESCA_E2E_ENGINE = 'podman', but {obstacle}.")
    return "process"


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
