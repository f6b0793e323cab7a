"""What the API may do in the account: read its secret, look at the schedule, move the daily time, start the task."""

from collections.abc import Sequence

from aws_cdk import Acknowledgment, ArnFormat, Stack, Validations
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from infrastructure.cluster import account_of, acknowledge_tagging
from infrastructure.refresh_task import RefreshTask

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
INTERFACES = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
]
WHY_ANY_INTERFACE = (
    "Lambda makes the function's network interfaces with this role and refuses to be held to some of them; the "
    "function's own code is denied the same actions."
)


class ApiRole(Construct):
    """The function's role. Whoever owns a resource grants on it where the two meet."""

    def __init__(self, scope: Construct, id_: str, *, function_name: str) -> None:
        super().__init__(scope, id_)
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self._allow(INTERFACES, ["*"])
        # The role is Lambda's and the code's at once; this is what tells them apart.
        function = Stack.of(self).format_arn(
            service="lambda", resource="function", resource_name=function_name, arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        self.role.add_to_policy(
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                actions=INTERFACES,
                resources=["*"],
                conditions={"ArnEquals": {"lambda:SourceFunctionArn": function}},
            )
        )
        Validations.of(self.role).acknowledge(
            Acknowledgment(id="AwsSolutions-IAM5[Resource::*]", reason=WHY_ANY_INTERFACE)
        )

    def may_write_to(self, log_group: logs.ILogGroup) -> None:
        """Lambda writes the log with this role."""
        log_group.grant_write(self.role)

    def may_read(self, rules: Sequence[events.IRule]) -> None:
        """When does the next run start, and is the schedule enabled?"""
        self._allow(["events:DescribeRule"], [rule.rule_arn for rule in rules])

    def may_move(self, daily_rule: events.IRule) -> None:
        """The time of this rule; what it starts, events:PutTargets would change."""
        self._allow(["events:PutRule"], [daily_rule.rule_arn])

    def may_start(self, task: RefreshTask, *, cluster: ecs.ICluster) -> None:
        """This revision of the task definition, on this cluster, with its own two roles."""
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=["ecs:RunTask"],
                resources=[task.definition.task_definition_arn],
                conditions={"ArnEquals": {"ecs:cluster": cluster.cluster_arn}},
            )
        )
        stack = Stack.of(self)
        tasks = stack.format_arn(service="ecs", resource="task", resource_name=f"{cluster.cluster_name}/*")
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=["ecs:TagResource"],
                resources=[tasks],
                conditions={"StringEquals": {"ecs:CreateAction": "RunTask"}},
            )
        )
        acknowledge_tagging(
            self.role,
            cluster=cluster,
            account=account_of(stack),
            why="Tags are copied to a task that does not exist yet: on this cluster, and while it is started.",
        )
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[task.role.role_arn, task.definition.obtain_execution_role().role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
            )
        )

    def _allow(self, actions: Sequence[str], resources: Sequence[str]) -> None:
        self.role.add_to_policy(iam.PolicyStatement(actions=list(actions), resources=list(resources)))
