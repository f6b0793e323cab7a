"""The commands an operator needs, ready to paste; each does for every database what it does for one elsewhere."""

import json
from collections.abc import Sequence

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infrastructure import commands
from infrastructure.fleet.schedule import machine_input
from infrastructure.naming import Names
from infrastructure.operations import each_rule


class FleetOperations(Construct):
    """Outputs of the environment."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        names: Names,
        machine: sfn.IStateMachine,
        rules: Sequence[str],
        systems: Sequence[str],
    ) -> None:
        super().__init__(scope, id_)
        region = Stack.of(self).region
        arn = machine.state_machine_arn

        def for_each(*arguments: str) -> str:
            command = [*commands.PROGRAM, *arguments]
            given = machine_input(command, names=names, trigger_type="manual", triggered_by="operator")
            return (
                f"aws stepfunctions start-execution --region {region} --state-machine-arn {arn} "
                f"--input '{json.dumps(given, separators=(',', ':'))}'"
            )

        failed = (
            f"aws stepfunctions list-executions --region {region} --state-machine-arn {arn} --status-filter FAILED "
            "--max-items 1 --query 'executions[0].executionArn' --output text | head -1"
        )
        describe = f"aws stepfunctions describe-execution --region {region} --query '[stopDate,cause]' --output text"
        outputs = {
            "RunNow": (for_each("run"), "Refresh every database now, as the schedule would"),
            "Migrate": (
                for_each(*commands.migrate(systems)),
                "Bring every database's bi_refresh schema up to date; do this first, and after adding a database",
            ),
            "Apply": (for_each(*commands.apply(systems)), "Apply views.toml's policies to every database"),
            "Status": (for_each("status"), "Write the freshness of every view of every database to the log"),
            "WhichFailed": (
                f"{describe} --execution-arn $({failed})",
                "The databases whose latest bad round did not end well",
            ),
            "FollowLogs": (
                f"aws logs tail {names.log_group} --region {region} --follow --format short",
                "What runs are doing; the field database says whose a line is",
            ),
            "Disable": (each_rule("disable", rules, region=region), "Stop all runs; the heartbeat alarm will page"),
            "Enable": (each_rule("enable", rules, region=region), "Let runs start again"),
        }
        for name, (value, description) in outputs.items():
            CfnOutput(self, name, value=value, description=f"{names.service}: {description}").override_logical_id(
                f"{names.output_prefix}{name}"
            )
