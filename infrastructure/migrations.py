"""A database is migrated and its policies are applied by every deployment that changes them, before its rules are made
or changed: two one-off tasks of the very task definition, one after the other.

If one fails, the deployment fails with the reason (docs/environments.md), and the rules stay as they were.
"""

from collections.abc import Sequence

from aws_cdk import Acknowledgment, ArnFormat, CustomResource, Stack, Validations
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from constructs import Construct, IConstruct

from infrastructure import commands
from infrastructure.cluster import account_of
from infrastructure.naming import CONTAINER, DEPLOYMENT_GROUP, Names
from infrastructure.network import Network
from infrastructure.one_off_tasks import TIMEOUT, OneOffTasks
from infrastructure.refresh_task import LOG_STREAM_PREFIX, RefreshTask
from infrastructure.resource import pass_over_twice_ordered

WHY_ANY_TASK = "A task is named by AWS when it starts; on this cluster only."
WHY_ANY_STREAM = "A stream is named after its task; of this database's log group only."


class Migrations(Construct):
    """The two resources, and the role that may run these tasks. Whatever is to come after them depends on this."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        names: Names,
        systems: Sequence[str],
        cluster: ecs.ICluster,
        task: RefreshTask,
        network: Network,
        database: IConstruct,
        one_off_tasks: OneOffTasks,
    ) -> None:
        super().__init__(scope, id_)
        self._names = names
        self._cluster = cluster
        self._task = task
        self._network = network
        self._one_off_tasks = one_off_tasks
        self._role = self._make_role()
        migrate = self._run("Migrate", commands.migrate(systems), files=commands.files_of_migrate())
        apply = self._run("Apply", commands.apply(systems), files=commands.files_of_apply(systems))
        # The task's rights, its ways through the network and the database itself, which no property names.
        migrate.node.add_dependency(self._role, task, network, database)
        apply.node.add_dependency(migrate)
        pass_over_twice_ordered(migrate)
        # What lies in the stack above, a nested stack waits for as a whole.
        if (nested := Stack.of(self).nested_stack_resource) is not None:
            pass_over_twice_ordered(nested)

    def _run(self, id_: str, arguments: Sequence[str], *, files: str) -> CustomResource:
        """deployment/request.py reads these properties."""
        return CustomResource(
            self,
            id_,
            service_token=self._one_off_tasks.service_token,
            resource_type="Custom::VistafrescaTask",
            properties={
                "Role": self._role.role_arn,
                "Cluster": self._cluster.cluster_arn,
                "TaskDefinition": self._task.definition.task_definition_arn,
                "Container": CONTAINER,
                "Command": [*commands.PROGRAM, *arguments],
                "Subnets": list(self._network.task_subnet_ids),
                "SecurityGroups": [self._task.security_group.security_group_id],
                "AssignPublicIp": "ENABLED" if self._network.assign_public_ip else "DISABLED",
                "Group": DEPLOYMENT_GROUP,
                "LogGroup": self._task.log_group.log_group_name,
                "LogStreamPrefix": LOG_STREAM_PREFIX,
                "Files": files,
                "TimeoutS": str(TIMEOUT.to_seconds()),
            },
        )

    def _make_role(self) -> iam.Role:
        """May start this revision on this cluster with its two roles, look at this cluster's tasks and stop them, read
        this database's log, and ask how this stack is doing."""
        stack = Stack.of(self)
        role = iam.Role(
            self,
            "Role",
            role_name=self._names.deployment_role,
            assumed_by=iam.ArnPrincipal(self._one_off_tasks.role.role_arn),
        )
        # By their names, which we give: a reference would differ in a nested stack, and with it what cdk-nag calls it.
        tasks = stack.format_arn(service="ecs", resource="task", resource_name=f"{self._names.cluster}/*")
        streams = stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"{self._names.log_group}:log-stream:{LOG_STREAM_PREFIX}/{CONTAINER}/*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        on_this_cluster = {"ArnEquals": {"ecs:cluster": self._cluster.cluster_arn}}
        definition = self._task.definition
        for actions, resources, conditions in (
            (["ecs:RunTask"], [definition.task_definition_arn], on_this_cluster),
            (["ecs:TagResource"], [tasks], {"StringEquals": {"ecs:CreateAction": "RunTask"}}),
            (["ecs:DescribeTasks", "ecs:StopTask"], [tasks], on_this_cluster),
            (
                ["iam:PassRole"],
                [self._task.role.role_arn, definition.obtain_execution_role().role_arn],
                {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
            ),
            (["logs:GetLogEvents"], [streams], {}),
            (["cloudformation:DescribeStacks"], [stack.stack_id], {}),
        ):
            role.add_to_policy(iam.PolicyStatement(actions=actions, resources=resources, conditions=conditions))
        for resource, reason in ((tasks, WHY_ANY_TASK), (streams, WHY_ANY_STREAM)):
            shown = resource.replace(stack.account, account_of(stack))
            Validations.of(role).acknowledge(Acknowledgment(id=f"AwsSolutions-IAM5[Resource::{shown}]", reason=reason))
        return role
