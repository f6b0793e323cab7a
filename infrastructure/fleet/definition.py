"""The state machine, in Amazon's States Language: https://states-language.net/spec.html

ForEachDatabase (items: a JSON file in S3)  ──►  AllWell ──► Done
  └─ RunTask: one database's task                   └──────► DatabasesFailed: which, and why
       └─ on any error ──► Failed: its name and the error
"""

from collections.abc import Mapping, Sequence
from typing import Any

MAY_PASS = [
    "ECS.AmazonECSException",
    "ECS.ThrottlingException",
    "ECS.ServerException",
    "ECS.InvalidParameterException",
    "AmazonECS.Unknown",
]
"""Throttled, no capacity, or (InvalidParameter) EC2 throttling ECS's look at the subnets (cdklabs/construct-hub#415):
no task was started, so trying again runs nothing twice. One that ended with another exit code than 0 is
States.TaskFailed, and waits for the next run."""

LONGEST_S = 2 * 3600
"""A run cancels itself at its deadline; this is for a task that never ends, which ECS lets run for ever."""


def definition(
    *,
    partition: str,
    bucket: str,
    key: str,
    databases: int,
    concurrency: int,
    run_task: Mapping[str, Any],
) -> dict[str, Any]:
    """The machine as a value. `run_task`: the parameters of ECS's RunTask, with paths into {run, item}: the execution's
    input and one of the file's items."""
    return {
        "StartAt": "ForEachDatabase",
        "States": {
            "ForEachDatabase": {
                "Type": "Map",
                "ItemReader": {
                    "Resource": f"arn:{partition}:states:::s3:getObject",
                    "ReaderConfig": {"InputType": "JSON"},
                    "Parameters": {"Bucket": bucket, "Key": key},
                },
                "ItemSelector": {"run.$": "$", "item.$": "$$.Map.Item.Value"},
                "MaxConcurrency": concurrency,
                # An item that even its own Catch does not catch stops no other, and is missed by the count below.
                "ToleratedFailurePercentage": 100,
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": "RunTask",
                    "States": {"RunTask": _run_task(partition, run_task), "Failed": _FAILED},
                },
                "ResultSelector": {"well.$": "States.ArrayLength($[*].name)", "failed.$": "$[*].failed"},
                "Next": "AllWell",
            },
            "AllWell": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.well", "NumericEquals": databases, "Next": "Done"}],
                "Default": "DatabasesFailed",
            },
            "Done": {"Type": "Succeed"},
            "DatabasesFailed": {
                "Type": "Fail",
                "Error": "DatabasesFailed",
                "CausePath": (
                    f"States.Format('{{}} of {databases} databases ended well; not so: {{}}', $.well, "
                    "States.JsonToString($.failed))"
                ),
            },
        },
    }


def _run_task(partition: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": f"arn:{partition}:states:::ecs:runTask.sync",
        "Parameters": dict(parameters),
        "TimeoutSeconds": LONGEST_S,
        "Retry": [
            {
                "ErrorEquals": MAY_PASS,
                "IntervalSeconds": 5,
                "BackoffRate": 2,
                "MaxDelaySeconds": 60,
                "MaxAttempts": 5,
                "JitterStrategy": "FULL",
            }
        ],
        "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Failed"}],
        # A task's description is some kilobytes, and all results together may be 256 KiB: the name is enough. (Not
        # "ResultPath": None, which does not survive the way to JavaScript.)
        "ResultPath": "$.task",
        "OutputPath": "$.item.database",
        "End": True,
    }


_FAILED: Mapping[str, Any] = {
    "Type": "Pass",
    "Parameters": {"failed": {"name.$": "$.item.database.name", "error.$": "$.failure.Error"}},
    "End": True,
}


def container_environment(variables: Sequence[str]) -> list[dict[str, str]]:
    """The override of a container's variables: the item's own, and why the run was started."""
    paths = {name: f"$.item.variables.{name}" for name in variables} | {
        "VISTAFRESCA_TRIGGER_TYPE": "$.run.trigger_type",
        "VISTAFRESCA_TRIGGERED_BY": "$.run.triggered_by",
        "VISTAFRESCA_SCHEDULED_TIME": "$.run.scheduled_time",
    }
    return [{"Name": name, "Value.$": path} for name, path in paths.items()]
