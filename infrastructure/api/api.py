"""The task's image as a function in the database's network, and a front that lets in nobody unknown."""

from collections.abc import Mapping, Sequence

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from infrastructure.api.front import Front
from infrastructure.api.function import Function
from infrastructure.api.role import ApiRole
from infrastructure.metrics import ApiMetrics
from infrastructure.naming import Names
from infrastructure.network import Network
from infrastructure.refresh_task import RETENTION, RefreshTask
from infrastructure.settings import Database, Environment


class Api(Construct):
    """Logs, security group, role, function and HTTP API of one database."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environment: Environment,
        database: Database,
        names: Names,
        network: Network,
        connection: Mapping[str, str],
        cluster: ecs.ICluster,
        task: RefreshTask,
        rules: Sequence[events.IRule],
        daily_rule: events.IRule,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        retention = RETENTION[environment.log_retention_days]
        self.log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=names.api_log_group,
            retention=retention,
            removal_policy=removal_policy,
        )
        self.security_group: ec2.SecurityGroup = network.task_security_group(
            self, description=f"Vistafresca: API of {names.service}"
        )
        access = ApiRole(self, "Role", function_name=names.api)
        access.may_write_to(self.log_group)
        access.may_start(task, cluster=cluster)
        access.may_read(rules)
        access.may_move(daily_rule)
        self.role: iam.IRole = access.role
        function = Function(
            self,
            "Function",
            environment=environment,
            database=database,
            names=names,
            network=network,
            connection=connection,
            cluster=cluster,
            task=task,
            role=self.role,
            security_group=self.security_group,
            log_group=self.log_group,
        )
        front = Front(
            self,
            "Front",
            settings=database.api,
            names=names,
            function=function.function,
            retention=retention,
            removal_policy=removal_policy,
        )
        self.url = front.url
        self.metrics = ApiMetrics(stage=front.stage, handler=function.function)
