"""What goes wrong before a run begins, and what a person receives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.deployment.deployed import Deployed
from tests.e2e.deployment.environment import FAMILY, RULE
from tests.e2e.deployment.pages import changed_to, expect_all_clear, expect_page


def test_a_task_cannot_start(deployed: Deployed) -> None:
    """Its image is gone from the registry."""
    with _image_removed(deployed):
        ended, _ = deployed.run()
    assert ended.detail["stopCode"] == "TaskFailedToStart"
    assert ended.exit_code is None
    expect_page(deployed, "task-not-started", "CannotPullContainerError")
    assert deployed.run()[0].exit_code == 0


def test_a_launch_is_refused(deployed: Deployed) -> None:
    """EventBridge's role lost the right to run the task: the event goes to the dead-letter queue, which says why."""
    with _role_without_rights(deployed):
        _, changes = deployed.account.start_next(RULE)
        changes += deployed.account.advance(1)
    assert changed_to("ALARM", changes) == {"launch-refused", "undelivered"}
    expect_page(deployed, "launch-refused")
    expect_page(deployed, "undelivered")
    message = _dead_letter(deployed)
    assert message["ERROR_CODE"]["StringValue"] == "AccessDeniedException"
    assert "ecs:RunTask" in message["ERROR_MESSAGE"]["StringValue"]
    changes = deployed.account.advance(25)
    assert "undelivered" in changed_to("OK", changes)  # launch-refused looks back for longer
    expect_all_clear(deployed, "undelivered")


@contextmanager
def _image_removed(deployed: Deployed) -> Iterator[None]:
    ecr = deployed.emulator.client("ecr")
    (repository,) = ecr.describe_repositories()["repositories"]
    name = repository["repositoryName"]
    (image,) = ecr.batch_get_image(repositoryName=name, imageIds=ecr.list_images(repositoryName=name)["imageIds"])[
        "images"
    ]
    ecr.batch_delete_image(repositoryName=name, imageIds=[image["imageId"]])
    try:
        yield
    finally:
        ecr.put_image(repositoryName=name, imageManifest=image["imageManifest"], imageTag=image["imageId"]["imageTag"])


@contextmanager
def _role_without_rights(deployed: Deployed) -> Iterator[None]:
    (target,) = deployed.emulator.client("events").list_targets_by_rule(Rule=RULE)["Targets"]
    iam, role = deployed.emulator.client("iam"), target["RoleArn"].rsplit("/", 1)[-1]
    (policy,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    iam.delete_role_policy(RoleName=role, PolicyName=policy)
    try:
        yield
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document))


def _dead_letter(deployed: Deployed) -> dict[str, dict[str, str]]:
    """The attributes of the only message in the dead-letter queue, which is empty afterwards."""
    sqs = deployed.emulator.client("sqs")
    url = sqs.get_queue_url(QueueName=f"{FAMILY}-undelivered")["QueueUrl"]
    (message,) = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], MaxNumberOfMessages=10)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    attributes: dict[str, dict[str, str]] = message["MessageAttributes"]
    return attributes
