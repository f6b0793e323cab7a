"""What the CDK CLI calls as its docker (CDK_DOCKER): builds for real, and pushes into the emulator's ECR.

`python -m tests.emulation.containers.cdk_docker CONFIGURATION.json COMMAND…`. The image's layers stay on this
machine, under the name that the push gave them; what goes to the emulator's ECR is its manifest, which is how the CDK
CLI and ECS know that the image is there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import boto3

from tests.emulation.containers.base_image import NAME
from tests.emulation.containers.podman import podman_environment
from tests.emulation.containers.processes import image_folder

_PASSED_TO_BUILDS = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pip.conf")
"""Where packages come from, and whom to trust for it, is this machine's affair."""


@dataclass(frozen=True, kw_only=True)
class DockerSettings:
    """Which engine, and its folder."""

    kind: str
    folder: str


def main(arguments: list[str]) -> int:  # noqa: PLR0911  one return per command
    """The exit code of docker's command."""
    settings = DockerSettings(**json.loads(Path(arguments[0]).read_text(encoding="utf-8")))
    command, *rest = arguments[1:]
    match command, settings.kind:
        case "login", _:
            sys.stdin.read()
            return 0
        case "build", "podman":
            return _podman(settings, ["build", *_build_options(), *rest])
        case "build", _:
            return _lay_out(settings, rest)
        case "push", _:
            return _push(settings, rest[-1])
        case "tag", "process":
            built, tagged = (image_folder(Path(settings.folder), name) for name in rest)
            shutil.rmtree(tagged, ignore_errors=True)
            shutil.copytree(built, tagged)
            return 0
        case "inspect", "process":
            return 0 if image_folder(Path(settings.folder), rest[-1]).exists() else 1
        case _, "podman":
            return _podman(settings, arguments[1:])
        case _:
            sys.stderr.write(f"cdk_docker: {command} is not known\n")
            return 2


def _build_options() -> list[str]:
    options = ["--isolation", "chroot", "--network", "host", "--build-arg", f"PYTHON_IMAGE={NAME}"]
    for file in _PASSED_TO_BUILDS:
        if Path(file).exists():
            options += ["--volume", f"{file}:{file}:ro"]
    return options


def _podman(settings: DockerSettings, arguments: list[str]) -> int:
    environment = {**os.environ, **podman_environment(Path(settings.folder))}
    return subprocess.run(["podman", *arguments], check=False, env=environment).returncode


def _lay_out(settings: DockerSettings, arguments: list[str]) -> int:
    """The files that the image would have under /app. The build's folder holds them and no others, by .dockerignore."""
    target = image_folder(Path(settings.folder), arguments[arguments.index("--tag") + 1])
    shutil.rmtree(target, ignore_errors=True)
    for name in ("refresh_task", "api", "sql", "views.toml"):
        source = Path(name)
        if source.is_dir():
            shutil.copytree(source, target / name)
        else:
            shutil.copy(source, target / name)
    return 0


def _push(settings: DockerSettings, image: str) -> int:
    repository, _, tag = image.partition("/")[2].rpartition(":")
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "name": image}
    if settings.kind == "podman":
        environment = {**os.environ, **podman_environment(Path(settings.folder))}
        told = subprocess.run(
            ["podman", "image", "inspect", "--format", "{{.Id}} {{.Size}}", image],
            check=True,
            env=environment,
            capture_output=True,
            text=True,
        ).stdout.split()
        manifest["config"] = {"digest": f"sha256:{told[0]}", "size": int(told[1])}
    boto3.client("ecr").put_image(repositoryName=repository, imageManifest=json.dumps(manifest), imageTag=tag)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
