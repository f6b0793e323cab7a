"""What ECS itself tells of a task: that it could not start, was killed, or crashed.

Scoped to the cluster and, by prefix, to the task definition's family: whatever the revision, and whoever
started the task. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
Tasks of a deployment are its own business: it fails with the reason (infrastructure/migrations.py).
"""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from infrastructure.naming import DEPLOYMENT_GROUP, Names
from infrastructure.pager import Pager

TOLD_OTHERWISE = [0, 1, 2, 3]
"""What the task says by its own exit codes, alarms say, once and not at every run: views-failed and views-late (1),
run-failed (2), slow-run (3, the deadline; who stopped a run knows it). Who starts a task by hand reads its log
(docs/decisions/0012-messages.md)."""

NOT_OF_A_DEPLOYMENT = [{"anything-but": [DEPLOYMENT_GROUP]}]


class StateChanges(Construct):
    """Two rules that hand ECS's event to the function that words it (paging/)."""

    def __init__(self, scope: Construct, id_: str, *, names: Names, cluster: ecs.ICluster, pager: Pager) -> None:
        super().__init__(scope, id_)
        self._names = names
        self._cluster = cluster
        self._pager = pager
        self._rule(
            "task-not-started",
            detail={"stopCode": ["TaskFailedToStart"], "group": NOT_OF_A_DEPLOYMENT},
            what="A refresh task could not start, so this run did not happen.",
            first=(
                "If the reason names the image, a secret or the network, repair that; if capacity, the next run "
                "tries again."
            ),
        )
        self._rule(
            "task-exited",
            detail={"containers": {"exitCode": [{"anything-but": TOLD_OTHERWISE}]}, "group": NOT_OF_A_DEPLOYMENT},
            what="A refresh task was killed or crashed; what it was refreshing keeps its last good data.",
            first=(
                "If memory ran out, raise task.memory_mib; otherwise read the end of its log. The next run goes on "
                "where this one ended."
            ),
        )

    def _rule(self, name: str, *, detail: Mapping[str, Any], what: str, first: str) -> None:
        revisions = Stack.of(self).format_arn(
            service="ecs", resource="task-definition", resource_name=f"{self._names.family}:"
        )
        rule = events.Rule(
            self,
            name,
            rule_name=f"{self._names.family}-{name}",
            description=f"{what} Runbook: {self._pager.runbook(name)}",
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
        # Whole, since a path that an event lacks would leave a gap in the JSON.
        message = {
            "section": name,
            "database": self._names.database,
            "description": self._pager.description(what=what, where=self._names.place, first=first, section=name),
            "detail": events.EventField.from_path("$.detail"),
        }
        rule.add_target(targets.SnsTopic(self._pager.alarms_topic, message=events.RuleTargetInput.from_object(message)))
