"""AWS by script: botocore's own clients, whose every call and answer is checked against the services' descriptions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.stub import Stubber

CLUSTER = "arn:aws:ecs:us-east-1:123456789012:cluster/vistafresca-production"
TASK_ARN = "arn:aws:ecs:us-east-1:123456789012:task/vistafresca-production/0123456789abcdef"
DEFINITION = "arn:aws:ecs:us-east-1:123456789012:task-definition/vistafresca-production-fluxion"
STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/vistafresca-production/1"
LOG = {"logGroupName": "/aws/ecs/production-fluxion-bi-refresh", "logStreamName": "run/refresh/0123456789abcdef"}
ROLE = "arn:aws:iam::123456789012:role/starter"
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


class Script:
    """What AWS will be asked, in this order, and what it will answer; `assert_done` once it must have been asked."""

    def __init__(self) -> None:
        self.roles: list[str] = []
        self._clients: dict[str, Any] = {}
        self._stubbers: dict[str, Stubber] = {}
        for service in ("ecs", "logs", "cloudformation"):
            client = boto3.client(service, "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
            self._clients[service] = client
            self._stubbers[service] = Stubber(client)
            self._stubbers[service].activate()
        self.refusals: dict[str, list[Exception]] = defaultdict(list)

    def client_of(self, role: str) -> Any:
        """In place of assuming the role."""
        self.roles.append(role)
        if self.refusals["sts"]:
            raise self.refusals["sts"].pop(0)
        return self._clients.__getitem__

    def answers(self, service: str, method: str, answer: Mapping[str, Any], **expected: Any) -> None:
        self._stubbers[service].add_response(method, answer, expected or None)

    def refuses(self, service: str, method: str, code: str, message: str = "no") -> None:
        self._stubbers[service].add_client_error(method, code, message)

    def assert_done(self) -> None:
        for stubber in self._stubbers.values():
            stubber.assert_no_pending_responses()


def properties(**changes: Any) -> dict[str, Any]:
    """The custom resource's, as infrastructure/migrations.py writes them (test_migrations.py there reads its own)."""
    return {
        "ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:framework",
        "Role": ROLE,
        "Cluster": CLUSTER,
        "TaskDefinition": f"{DEFINITION}:7",
        "Container": "refresh",
        "Command": ["python", "-m", "refresh_task", "migrate", "--system", "fluxion"],
        "Subnets": ["subnet-1", "subnet-2"],
        "SecurityGroups": ["sg-1"],
        "AssignPublicIp": "DISABLED",
        "Group": "vistafresca-deployment",
        "LogGroup": LOG["logGroupName"],
        "LogStreamPrefix": "run",
        "Files": "abc",
        "TimeoutS": "2700",
        **changes,
    }


def request(kind: str = "Create", **changes: Any) -> dict[str, Any]:
    """An event of CloudFormation's."""
    event = {
        "RequestType": kind,
        "RequestId": "11111111-2222-3333-4444-555555555555",
        "StackId": STACK,
        "LogicalResourceId": "FluxionMigrate",
        "ResourceType": "Custom::VistafrescaTask",
        "ResponseURL": "https://example.com/secret",
        "ResourceProperties": properties(),
        **changes,
    }
    return event if kind == "Create" else {"PhysicalResourceId": "FluxionMigrate", **event}


def under_way(*, age_s: float = 30, kind: str = "Create", **changes: Any) -> dict[str, Any]:
    """The event as the framework repeats it: with what `start` returned."""
    started_at = datetime.fromtimestamp(NOW.timestamp() - age_s, UTC)
    return request(
        kind,
        PhysicalResourceId="FluxionMigrate",
        Data={"TaskArn": TASK_ARN, "StartedAt": started_at.isoformat()},
        **changes,
    )


def stopped(exit_code: int | None, *, ago_s: float = 60, reason: str | None = None, **changes: Any) -> dict[str, Any]:
    """A task as DescribeTasks tells of it when it has ended."""
    container: dict[str, Any] = {"name": "refresh", "lastStatus": "STOPPED"}
    if exit_code is not None:
        container["exitCode"] = exit_code
    if reason is not None:
        container["reason"] = reason
    return {
        "taskArn": TASK_ARN,
        "lastStatus": "STOPPED",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "stoppedAt": datetime.fromtimestamp(NOW.timestamp() - ago_s, UTC),
        "containers": [container],
        **changes,
    }
