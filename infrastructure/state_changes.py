"""What ECS itself tells of a task: that it could not start, or ended with an exit code other than 0.

Scoped to the cluster and, by prefix, to the task definition's family: whatever the revision, and whoever
started the task. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
Tasks of a deployment are its own business: it fails with the reason (infrastructure/migrations.py).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from infrastructure.naming import DEPLOYMENT_GROUP, REQUESTED_GROUP, Names
from infrastructure.pager import Pager

TASK = events.EventField.from_path("$.detail.taskArn")
REASON = events.EventField.from_path("$.detail.stoppedReason")
STOP_CODE = events.EventField.from_path("$.detail.stopCode")
EXIT_CODE = events.EventField.from_path("$.detail.containers[0].exitCode")
SINCE = events.EventField.from_path("$.detail.stoppedAt")
STARTED_BY = events.EventField.from_path("$.detail.startedBy")

TOLD_OTHERWISE = [0, 1, 2, 3]
"""Runs for the event queue are many and small. What their own exit codes say, alarms say once and not at every run:
views-failed (1), run-failed (2), requests-waiting (3, should it last)."""

EXIT_CODES = (
    "1: a view failed or is late; the others were refreshed. 2: configuration or connection; nothing was refreshed.",
    "3: deadline reached or cancelled. 137: killed, mostly for want of memory. Anything else: a crash.",
)


class StateChanges(Construct):
    """Two rules that publish to the pager in plain words."""

    def __init__(self, scope: Construct, id_: str, *, names: Names, cluster: ecs.ICluster, pager: Pager) -> None:
        super().__init__(scope, id_)
        self._names = names
        self._cluster = cluster
        self._pager = pager
        of = f"Vistafresca: {names.database} in {names.environment}"
        self._rule(
            "task-not-started",
            description="A refresh task that ECS could not start",
            detail={"stopCode": ["TaskFailedToStart"], "group": [{"anything-but": [DEPLOYMENT_GROUP]}]},
            message=[
                f"{of}: a refresh task could not start, so this run did not happen.",
                f"Why, says ECS: {REASON}",
                f"When: {SINCE}. Started by: {STARTED_BY}. Task: {TASK}",
                (
                    "Do first: if it names the image, a secret or the network, repair that; if capacity, "
                    "the next run tries again."
                ),
            ],
        )
        self._rule(
            "task-exited",
            description="A refresh task that ended with an exit code other than 0",
            detail={
                "$or": [
                    {
                        "group": [{"anything-but": [REQUESTED_GROUP, DEPLOYMENT_GROUP]}],
                        "containers": {"exitCode": [{"anything-but": [0]}]},
                    },
                    {
                        "group": [REQUESTED_GROUP],
                        "containers": {"exitCode": [{"anything-but": TOLD_OTHERWISE}]},
                    },
                ]
            },
            message=[
                f"{of}: a refresh task ended with exit code {EXIT_CODE} ({STOP_CODE}).",
                *EXIT_CODES,
                f"ECS says: {REASON}",
                f"When: {SINCE}. Started by: {STARTED_BY}. Task: {TASK}",
                (
                    f"Do first: read the end of its log in {names.log_group}; the events run_failed and "
                    "step_failed name cause and remedy."
                ),
            ],
        )

    def _rule(self, name: str, *, description: str, detail: Mapping[str, Any], message: Sequence[str]) -> None:
        revisions = Stack.of(self).format_arn(
            service="ecs", resource="task-definition", resource_name=f"{self._names.family}:"
        )
        lines = [*message, f"Runbook: {self._pager.runbook(name)}"]
        rule = events.Rule(
            self,
            name,
            rule_name=f"{self._names.family}-{name}",
            description=f"{description}. Runbook: {self._pager.runbook(name)}",
            event_pattern=events.EventPattern(
                source=["aws.ecs"],
                detail_type=["ECS Task State Change"],
                detail={
                    "clusterArn": [self._cluster.cluster_arn],
                    "taskDefinitionArn": [{"prefix": revisions}],
                    "lastStatus": ["STOPPED"],
                    **detail,
                },
            ),
        )
        rule.add_target(
            targets.SnsTopic(self._pager.topic, message=events.RuleTargetInput.from_multiline_text("\n".join(lines)))
        )
