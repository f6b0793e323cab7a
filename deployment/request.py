"""What CloudFormation asks for, as CDK's provider framework passes it on.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOffTask:
    """What is to be run, where, and with which rights: the properties of the custom resource, all of them text."""

    role: str
    """ARN of the role that may start this very task, look at it and read its log."""
    cluster: str
    task_definition: str
    """ARN with the revision, so that a rollback runs the former one."""
    container: str
    command: tuple[str, ...]
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    assign_public_ip: str
    group: str
    log_group: str
    log_stream_prefix: str
    files: str
    """A digest of the files that the command reads."""
    timeout_s: int

    @classmethod
    def read(cls, properties: Mapping[str, Any]) -> OneOffTask:
        """From a resource's properties as infrastructure/migrations.py writes them."""
        return cls(
            role=properties["Role"],
            cluster=properties["Cluster"],
            task_definition=properties["TaskDefinition"],
            container=properties["Container"],
            command=tuple(properties["Command"]),
            subnets=tuple(properties["Subnets"]),
            security_groups=tuple(properties["SecurityGroups"]),
            assign_public_ip=properties["AssignPublicIp"],
            group=properties["Group"],
            log_group=properties["LogGroup"],
            log_stream_prefix=properties["LogStreamPrefix"],
            files=properties["Files"],
            timeout_s=int(properties["TimeoutS"]),
        )

    @property
    def name(self) -> str:
        """For people: `vistafresca migrate` as vistafresca-production-fluxion:7"""
        # Everything from the subcommand up to its first option.
        words = self.command[self.command.index("refresh_task") + 1 :]
        return f"`vistafresca {words[0]}` as {self.task_definition.rpartition('/')[2]}"

    @property
    def content(self) -> tuple[str, ...]:
        """What makes it another task when it changes; where it runs does not."""
        return (self.task_definition, *self.command, self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request about one resource."""

    kind: str
    """Create, Update or Delete."""
    id: str
    stack_id: str
    resource_id: str
    """The physical id: the same for ever, so that no change of the resource is a replacement."""
    task: OneOffTask
    former: OneOffTask | None
    """What the resource was, in an update."""
    task_arn: str | None
    """The task that was started; known to is_complete alone."""
    started_at: datetime | None

    @classmethod
    def read(cls, event: Mapping[str, Any]) -> Request:
        """From the event. An update from properties that an older version wrote has no former task to compare with."""
        data = event.get("Data") or {}
        try:
            former = OneOffTask.read(event["OldResourceProperties"])
        except (KeyError, ValueError):
            former = None
        return cls(
            kind=event["RequestType"],
            id=event["RequestId"],
            stack_id=event["StackId"],
            resource_id=event.get("PhysicalResourceId") or event["LogicalResourceId"],
            task=OneOffTask.read(event["ResourceProperties"]),
            former=former,
            task_arn=data.get("TaskArn"),
            started_at=datetime.fromisoformat(data["StartedAt"]) if "StartedAt" in data else None,
        )

    @property
    def is_to_run(self) -> bool:
        """Deleting undoes nothing: the schema and its history are the database's."""
        if self.kind == "Delete":
            return False
        return self.former is None or self.former.content != self.task.content
