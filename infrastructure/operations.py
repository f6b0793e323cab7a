"""The commands an operator needs, ready to paste, as outputs of the stack."""

import json
from collections.abc import Sequence

from aws_cdk import CfnOutput, Fn, Stack
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from infrastructure import commands
from infrastructure.naming import CONTAINER, Names
from infrastructure.network import Network
from infrastructure.pager import PUBLISHERS, Pager
from infrastructure.refresh_task import RefreshTask


class Operations(Construct):
    """Outputs for one database."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        names: Names,
        cluster: ecs.ICluster,
        task: RefreshTask,
        network: Network,
        rules: Sequence[str],
        systems: Sequence[str],
    ) -> None:
        super().__init__(scope, id_)
        region = Stack.of(self).region

        def each_rule(verb: str) -> str:
            return " && ".join(f"aws events {verb}-rule --region {region} --name {rule}" for rule in rules)

        def command_of(*arguments: str) -> str:
            return _run_task(arguments, names=names, cluster=cluster, task=task, network=network, region=region)

        outputs = {
            "RunNow": (command_of("run"), "Refresh now, as the schedule would"),
            "Migrate": (
                command_of(*commands.migrate(systems)),
                "Bring the database's bi_refresh schema up to date; do this first, once",
            ),
            "Apply": (command_of(*commands.apply(systems)), "Apply views.toml's policies"),
            **{
                f"Sample{system.title().replace('_', '')}": (
                    command_of("sample", system),
                    f"Fill the empty tables of {system} with sample rows, after Migrate",
                )
                for system in systems
            },
            "Status": (command_of("status"), "Write every view's freshness to the log"),
            "FollowLogs": (
                f"aws logs tail {names.log_group} --region {region} --follow --format short",
                "What runs are doing",
            ),
            "Disable": (
                each_rule("disable"),
                "Stop all runs; the heartbeat alarm will page",
            ),
            "Enable": (each_rule("enable"), "Let runs start again"),
        }
        for name, (value, description) in outputs.items():
            CfnOutput(self, name, value=value, description=f"{names.service}: {description}").override_logical_id(
                f"{names.output_prefix}{name}"
            )


def _run_task(
    arguments: Sequence[str],
    *,
    names: Names,
    cluster: ecs.ICluster,
    task: RefreshTask,
    network: Network,
    region: str,
) -> str:
    """`aws ecs run-task` with the network that the schedule uses, and this command of the task."""
    configuration = (
        f"subnets=[{Fn.join(',', list(network.task_subnet_ids))}],"
        f"securityGroups=[{task.security_group.security_group_id}],"
        f"assignPublicIp={'ENABLED' if network.assign_public_ip else 'DISABLED'}"
    )
    overrides = {"containerOverrides": [{"name": CONTAINER, "command": [*commands.PROGRAM, *arguments]}]}
    return (
        f"aws ecs run-task --region {region} --cluster {cluster.cluster_name} --task-definition {names.family} "
        f"--launch-type FARGATE --platform-version 1.4.0 --propagate-tags TASK_DEFINITION "
        f"--network-configuration 'awsvpcConfiguration={{{configuration}}}' "
        f"--overrides '{json.dumps(overrides, separators=(',', ':'))}'"
    )


class EnvironmentOperations(Construct):
    """Outputs for the whole environment."""

    def __init__(self, scope: Construct, id_: str, *, dashboard_name: str, pager: Pager) -> None:
        super().__init__(scope, id_)
        region = Stack.of(self).region
        url = f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#dashboards/dashboard/{dashboard_name}"
        self._output("DashboardUrl", url, "Is the data fresh, and if not, why")
        topic = pager.topic.topic_arn
        self._output(
            "Subscribe",
            (
                f"aws sns subscribe --region {region} --topic-arn {topic} --protocol email "
                "--notification-endpoint YOU@EXAMPLE.COM"
            ),
            "Be paged",
        )
        if pager.imported:
            self._output(
                "PagerPolicy",
                f"The policy of {topic} must allow {' and '.join(PUBLISHERS)} sns:Publish; if the topic is encrypted, "
                "then with a customer-managed key whose policy allows both kms:Decrypt and kms:GenerateDataKey*, with "
                "no condition on aws:SourceAccount. Until then no alarm pages.",
                "What this stack cannot grant by itself on an imported topic",
            )

    def _output(self, name: str, value: str, description: str) -> None:
        CfnOutput(self, name, value=value, description=description).override_logical_id(name)
