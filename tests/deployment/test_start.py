"""Starting the task: what ECS is asked for, when nothing is to run, and what a person reads when it cannot start."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from deployment import handlers
from tests.deployment.stubs import CLUSTER, DEFINITION, NOW, ROLE, TASK_ARN, Script, properties, request

STARTED: dict[str, Any] = {"tasks": [{"taskArn": TASK_ARN}], "failures": []}
WITH_TASK = {
    "PhysicalResourceId": "FluxionMigrate",
    "Data": {"TaskArn": TASK_ARN, "StartedAt": "2026-11-25T12:00:00+00:00"},
}
WITHOUT_TASK = {"PhysicalResourceId": "FluxionMigrate"}


def start(event: dict[str, Any], script: Script, pauses: list[float] | None = None) -> dict[str, Any]:
    def wait(seconds: float) -> None:
        if pauses is None:
            pytest.fail("nothing is to be waited for")
        pauses.append(seconds)

    result = handlers.start(event, None, client_of=script.client_of, wait=wait, now=lambda: NOW)
    script.assert_done()
    return result


def test_ecs_is_asked_for_this_revision_with_this_command_in_the_schedule_s_network() -> None:
    script = Script()
    script.answers(
        "ecs",
        "run_task",
        STARTED,
        cluster=CLUSTER,
        taskDefinition=f"{DEFINITION}:7",
        launchType="FARGATE",
        platformVersion="1.4.0",
        propagateTags="TASK_DEFINITION",
        group="vistafresca-deployment",
        startedBy="vistafresca-deployment",
        clientToken="11111111-2222-3333-4444-555555555555",  # a repeated request starts no second task
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": ["subnet-1", "subnet-2"],
                "securityGroups": ["sg-1"],
                "assignPublicIp": "DISABLED",
            }
        },
        overrides={
            "containerOverrides": [
                {"name": "refresh", "command": ["python", "-m", "refresh_task", "migrate", "--system", "fluxion"]}
            ]
        },
    )
    assert start(request(), script) == WITH_TASK
    assert script.roles == [ROLE]


@pytest.mark.parametrize(
    "former",
    [
        {"TaskDefinition": f"{DEFINITION}:6"},
        {"Files": "former"},
        {"Command": ["python", "-m", "refresh_task", "migrate"]},
    ],
)
def test_an_update_runs_what_is_another_task_now(former: dict[str, Any]) -> None:
    script = Script()
    script.answers("ecs", "run_task", STARTED)
    assert start(request("Update", OldResourceProperties=properties(**former)), script) == WITH_TASK


@pytest.mark.parametrize("former", [{}, {"Subnets": ["subnet-9"]}, {"TimeoutS": "60"}, {"ServiceToken": "other"}])
def test_an_update_of_where_it_would_run_runs_nothing(former: dict[str, Any]) -> None:
    assert start(request("Update", OldResourceProperties=properties(**former)), Script()) == WITHOUT_TASK


def test_an_update_from_properties_of_another_version_runs() -> None:
    script = Script()
    script.answers("ecs", "run_task", STARTED)
    assert start(request("Update", OldResourceProperties={"ServiceToken": "x"}), script) == WITH_TASK


def test_deleting_does_nothing() -> None:
    script = Script()
    event = request("Delete")
    result = start(event, script)
    assert result == WITHOUT_TASK
    assert handlers.is_complete({**event, **result}, None, client_of=script.client_of) == {"IsComplete": True}
    assert script.roles == []


def test_no_capacity_fails_with_ecs_s_reason() -> None:
    script = Script()
    failure = {"reason": "Capacity is unavailable at this time.", "detail": "Try again later."}
    script.answers("ecs", "run_task", {"tasks": [], "failures": [failure]})
    script.answers("cloudformation", "describe_stacks", stack("UPDATE_IN_PROGRESS"))
    with pytest.raises(handlers.OneOffTaskError) as caught:
        start(request(), script)
    assert str(caught.value) == (
        "`vistafresca migrate` as vistafresca-production-fluxion:7 failed: ECS has not started the task: Capacity is "
        "unavailable at this time. Try again later."
    )


def test_a_refusal_fails_with_aws_s_words_and_is_not_tried_again() -> None:
    script = Script()
    script.refuses("ecs", "run_task", "InvalidParameterException", "No subnet.")
    script.answers("cloudformation", "describe_stacks", stack("CREATE_IN_PROGRESS"))
    with pytest.raises(handlers.OneOffTaskError, match=r"InvalidParameterException.*No subnet\."):
        start(request(), script)


def test_rights_that_are_not_known_everywhere_yet_are_waited_for() -> None:
    """First the role itself, then what it may do."""
    script, pauses = Script(), list[float]()
    script.refusals["sts"] = [denied("AccessDenied", "AssumeRole")]
    script.refuses("ecs", "run_task", "AccessDeniedException")
    script.answers("ecs", "run_task", STARTED)
    assert start(request(), script, pauses) == WITH_TASK
    assert pauses == [5.0, 5.0]


def test_rights_that_never_come_fail_after_a_minute() -> None:
    script, pauses = Script(), list[float]()
    script.refusals["sts"] = [denied("AccessDenied", "AssumeRole") for _ in range(20)]
    with pytest.raises(handlers.OneOffTaskError, match="AssumeRole"):
        start(request(), script, pauses)
    assert sum(pauses) == 60


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"])
def test_a_rollback_is_not_failed_by_what_cannot_start(status: str) -> None:
    script = Script()
    script.answers("ecs", "run_task", {"tasks": [], "failures": [{"reason": "RESOURCE:FARGATE"}]})
    script.answers("cloudformation", "describe_stacks", stack(status))
    former = properties(TaskDefinition=f"{DEFINITION}:8")
    result = start(request("Update", OldResourceProperties=former), script)
    assert result == WITHOUT_TASK
    assert handlers.is_complete({**request("Update"), **result}, None, client_of=script.client_of) == {
        "IsComplete": True
    }


def stack(status: str) -> dict[str, Any]:
    return {"Stacks": [{"StackName": "vistafresca-production", "CreationTime": NOW, "StackStatus": status}]}


def denied(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "not authorized"}}, operation)
