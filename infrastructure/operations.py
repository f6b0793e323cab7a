"""The commands an operator needs, ready to paste, as outputs of the stack."""

import json
from collections.abc import Sequence

from aws_cdk import CfnOutput, Fn, Stack
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from infrastructure import commands
from infrastructure.messages import Messages
from infrastructure.naming import CONTAINER, Names
from infrastructure.network import Network
from infrastructure.pager import CLOUDWATCH, Pager
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
                each_rule("disable", rules, region=region),
                "Stop all runs; the heartbeat alarm will page",
            ),
            "Enable": (each_rule("enable", rules, region=region), "Let runs start again"),
        }
        for name, (value, description) in outputs.items():
            CfnOutput(self, name, value=value, description=f"{names.service}: {description}").override_logical_id(
                f"{names.output_prefix}{name}"
            )


def each_rule(verb: str, rules: Sequence[str], *, region: str) -> str:
    """Enable or disable them all, one after the other."""
    return " && ".join(f"aws events {verb}-rule --region {region} --name {rule}" for rule in rules)


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
    """Outputs for the whole environment; `nested`: those of its databases are in stacks below, where to find them."""

    def __init__(
        self, scope: Construct, id_: str, *, dashboard_name: str, pager: Pager, messages: Messages, nested: bool
    ) -> None:
        super().__init__(scope, id_)
        region = Stack.of(self).region
        if nested:
            self._output(
                "DatabaseCommands",
                (
                    f"aws cloudformation describe-stacks --region {region} --output text --query "
                    f"'Stacks[?RootId==`{Stack.of(self).stack_id}`].Outputs[].[OutputKey,OutputValue]'"
                ),
                "The outputs of every database: the commands to refresh it, to migrate, to stop its schedule",
            )
        url = f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#dashboards/dashboard/{dashboard_name}"
        self._output("DashboardUrl", url, "Is the data fresh, and if not, why")
        topic = pager.people_topic.topic_arn
        self._output(
            "Subscribe",
            (
                f"aws sns subscribe --region {region} --topic-arn {topic} --protocol email "
                "--notification-endpoint YOU@EXAMPLE.COM"
            ),
            "Be paged",
        )
        self._output(
            "FollowPager",
            f"aws logs tail {messages.log_group_name} --region {region} --follow --format short",
            "Which messages were sent, and what went wrong with those that were not",
        )
        if pager.imported:
            self._output(
                "PagerPolicy",
                f"The policy of {topic} must allow {CLOUDWATCH} sns:Publish, and in another account the role "
                f"{messages.role.role_arn}, too. If the topic is encrypted, then with a customer-managed key "
                "(pager.topic_kms_key_arn) whose policy allows both kms:Decrypt and kms:GenerateDataKey*. Until then "
                "no message arrives.",
                "What this stack cannot grant by itself on an imported topic",
            )

    def _output(self, name: str, value: str, description: str) -> None:
        CfnOutput(self, name, value=value, description=description).override_logical_id(name)
