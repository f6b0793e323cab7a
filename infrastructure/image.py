"""What the task runs: an image pinned by digest, or one built from refresh_task/Dockerfile when deploying."""

import re
from pathlib import Path

from aws_cdk import Stack
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from infrastructure.settings import Image

ROOT = Path(__file__).parent.parent
ECR = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(?P<repository>.+)@(?P<digest>sha256:.+)"
)


def container_image(scope: Construct, *, settings: Image, architecture: str) -> ecs.ContainerImage:
    """The image; from ECR with the right to pull exactly that repository, which `from_registry` would not grant."""
    if settings.uri is None:
        return ecs.ContainerImage.from_asset(
            str(ROOT),
            file="refresh_task/Dockerfile",
            asset_name="vistafresca",
            platform=ecr_assets.Platform.LINUX_ARM64 if architecture == "ARM64" else ecr_assets.Platform.LINUX_AMD64,
        )
    if (pinned := ECR.fullmatch(settings.uri)) is None:
        return ecs.ContainerImage.from_registry(settings.uri)
    arn = Stack.of(scope).format_arn(
        service="ecr",
        resource="repository",
        resource_name=pinned["repository"],
        account=pinned["account"],
        region=pinned["region"],
    )
    repository = ecr.Repository.from_repository_attributes(
        scope, "Repository", repository_arn=arn, repository_name=pinned["repository"]
    )
    return ecs.ContainerImage.from_ecr_repository(repository, pinned["digest"])
