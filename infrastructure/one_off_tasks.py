"""Lets CloudFormation run a task to its end: CDK's provider framework before the two functions of deployment/.

The framework waits in a state machine, since a migration may take longer than a function may. One for the environment;
what it may do to a database's tasks, a role of that database says, which the functions assume.
"""

from collections.abc import Sequence
from pathlib import Path

from aws_cdk import Acknowledgment, Duration, IgnoreMode, RemovalPolicy, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import custom_resources as cr
from constructs import Construct, IConstruct

from infrastructure.resource import pass_over_twice_ordered, resource_of

ROOT = Path(__file__).parent.parent
PACKAGE = "deployment"
TIMEOUT = Duration.minutes(45)
"""How long a task may take. CloudFormation waits an hour, and the reason must reach it before."""

WHY_ANY_VERSION = "Lambda's grant names the function's versions, too; the framework calls no other function."
WHY_NO_STATE_LOG = (
    "The waiter only counts; what it calls logs each question and answer. Its events would be a second copy."
)


class OneOffTasks(Construct):
    """`service_token` is what a custom resource names; `role` what its own role trusts, and may become it."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        deployment_roles: Sequence[str],
        retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, id_)
        self._name = name
        self._retention = retention
        self.role = self._role("Role")
        # By name, since each of them trusts this one: by reference neither could be made first.
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=["sts:AssumeRole"],
                resources=[
                    Stack.of(self).format_arn(service="iam", region="", resource="role", resource_name=role)
                    for role in deployment_roles
                ],
            )
        )
        start = self._function("Start", handler="start", timeout=Duration.minutes(3))
        is_complete = self._function("IsComplete", handler="is_complete", timeout=Duration.minutes(1))
        log_group = self._log_group("FrameworkLogs", f"/aws/lambda/{name}-deployment-framework")
        on_event_role, waiting_role = self._role("OnEventRole"), self._role("WaitingRole")
        for role in (on_event_role, waiting_role):
            log_group.grant_write(role)
        provider = cr.Provider(
            self,
            "Provider",
            on_event_handler=start,
            is_complete_handler=is_complete,
            total_timeout=Duration.minutes(55),
            log_group=log_group,
            framework_on_event_role=on_event_role,
            framework_complete_and_timeout_role=waiting_role,
        )
        self.service_token = provider.service_token
        self._acknowledge(provider, roles=(on_event_role, waiting_role), called=(start, is_complete))

    def _function(self, id_: str, *, handler: str, timeout: Duration) -> lambda_.Function:
        name = f"{self._name}-deployment-{handler.replace('_', '-')}"
        log_group = self._log_group(f"{id_}Logs", f"/aws/lambda/{name}")
        log_group.grant_write(self.role)
        return lambda_.Function(
            self,
            id_,
            function_name=name,
            description=f"Vistafresca: runs one-off tasks of {self._name} when it is deployed ({handler})",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"{PACKAGE}.handlers.{handler}",
            code=lambda_.Code.from_asset(
                str(ROOT),
                exclude=["*", f"!{PACKAGE}/", "**/__pycache__", "**/*.pyc"],
                ignore_mode=IgnoreMode.DOCKER,
            ),
            role=self.role,
            timeout=timeout,
            memory_size=256,
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
        )

    def _role(self, id_: str) -> iam.Role:
        """No managed policy: it would let its function write any log."""
        return iam.Role(self, id_, assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))

    def _log_group(self, id_: str, name: str) -> logs.LogGroup:
        # Whatever else is kept: what was kept of these would be in the way of the next deployment that has them.
        return logs.LogGroup(
            self, id_, log_group_name=name, retention=self._retention, removal_policy=RemovalPolicy.DESTROY
        )

    def _acknowledge(
        self, provider: cr.Provider, *, roles: Sequence[iam.Role], called: Sequence[lambda_.Function]
    ) -> None:
        waiter = provider.node.find_child("waiter-state-machine")
        waited_for = [provider.node.find_child(f"framework-{part}") for part in ("isComplete", "onTimeout")]
        for role in roles:
            _acknowledge_versions(role, called)
        _acknowledge_versions(waiter.node.find_child("Role"), waited_for)
        for rule in ("AwsSolutions-SF1", "AwsSolutions-SF2"):
            Validations.of(waiter).acknowledge(Acknowledgment(id=rule, reason=WHY_NO_STATE_LOG))
        for twice in (*called, *waited_for, provider.node.find_child("framework-onEvent")):
            pass_over_twice_ordered(twice)
        pass_over_twice_ordered(waiter.node.find_child("Resource"))


def _acknowledge_versions(role: IConstruct, functions: Sequence[IConstruct]) -> None:
    for function in functions:
        id_ = Stack.of(role).get_logical_id(resource_of(function))
        Validations.of(role).acknowledge(
            Acknowledgment(id=f"AwsSolutions-IAM5[Resource::<{id_}.Arn>:*]", reason=WHY_ANY_VERSION)
        )
