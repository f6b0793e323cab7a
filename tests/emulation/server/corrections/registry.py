"""ECR."""

from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import ecr

from tests.emulation.server.replacing import replace


def correct_unknown_images() -> None:
    """DescribeImages of a tag that is not there is an error (ministack: an empty answer, which the CDK CLI takes for a
    yes, so that it never builds the image).

    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html
    """

    def describe_images(data: dict[str, Any]) -> Any:
        repository = data.get("repositoryName")
        for image in data.get("imageIds") or []:
            if repository in ecr._repositories and not ecr._find_image(repository, image):
                return error_response_json(
                    "ImageNotFoundException", f"The image with imageId {image} does not exist in {repository}", 400
                )
        return faulty(data)

    faulty = replace(ecr, "_describe_images", describe_images)
