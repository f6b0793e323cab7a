"""What the task and the API run: an image pinned by digest, or one built from refresh_task/Dockerfile when deploying.

One image for both (docs/decisions/0011-one-image-for-task-and-api.md); the API starts it with another command.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from aws_cdk import Stack
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infrastructure.settings import Image

ROOT = Path(__file__).parent.parent
DOCKERFILE, ASSET = "refresh_task/Dockerfile", "vistafresca"
ECR = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(?P<repository>.+)@(?P<digest>sha256:.+)"
)


def container_image(scope: Construct, *, settings: Image, architecture: str) -> ecs.ContainerImage:
    """The image; from ECR with the right to pull exactly that repository, which `from_registry` would not grant."""
    if settings.uri is None:
        return ecs.ContainerImage.from_asset(
            str(ROOT), file=DOCKERFILE, asset_name=ASSET, platform=_platform(architecture)
        )
    if (pinned := ECR.fullmatch(settings.uri)) is None:
        return ecs.ContainerImage.from_registry(settings.uri)
    return ecs.ContainerImage.from_ecr_repository(_repository(scope, pinned), pinned["digest"])


def function_code(
    scope: Construct, *, settings: Image, architecture: str, entrypoint: Sequence[str], command: Sequence[str]
) -> lambda_.DockerImageCode:
    """The same image for Lambda; built, it is the very same asset, since everything that makes its hash is."""
    if settings.uri is None:
        return lambda_.DockerImageCode.from_image_asset(
            str(ROOT),
            file=DOCKERFILE,
            asset_name=ASSET,
            platform=_platform(architecture),
            entrypoint=list(entrypoint),
            cmd=list(command),
        )
    if (pinned := ECR.fullmatch(settings.uri)) is None:
        msg = f"settings let {settings.uri} through, which Lambda cannot pull"
        raise AssertionError(msg)
    return lambda_.DockerImageCode.from_ecr(
        _repository(scope, pinned), tag_or_digest=pinned["digest"], entrypoint=list(entrypoint), cmd=list(command)
    )


def _platform(architecture: str) -> ecr_assets.Platform:
    return ecr_assets.Platform.LINUX_ARM64 if architecture == "ARM64" else ecr_assets.Platform.LINUX_AMD64


def _repository(scope: Construct, pinned: re.Match[str]) -> ecr.IRepository:
    arn = Stack.of(scope).format_arn(
        service="ecr",
        resource="repository",
        resource_name=pinned["repository"],
        account=pinned["account"],
        region=pinned["region"],
    )
    return ecr.Repository.from_repository_attributes(
        scope, "Repository", repository_arn=arn, repository_name=pinned["repository"]
    )
