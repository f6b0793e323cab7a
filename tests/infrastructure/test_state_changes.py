"""ECS's own events: which of them page, and in which words."""

from typing import Any

import pytest

from infrastructure.naming import DEPLOYMENT_GROUP
from tests.infrastructure.event_pattern import matches
from tests.infrastructure.template import ACCOUNT, Resource, Template, services

# Shaped after https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
CLUSTER = "arn:aws:ecs:us-east-1:123456789012:cluster/any"


def stopped(
    template: Template, service: str, *, exit_code: int | None, stop_code: str, **detail: Any
) -> dict[str, Any]:
    """A task of that service has stopped; without an exit code if its container never ran."""
    container = {"name": "refresh", "lastStatus": "STOPPED"} | ({} if exit_code is None else {"exitCode": exit_code})
    (cluster,) = template.resources("AWS::ECS::Cluster")
    return {
        "source": "aws.ecs",
        "detail-type": "ECS Task State Change",
        "detail": {
            "clusterArn": f"<{cluster.id}.Arn>",
            "taskDefinitionArn": f"arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/vistafresca-{service}:7",
            "group": f"family:vistafresca-{service}",
            "lastStatus": "STOPPED",
            "stopCode": stop_code,
            "containers": [container],
            **detail,
        },
    }


def paged_by(template: Template, event: dict[str, Any]) -> list[str]:
    """The names of the rules that would publish this event."""
    return [
        rule.properties["Name"]
        for rule in template.resources("AWS::Events::Rule")
        if "EventPattern" in rule.properties and matches(template.resolve(rule.properties["EventPattern"]), event)
    ]


@pytest.mark.parametrize("exit_code", [1, 2, 3, 137, 139, 143])
def test_an_exit_code_other_than_0_pages_once(template: Template, exit_code: int) -> None:
    for service in services(template):
        event = stopped(template, service, exit_code=exit_code, stop_code="EssentialContainerExited")
        assert paged_by(template, event) == [f"vistafresca-{service}-task-exited"]


def test_a_task_that_could_not_start_pages_once(template: Template) -> None:
    for service in services(template):
        event = stopped(template, service, exit_code=None, stop_code="TaskFailedToStart")
        assert paged_by(template, event) == [f"vistafresca-{service}-task-not-started"]


def test_a_run_that_went_well_pages_nobody(template: Template) -> None:
    for service in services(template):
        assert paged_by(template, stopped(template, service, exit_code=0, stop_code="EssentialContainerExited")) == []


def test_a_task_on_its_way_down_is_told_only_when_it_has_stopped(template: Template) -> None:
    service = services(template)[0]
    event = stopped(template, service, exit_code=1, stop_code="EssentialContainerExited", lastStatus="DEPROVISIONING")
    assert paged_by(template, event) == []


@pytest.mark.parametrize(
    "foreign",
    [
        {"clusterArn": CLUSTER},
        {"taskDefinitionArn": f"arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/vistafresca-sandbox-main-two:1"},
        {"taskDefinitionArn": f"arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/web:1"},
    ],
)
def test_other_peoples_tasks_page_nobody(template: Template, foreign: dict[str, str]) -> None:
    service = services(template)[0]
    event = stopped(template, service, exit_code=1, stop_code="EssentialContainerExited", **foreign)
    assert paged_by(template, event) == []


def test_a_task_that_someone_started_in_a_group_of_its_own_is_told_too(template: Template) -> None:
    service = services(template)[0]
    event = stopped(template, service, exit_code=2, stop_code="EssentialContainerExited", group="my-backfill")
    assert paged_by(template, event) == [f"vistafresca-{service}-task-exited"]


@pytest.mark.parametrize(
    ("exit_code", "stop_code"),
    [(2, "EssentialContainerExited"), (137, "EssentialContainerExited"), (None, "TaskFailedToStart")],
)
def test_a_deployment_s_own_tasks_fail_the_deployment_and_page_nobody(
    template: Template, exit_code: int | None, stop_code: str
) -> None:
    for service in services(template):
        event = stopped(template, service, exit_code=exit_code, stop_code=stop_code, group=DEPLOYMENT_GROUP)
        assert paged_by(template, event) == []


def message(rule: Resource) -> tuple[str, dict[str, str]]:
    (target,) = rule.properties["Targets"]
    transformer = target["InputTransformer"]
    return transformer["InputTemplate"], transformer["InputPathsMap"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("task-not-started", ["could not start", "Why, says ECS", "When:", "Do first:", "#task-not-started"]),
        ("task-exited", ["exit code", "1: a view failed or is late", "2: configuration or connection", "3: deadline"]),
        ("task-exited", ["137: killed", "When:", "Do first:", "-bi-refresh", "#task-exited"]),
    ],
)
def test_the_message_says_what_happened_to_what_since_when_and_what_to_do(
    template: Template, name: str, says: list[str]
) -> None:
    for service in services(template):
        text, _ = message(template.one("AWS::Events::Rule", Name=f"vistafresca-{service}-{name}"))
        environment, database = service.split("-", 1)
        assert f"{database} in {environment}" in text
        assert [part for part in says if part not in text] == []


def test_the_message_takes_its_details_from_the_event(template: Template) -> None:
    text, paths = message(template.one("AWS::Events::Rule", Name=f"vistafresca-{services(template)[0]}-task-exited"))
    assert set(paths.values()) == {
        "$.detail.containers[0].exitCode",
        "$.detail.startedBy",
        "$.detail.stopCode",
        "$.detail.stoppedAt",
        "$.detail.stoppedReason",
        "$.detail.taskArn",
    }
    assert [name for name in paths if f"<{name}>" not in text] == []
