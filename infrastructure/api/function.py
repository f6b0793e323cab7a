"""What answers: the image's API under Lambda's runtime client, told what the task is told and how to start it."""

import json
from collections.abc import Mapping

from aws_cdk import Duration, Fn
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infrastructure.image import function_code
from infrastructure.naming import CONTAINER, Names
from infrastructure.network import Network
from infrastructure.refresh_task import RefreshTask, variables
from infrastructure.resource import pass_over_twice_ordered
from infrastructure.settings import Database, Environment

RUNTIME_CLIENT = ("python", "-m", "awslambdaric")
HANDLER = "api.lambda_handler.handler"


class Function(Construct):
    """In the subnets of the database's network. Each request at work has one connection to the database."""

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
        role: iam.IRole,
        security_group: ec2.ISecurityGroup,
        log_group: logs.ILogGroup,
    ) -> None:
        super().__init__(scope, id_)
        settings = database.api
        self.function = lambda_.DockerImageFunction(
            self,
            "Function",
            function_name=names.api,
            description=f"Vistafresca: HTTP API of {names.service}",
            code=function_code(
                self,
                settings=environment.image,
                architecture=environment.cpu_architecture,
                entrypoint=RUNTIME_CLIENT,
                command=[HANDLER],
            ),
            architecture=lambda_.Architecture.ARM_64
            if environment.cpu_architecture == "ARM64"
            else lambda_.Architecture.X86_64,
            memory_size=settings.memory_mib,
            timeout=Duration.seconds(settings.timeout_s),
            reserved_concurrent_executions=settings.concurrency or None,
            role=role,
            vpc=network.vpc,
            vpc_subnets=network.function_subnets,
            security_groups=[security_group],
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            environment={
                **variables(environment, database, names),
                **connection,
                **_control(names, network=network, cluster=cluster, task=task),
                **_callers(settings.caller_patterns),
            },
        )
        pass_over_twice_ordered(self.function)


def _control(names: Names, *, network: Network, cluster: ecs.ICluster, task: RefreshTask) -> dict[str, str]:
    """What the API needs to know to start the task, to read the rules and to move one: `api/settings.py` reads it."""
    given = {
        "VISTAFRESCA_RULE": names.rule,
        "VISTAFRESCA_DAILY_RULE": names.daily_rule,
        "VISTAFRESCA_CLUSTER": cluster.cluster_name,
        "VISTAFRESCA_TASK_DEFINITION": task.definition.task_definition_arn,
        "VISTAFRESCA_CONTAINER": CONTAINER,
        "VISTAFRESCA_SUBNETS": Fn.join(",", list(network.task_subnet_ids)),
        "VISTAFRESCA_SECURITY_GROUPS": task.security_group.security_group_id,
        "VISTAFRESCA_ASSIGN_PUBLIC_IP": str(network.assign_public_ip).lower(),
    }
    if names.poll_minutes:
        given["VISTAFRESCA_REQUESTED_RULE"] = names.requested_rule
    return given


def _callers(patterns: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Roles of callers that IAM lets in; those of a token are in the token."""
    return {"VISTAFRESCA_IAM_ROLES": json.dumps(patterns, sort_keys=True)} if patterns else {}
