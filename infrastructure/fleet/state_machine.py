"""A Distributed Map over the databases: one task each, so many at a time, and no failure stops another.

Each item waits for its task to end (runTask.sync), which costs two state transitions. For that the number of tasks at
once is bounded, not only that of calls; an answer 200 with `failures` (no capacity), which EventBridge takes for
success, is an error; and an execution ends with the names of the databases whose task did not end well.
https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html
"""

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aws_cdk import Acknowledgment, ArnFormat, Stack, Validations
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3_assets as s3_assets
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infrastructure.cluster import account_of, acknowledge_tagging
from infrastructure.fleet.definition import container_environment, definition
from infrastructure.naming import CONTAINER
from infrastructure.network import Network
from infrastructure.refresh_task import RefreshTask
from infrastructure.resource import pass_over_twice_ordered

WHY_NOT = {
    "AwsSolutions-SF1": "Step Functions keeps every execution's history for 90 days, and each task writes a log.",
    "AwsSolutions-SF2": "There is nothing to trace: one call per database, whose times the history has.",
}


class StateMachine(Construct):
    """The machine, its items and its rights."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        items: Sequence[Any],
        variables: Sequence[str],
        concurrency: int,
        cluster: ecs.ICluster,
        task: RefreshTask,
        network: Network,
    ) -> None:
        super().__init__(scope, id_)
        stack = Stack.of(self)
        file = self._items_file(items)
        run_task = {
            "Cluster": cluster.cluster_arn,
            "TaskDefinition": task.definition.task_definition_arn,
            "Group.$": "$.run.group",
            "LaunchType": "FARGATE",
            "PlatformVersion": "1.4.0",
            "PropagateTags": "TASK_DEFINITION",
            "NetworkConfiguration": {
                "AwsvpcConfiguration": {
                    "Subnets": list(network.task_subnet_ids),
                    "SecurityGroups": [task.security_group.security_group_id],
                    "AssignPublicIp": "ENABLED" if network.assign_public_ip else "DISABLED",
                }
            },
            "Overrides": {
                "ContainerOverrides": [
                    {
                        "Name": CONTAINER,
                        "Command.$": "$.run.command",
                        "Environment": container_environment(variables),
                    }
                ]
            },
        }
        machine = definition(
            partition=stack.partition,
            bucket=file.s3_bucket_name,
            key=file.s3_object_key,
            databases=len(items),
            concurrency=concurrency,
            run_task=run_task,
        )
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            state_machine_name=name,
            definition_body=sfn.DefinitionBody.from_string(stack.to_json_string(machine)),
            role=self._role(name, cluster=cluster, task=task, file=file),
        )
        pass_over_twice_ordered(self.machine)
        for rule, reason in WHY_NOT.items():
            Validations.of(self.machine).acknowledge(Acknowledgment(id=rule, reason=reason))

    def _items_file(self, items: Sequence[Any]) -> s3_assets.Asset:
        """In the bootstrap bucket, under the hash of its contents: a deployment that is rolled back has its own items
        again, and neither the 256 KiB of a state's input nor the 8 KiB of a rule's limit their number."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "databases.json"
            path.write_text(json.dumps(items, indent=1), encoding="utf-8")
            return s3_assets.Asset(self, "Items", path=str(path))

    def _role(self, name: str, *, cluster: ecs.ICluster, task: RefreshTask, file: s3_assets.Asset) -> iam.Role:
        """https://docs.aws.amazon.com/step-functions/latest/dg/ecs-iam.html, iam-policies-eg-dist-map.html"""
        stack = Stack.of(self)
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))

        def allow(actions: Sequence[str], resources: Sequence[str], **conditions: dict[str, str]) -> None:
            role.add_to_policy(
                iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions or None)
            )

        def of_states(resource: str, of: str) -> str:
            return stack.format_arn(
                service="states", resource=resource, resource_name=of, arn_format=ArnFormat.COLON_RESOURCE_NAME
            )

        tasks = stack.format_arn(service="ecs", resource="task", resource_name=f"{cluster.cluster_name}/*")
        on_this_cluster = {"ecs:cluster": cluster.cluster_arn}
        allow(["ecs:RunTask"], [task.definition.task_definition_arn], ArnEquals=on_this_cluster)
        allow(["ecs:TagResource"], [tasks], StringEquals={"ecs:CreateAction": "RunTask"})
        allow(["ecs:DescribeTasks", "ecs:StopTask"], [tasks])
        roles = [task.role.role_arn, task.definition.obtain_execution_role().role_arn]
        allow(["iam:PassRole"], roles, StringEquals={"iam:PassedToService": "ecs-tasks.amazonaws.com"})
        # How .sync hears of the end of a task.
        heard = stack.format_arn(
            service="events", resource="rule", resource_name="StepFunctionsGetEventsForECSTaskRule"
        )
        allow(["events:DescribeRule", "events:PutRule", "events:PutTargets"], [heard])
        # A Distributed Map runs each item as an execution of the same machine.
        allow(["states:StartExecution"], [of_states("stateMachine", name)])
        allow(["states:DescribeExecution", "states:StopExecution"], [of_states("execution", f"{name}:*")])
        allow(["s3:GetObject"], [file.bucket.arn_for_objects(file.s3_object_key)])
        acknowledge_tagging(
            role,
            cluster=cluster,
            account=account_of(stack),
            why="Tasks that do not exist yet are tagged, waited for and stopped: on this cluster only.",
        )
        executions = f"arn:{stack.partition}:states:{stack.region}:{account_of(stack)}:execution:{name}:*"
        Validations.of(role).acknowledge(
            Acknowledgment(
                id=f"AwsSolutions-IAM5[Resource::{executions}]",
                reason="Executions of this machine only; their names are made when they start.",
            )
        )
        return role
