"""layout = "map": what an execution of the state machine does, by executing it (fix_machine.py says on what)."""

import json
from pathlib import Path
from typing import Any

import pytest

from infrastructure.fleet.definition import MAY_PASS
from tests.infrastructure.fix_fleet import synthesize_fleet
from tests.infrastructure.fix_machine import (
    NO_CAPACITY,
    THROTTLED,
    PlayedEcs,
    asset,
    environment,
    execute,
    exited,
)
from tests.infrastructure.template import Template

NAMES = ["tenant-001", "tenant-002", "tenant-003", "tenant-004"]


@pytest.fixture(scope="module")
def assembly() -> Path:
    """Raises on a finding of cdk-nag."""
    return synthesize_fleet(len(NAMES), layout="map")


@pytest.fixture(scope="module")
def template(assembly: Path) -> Template:
    return Template.read(assembly / "vistafresca-fleet.template.json")


@pytest.fixture(scope="module")
def given(template: Template) -> dict[str, Any]:
    """What the rule hands the machine, when it fires."""
    (rule,) = [rule for rule in template.resources("AWS::Events::Rule") if "ScheduleExpression" in rule.properties]
    transformer = rule.properties["Targets"][0]["InputTransformer"]
    ((name, path),) = transformer["InputPathsMap"].items()
    assert path == "$.time"
    filled = json.loads(transformer["InputTemplate"].replace(f"<{name}>", '"2026-11-25T10:20:00Z"'))
    assert isinstance(filled, dict)
    return filled


def test_one_task_for_each_database_with_what_it_must_know(
    assembly: Path, template: Template, given: dict[str, Any]
) -> None:
    ecs = PlayedEcs()
    assert execute(assembly, given, ecs).status == "SUCCEEDED"
    assert sorted(environment(call)["VISTAFRESCA_DATABASE"] for call in ecs.calls) == NAMES
    (call,) = ecs.of("tenant-002")
    assert environment(call) == {
        "VISTAFRESCA_DATABASE": "tenant-002",
        "VISTAFRESCA_DATABASE_SECRET_ARN": (
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:tenant-002/bi-refresh-GhIjKl"
        ),
        "PGPORT": "5432",
        "VISTAFRESCA_SENTRY_MONITOR_SLUG": "vistafresca-fleet-tenant-002",
        "VISTAFRESCA_TRIGGER_TYPE": "cron",
        "VISTAFRESCA_TRIGGERED_BY": "fleet-fleet-bi-views-refresh-10min",
        "VISTAFRESCA_SCHEDULED_TIME": "2026-11-25T10:20:00Z",
    }
    task = template.one("AWS::ECS::TaskDefinition")
    assert call["TaskDefinition"] == f"<{task.id}>"  # this revision, so that rolling back starts the one before
    (container,) = call["Overrides"]["ContainerOverrides"]
    assert (container["Name"], container["Command"]) == ("refresh", ["python", "-m", "refresh_task", "run"])
    assert call["PropagateTags"] == "TASK_DEFINITION"
    assert call["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == "DISABLED"
    # As ECS would name it without one: state_changes.py tells runs for the event queue apart by theirs.
    assert call["Group"] == "family:vistafresca-fleet-fleet"


def test_one_database_that_fails_stops_no_other_and_is_named(assembly: Path, given: dict[str, Any]) -> None:
    ecs = PlayedEcs(errors={"tenant-001": [exited(1)], "tenant-003": [exited(137)]})
    ended = execute(assembly, given, ecs)
    assert sorted(environment(call)["VISTAFRESCA_DATABASE"] for call in ecs.calls) == NAMES
    assert (ended.status, ended.error) == ("FAILED", "DatabasesFailed")
    assert ended.cause is not None
    assert ended.cause.startswith("2 of 4 databases ended well; not so: ")
    named = json.loads(ended.cause.split("not so: ")[1])
    assert named == [{"name": name, "error": "States.TaskFailed"} for name in ("tenant-001", "tenant-003")]
    assert ecs.waits_s == [], "a task that ran and failed must not be run again"


def test_when_all_fail_all_are_named(assembly: Path, given: dict[str, Any]) -> None:
    ended = execute(assembly, given, PlayedEcs(errors={name: [exited(2)] for name in NAMES}))
    assert ended.cause is not None
    assert ended.cause.startswith("0 of 4")
    assert [entry["name"] for entry in json.loads(ended.cause.split("not so: ")[1])] == NAMES


@pytest.mark.parametrize("passing", [THROTTLED, NO_CAPACITY])
def test_what_may_pass_is_tried_again_and_then_all_is_well(
    assembly: Path, given: dict[str, Any], passing: tuple[str, str]
) -> None:
    ecs = PlayedEcs(errors={"tenant-002": [passing, passing]})
    assert execute(assembly, given, ecs).status == "SUCCEEDED"
    assert len(ecs.of("tenant-002")) == 3
    assert len(ecs.waits_s) == 2
    assert max(ecs.waits_s) <= 60


def test_trying_again_ends_and_the_database_is_named(assembly: Path, given: dict[str, Any]) -> None:
    ecs = PlayedEcs(errors={"tenant-002": [THROTTLED] * 10})
    ended = execute(assembly, given, ecs)
    assert len(ecs.of("tenant-002")) == 1 + 5
    assert ended.status == "FAILED"
    assert '{"name":"tenant-002","error":"ECS.AmazonECSException"}' in str(ended.cause)


def test_an_operator_s_command_runs_for_every_database(assembly: Path, template: Template) -> None:
    """The input in the output Migrate, as it is pasted."""
    command = template.resolve(template.json["Outputs"]["FleetMigrate"]["Value"])
    ecs = PlayedEcs()
    assert execute(assembly, json.loads(command.split("--input '")[1].rstrip("'")), ecs).status == "SUCCEEDED"
    assert len(ecs.calls) == len(NAMES)
    for call in ecs.calls:
        (container,) = call["Overrides"]["ContainerOverrides"]
        assert container["Command"] == ["python", "-m", "refresh_task", "migrate"]
        # Neither Sentry's monitors nor the counters of failures take it for a scheduled run.
        assert environment(call)["VISTAFRESCA_TRIGGER_TYPE"] == "manual"
        assert environment(call)["VISTAFRESCA_SCHEDULED_TIME"] == ""


def test_every_variable_of_an_item_is_read_by_the_task(assembly: Path) -> None:
    """An item with a variable that the override lacks would be lost in silence, and one it lacks fails the machine."""
    items = asset(assembly)
    assert [item["database"]["name"] for item in items] == NAMES
    assert len({tuple(item["variables"]) for item in items}) == 1
    ecs = PlayedEcs()
    given = {"command": [], "group": "", "trigger_type": "", "triggered_by": "", "scheduled_time": ""}
    execute(assembly, given, ecs)
    for call in ecs.calls:
        assert set(items[0]["variables"]) <= set(environment(call))


def test_only_what_started_no_task_is_tried_again() -> None:
    assert not [error for error in MAY_PASS if error.startswith("States.")]
