"""ECS's own events: which of them page, and in which words."""

import json
from typing import Any

import pytest

from infrastructure.naming import DEPLOYMENT_GROUP
from paging.notification import StoppedTask, read
from tests.emulation.eventbridge.patterns import matches
from tests.infrastructure.template import ACCOUNT, Template, services

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


@pytest.mark.parametrize("exit_code", [4, 134, 137, 139, 143])
def test_a_crash_or_a_kill_pages_once(template: Template, exit_code: int) -> None:
    for service in services(template):
        event = stopped(template, service, exit_code=exit_code, stop_code="EssentialContainerExited")
        assert paged_by(template, event) == [f"vistafresca-{service}-task-exited"]


def test_a_task_that_could_not_start_pages_once(template: Template) -> None:
    for service in services(template):
        event = stopped(template, service, exit_code=None, stop_code="TaskFailedToStart")
        assert paged_by(template, event) == [f"vistafresca-{service}-task-not-started"]


@pytest.mark.parametrize("exit_code", [0, 1, 2, 3])
def test_what_alarms_say_once_is_not_said_at_every_run(template: Template, exit_code: int) -> None:
    """views-failed, views-late (1), run-failed (2), slow-run (3): decision 12."""
    for service in services(template):
        event = stopped(template, service, exit_code=exit_code, stop_code="EssentialContainerExited")
        assert paged_by(template, event) == []


def test_a_task_on_its_way_down_is_told_only_when_it_has_stopped(template: Template) -> None:
    service = services(template)[0]
    event = stopped(template, service, exit_code=137, stop_code="EssentialContainerExited", lastStatus="DEPROVISIONING")
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
    event = stopped(template, service, exit_code=137, stop_code="EssentialContainerExited", **foreign)
    assert paged_by(template, event) == []


def test_a_task_that_someone_started_in_a_group_of_its_own_is_told_too(template: Template) -> None:
    service = services(template)[0]
    event = stopped(template, service, exit_code=137, stop_code="EssentialContainerExited", group="my-backfill")
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


def handed_on(template: Template, service: str, name: str, event: dict[str, Any]) -> dict[str, Any]:
    """What the rule publishes of an event: its template with the event's parts put in."""
    (target,) = template.one("AWS::Events::Rule", Name=f"vistafresca-{service}-{name}").properties["Targets"]
    transformer = target["InputTransformer"]
    text = transformer["InputTemplate"]
    ((placeholder, path),) = transformer["InputPathsMap"].items()
    assert path == "$.detail"
    # An object is put in as it is; https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
    text = text.replace(f"<{placeholder}>", json.dumps(event["detail"]))
    published = json.loads(text)
    assert isinstance(published, dict)
    return published


@pytest.mark.parametrize(("name", "exit_code"), [("task-not-started", None), ("task-exited", 137)])
def test_a_rule_hands_on_what_the_function_reads(template: Template, name: str, exit_code: int | None) -> None:
    for service in services(template):
        event = stopped(template, service, exit_code=exit_code, stop_code="any", stoppedAt="2026-11-25T18:30:01Z")
        published = handed_on(template, service, name, event)
        environment, database = service.split("-", 1)
        assert published["detail"] == event["detail"]
        assert f"Database: {database} in {environment}. First: " in published["description"]
        found = read({"Message": json.dumps(published), "Timestamp": "2026-11-25T18:30:02Z"}, environment=environment)
        assert isinstance(found, StoppedTask)
        assert (found.about.database, found.about.section, found.exit_code) == (database, name, exit_code)
