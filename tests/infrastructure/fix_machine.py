"""The synthesized state machine, really executed: by moto's interpreter of Amazon's States Language (LocalStack's).

What it goes through is the very file that is deployed, in moto's S3. ECS is played below: what the integration
`ecs:runTask.sync` makes of a started task, as AWS documents it. moto's own calls every task that has stopped a success,
whatever its exit code, and knows neither throttling nor `failures`.
https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html

Not shown: IAM, the map run's own quotas, how fast items are started, and that AWS's interpreter reads all as this one.
"""

import json
import os
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import botocore.session
from moto import mock_aws
from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_ecs import (
    StateTaskServiceEcs,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

from tests.infrastructure.template import Template

THROTTLED = ("ECS.AmazonECSException", "Rate exceeded (Service: AmazonECS; Error Code: ThrottlingException)")
NO_CAPACITY = ("AmazonECS.Unknown", '{"failures":[{"reason":"Capacity is unavailable at this time"}]}')


def exited(code: int) -> tuple[str, str]:
    """A task that ended with another exit code than 0."""
    return ("States.TaskFailed", json.dumps({"Containers": [{"ExitCode": code}], "LastStatus": "STOPPED"}))


@dataclass
class PlayedEcs:
    """Tasks that end at once: well, or for a database with the errors given, one after the other."""

    errors: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    calls: list[dict[str, Any]] = field(default_factory=list)
    waits_s: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run_task(self, parameters: Mapping[str, Any]) -> tuple[str, str] | None:
        """Error and cause, where the integration fails."""
        with self._lock:
            self.calls.append(dict(parameters))
            errors = self.errors.get(environment(parameters)["VISTAFRESCA_DATABASE"])
            return errors.pop(0) if errors else None

    def of(self, database: str) -> list[dict[str, Any]]:
        """The calls for one database."""
        return [call for call in self.calls if environment(call)["VISTAFRESCA_DATABASE"] == database]


def environment(parameters: Mapping[str, Any]) -> dict[str, str]:
    """The variables that a call overrides."""
    (container,) = parameters["Overrides"]["ContainerOverrides"]
    return {entry["Name"]: entry["Value"] for entry in container["Environment"]}


@dataclass(frozen=True, kw_only=True)
class Execution:
    """How it ended."""

    status: str
    error: str | None
    cause: str | None


def execute(assembly: Path, given: Mapping[str, Any], ecs: PlayedEcs) -> Execution:
    """Deploy the machine and its items into moto, start one execution, and wait for its end."""
    template = Template.read(assembly / "vistafresca-fleet.template.json")
    (machine,) = template.resources("AWS::StepFunctions::StateMachine")
    # moto's grammar wants a decimal point in this number.
    text = re.sub(
        r'("ToleratedFailurePercentage":\d+)', r"\1.0", template.resolve(machine.properties["DefinitionString"])
    )
    with _aws(ecs):
        session = botocore.session.get_session()
        reader = json.loads(text)["States"]["ForEachDatabase"]["ItemReader"]["Parameters"]
        s3 = session.create_client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket=reader["Bucket"])
        s3.put_object(**reader, Body=(assembly / f"asset.{reader['Key']}").read_bytes())
        states = session.create_client("stepfunctions", region_name="us-east-1")
        role = "arn:aws:iam::123456789012:role/states"
        arn = states.create_state_machine(name="fleet", definition=text, roleArn=role)["stateMachineArn"]
        started = states.start_execution(stateMachineArn=arn, input=json.dumps(given))["executionArn"]
        while (ended := states.describe_execution(executionArn=started))["status"] == "RUNNING":
            time.sleep(0.02)  # the API tells nobody when an execution ends
        return Execution(status=ended["status"], error=ended.get("error"), cause=ended.get("cause"))


def asset(assembly: Path) -> Sequence[Mapping[str, Any]]:
    """The items, as they are deployed."""
    (path,) = assembly.glob("asset.*.json")
    items = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(items, list)
    return items


@contextmanager
def _aws(ecs: PlayedEcs) -> Iterator[None]:
    def call(self: Any, *, env: Any, normalised_parameters: Mapping[str, Any], **_: Any) -> None:  # noqa: ARG001
        env.stack.append(normalised_parameters)

    def wait(self: Any, *, env: Any, normalised_parameters: Mapping[str, Any], **_: Any) -> None:  # noqa: ARG001
        if (failure := ecs.run_task(normalised_parameters)) is not None:
            raise FailureEventException(_event(env, *failure))
        env.stack[-1] = {"LastStatus": "STOPPED", "Containers": [{"ExitCode": 0}]}

    credentials = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    with (
        patch.dict(os.environ, credentials),
        patch.object(StateTaskServiceEcs, "_eval_service_task", call),
        patch.object(StateTaskServiceEcs, "_eval_integration_pattern", wait),
        patch.object(retrier_decl, "time", SimpleNamespace(sleep=ecs.waits_s.append)),
        mock_aws(config={"stepfunctions": {"execute_state_machine": True}}),
    ):
        yield


def _event(env: Any, error: str, cause: str) -> FailureEvent:
    details = TaskFailedEventDetails(resourceType="ecs", resource="runTask.sync", error=error, cause=cause)
    name = (
        StatesErrorName(typ=StatesErrorNameType.StatesTaskFailed)
        if error == "States.TaskFailed"
        else CustomErrorName(error_name=error)
    )
    return FailureEvent(
        env=env,
        error_name=name,
        event_type=HistoryEventType.TaskFailed,
        event_details=EventDetails(taskFailedEventDetails=details),  # type: ignore[typeddict-item]  # moto gives one too
    )
