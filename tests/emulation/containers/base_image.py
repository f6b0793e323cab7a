"""An image with Python 3.13 to stand for the Dockerfile's base, made of Debian's own packages.

The Dockerfile's PYTHON_IMAGE is python:3.13-slim-trixie. Its registry may be out of reach, and a test is not to
depend on it: this is the same Debian release with the same minor version of Python, from the package sources that
this machine has. What it does not show is that image itself (docs/verification.md).
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

NAME = "localhost/vistafresca-e2e-python:3.13"
_RELEASE = "trixie"
_PACKAGES = "python3-minimal,python3-pip,ca-certificates"
_DEFAULT_MIRROR = "https://deb.debian.org/debian"


def make_base_image(folder: Path, environment: Mapping[str, str]) -> None:
    """Bootstrap it and import it into podman, unless it is there from an earlier run. Takes about half a minute."""
    if subprocess.run(["podman", "image", "exists", NAME], check=False, env=environment).returncode == 0:
        return
    root = folder / "base"
    subprocess.run(["rm", "-rf", str(root)], check=True)
    _run(
        ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", _RELEASE, str(root), _mirror()],
        environment,
    )
    # As in python:3.13-slim: `python` and pip under their short names, and pip may install.
    (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
    for marker in root.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
        marker.unlink()
    archive = folder / "base.tar"
    _run(["tar", "--create", "--file", str(archive), "--directory", str(root), "."], environment)
    _run(["podman", "import", "--quiet", str(archive), NAME], environment)
    archive.unlink()
    subprocess.run(["rm", "-rf", str(root)], check=True)


def _mirror() -> str:
    """The first Debian archive among the machine's own package sources."""
    files = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files if file.is_file())
    found = re.search(r"^(?:URIs:|deb(?:-src)?(?: \[.*?\])?)\s+(\S+/debian/?)(?:\s|$)", text, re.MULTILINE)
    return found[1] if found else _DEFAULT_MIRROR


def _run(command: list[str], environment: Mapping[str, str]) -> None:
    result = subprocess.run(
        command, check=False, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if result.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {(result.stdout + result.stderr).strip()[-1000:]}")
