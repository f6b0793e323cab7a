"""The one door to AWS: start a task, look at it, stop it, read the end of its log, ask how the stack is doing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from deployment.request import OneOffTask, Request
from deployment.verdict import last_words

_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 8}, connect_timeout=5, read_timeout=20)
_LINES = 50

# A role that was made a moment ago is not known everywhere yet, and nothing tells when it is:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
_NOT_KNOWN_YET = ("AccessDenied", "AccessDeniedException")
_TRIES, _PAUSE_S = 13, 5.0

Client = Callable[[str], Any]
"""A client of one service, by name, with the rights of a task's role."""


class NotStartedError(Exception):
    """ECS has not started the task. Says why."""


def client_of(role: str) -> Client:
    """Clients with the rights of this role. Raises ClientError."""
    credentials = boto3.client("sts", config=_CONFIG).assume_role(RoleArn=role, RoleSessionName="deployment")
    key = credentials["Credentials"]
    session = boto3.Session(
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=key["SessionToken"],
    )
    return lambda service: session.client(service, config=_CONFIG)


def start(request: Request, *, client_of: Callable[[str], Client], wait: Callable[[float], None]) -> str:
    """Start the task and return its ARN; the same one however often the request comes. Waits up to a minute for rights
    that were granted just now.

    Raises NotStartedError where ECS answers that it cannot (capacity), ClientError where it refuses.
    """
    for remaining in reversed(range(_TRIES)):
        try:
            return _run(request, client_of(request.task.role)("ecs"))
        except ClientError as error:
            if not (remaining and error.response["Error"]["Code"] in _NOT_KNOWN_YET):
                raise
            wait(_PAUSE_S)
    raise AssertionError  # the last try returns or raises


def _run(request: Request, ecs: Any) -> str:
    task = request.task
    answer = ecs.run_task(
        cluster=task.cluster,
        taskDefinition=task.task_definition,
        launchType="FARGATE",
        platformVersion="1.4.0",
        propagateTags="TASK_DEFINITION",
        group=task.group,
        startedBy=task.group,
        clientToken=request.id,
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": list(task.subnets),
                "securityGroups": list(task.security_groups),
                "assignPublicIp": task.assign_public_ip,
            }
        },
        overrides={"containerOverrides": [{"name": task.container, "command": list(task.command)}]},
    )
    if not answer["tasks"]:
        said = "; ".join(
            " ".join(filter(None, (failure.get("reason"), failure.get("detail")))) for failure in answer["failures"]
        )
        raise NotStartedError(f"ECS has not started the task: {said or 'it gives no reason'}")
    return str(answer["tasks"][0]["taskArn"])


def find(task: OneOffTask, arn: str, *, client: Client) -> dict[str, Any] | None:
    """The task as ECS describes it; None where ECS does not know it: not yet, or not any more."""
    found: list[dict[str, Any]] = client("ecs").describe_tasks(cluster=task.cluster, tasks=[arn])["tasks"]
    return found[0] if found else None


def stop(task: OneOffTask, arn: str, *, reason: str, client: Client) -> None:
    """Ask ECS to end it."""
    client("ecs").stop_task(cluster=task.cluster, task=arn, reason=reason)


def read_last_words(task: OneOffTask, arn: str, *, client: Client) -> str:
    """What the end of the task's log says; "" where it says nothing, or nothing yet. Never raises for want of a log:
    that would hide why it was read."""
    logs = client("logs")
    try:
        answer = logs.get_log_events(
            logGroupName=task.log_group, logStreamName=log_stream(task, arn), limit=_LINES, startFromHead=False
        )
    except logs.exceptions.ResourceNotFoundException:
        return ""
    except ClientError as error:
        return f"(could not be read: {error.response['Error']['Code']})"
    return last_words([event["message"] for event in answer["events"]])


def log_stream(task: OneOffTask, arn: str) -> str:
    """Where the awslogs driver writes: PREFIX/CONTAINER/TASK.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html"""
    return f"{task.log_stream_prefix}/{task.container}/{arn.rpartition('/')[2]}"


def is_rolling_back(stack_id: str, *, client: Client) -> bool:
    """Whether the stack is on its way back to what it was."""
    (stack,) = client("cloudformation").describe_stacks(StackName=stack_id)["Stacks"]
    return "ROLLBACK" in stack["StackStatus"]
