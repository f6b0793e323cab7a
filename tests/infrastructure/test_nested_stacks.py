"""layout = "nested": a stack for each database within the environment's, with the same contents as a single one."""

import json
from pathlib import Path

import pytest

from infrastructure.application import application, synthesize
from tests.infrastructure.cfn_lint import findings
from tests.infrastructure.conftest import ROOT
from tests.infrastructure.fix_fleet import synthesize_fleet
from tests.infrastructure.paging_path import TASK_METRICS
from tests.infrastructure.template import Resource, Template, variables

DATABASES = 3
GROUP_RULES = ("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress")


@pytest.fixture(scope="module")
def assembly() -> Path:
    """Raises on a finding of cdk-nag, wherever it is."""
    return synthesize_fleet(DATABASES, layout="nested")


@pytest.fixture(scope="module")
def parent(assembly: Path) -> Template:
    return Template.read(assembly / "vistafresca-fleet.template.json")


@pytest.fixture(scope="module")
def nested(assembly: Path) -> list[Template]:
    return [Template.read(path) for path in sorted(assembly.glob("*.nested.template.json"))]


@pytest.fixture(scope="module")
def single() -> Template:
    return Template.read(synthesize_fleet(DATABASES, layout="single") / "vistafresca-fleet.template.json")


def test_every_database_has_a_stack_and_the_shared_things_are_above(parent: Template, nested: list[Template]) -> None:
    assert len(nested) == len(parent.resources("AWS::CloudFormation::Stack")) == DATABASES
    for shared in ("AWS::ECS::Cluster", "AWS::SNS::Topic", "AWS::CloudWatch::Dashboard", "AWS::KMS::Key"):
        assert len(parent.resources(shared)) == (2 if shared == "AWS::SNS::Topic" else 1)
        assert [template for template in nested if template.resources(shared)] == []
    for template in nested:
        template.one("AWS::ECS::TaskDefinition")


def test_nothing_is_lost_and_logical_ids_and_names_are_those_of_a_single_stack(
    parent: Template, nested: list[Template], single: Template
) -> None:
    moved = {resource.id: resource for template in nested for resource in template}
    above = {resource.id for resource in parent if resource.type != "AWS::CloudFormation::Stack"}
    ids = {resource.id for resource in single}
    # CDK names a rule between two security groups after both, stacks included.
    rules = {resource.id for template in (single, *nested) for resource in template if resource.type in GROUP_RULES}
    assert (set(moved) | above) - rules == ids - rules
    assert len(moved) + len(above) == len(ids)
    for resource in single:
        for key in ("AlarmName", "Name", "Family", "LogGroupName", "QueueName"):
            if resource.id in moved and key in resource.properties:
                assert moved[resource.id].properties[key] == resource.properties[key]


def test_the_operator_s_commands_are_outputs_of_the_database_s_own_stack(
    parent: Template, nested: list[Template], single: Template
) -> None:
    commands = {name for name in single.json["Outputs"] if name.startswith("Tenant")}
    assert {f"Tenant001{name}" for name in ("RunNow", "Migrate", "Apply", "Disable")} <= commands
    given = {name for template in nested for name in template.json["Outputs"]}
    assert commands <= given
    assert set(parent.json["Outputs"]) == {"DashboardUrl", "Subscribe", "FollowPager", "DatabaseCommands"}
    assert "RootId==" in parent.resolve(parent.json["Outputs"]["DatabaseCommands"]["Value"])
    for template in nested:
        assert len(template.json["Outputs"]) <= 60


def test_tags_say_whose_a_thing_is_down_to_the_task(nested: list[Template]) -> None:
    def tags(resource: Resource) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in resource.properties.get("Tags", [])}

    for template in nested:
        task = template.one("AWS::ECS::TaskDefinition")
        database = variables(task)["VISTAFRESCA_DATABASE"]
        # Tasks get theirs from the definition (PropagateTags).
        for tagged in (task, template.one("AWS::Logs::LogGroup"), template.one("AWS::EC2::SecurityGroup")):
            assert tags(tagged) == {"vistafresca:database": database, "vistafresca:environment": "fleet"}


def test_no_stack_waits_for_one_that_waits_for_it(parent: Template) -> None:
    assert parent.waiting_in_a_circle == set()


def test_pages_reach_the_topic_above(parent: Template, nested: list[Template]) -> None:
    """What an alarm's action is within the stack is a parameter; the stack above gives it the topic."""
    topic = parent.one("AWS::SNS::Topic", TopicName="vistafresca-fleet-alarms")
    given = {
        name: value
        for stack in parent.resources("AWS::CloudFormation::Stack")
        for name, value in stack.properties["Parameters"].items()
    }
    for template in nested:
        rules = [rule for rule in template.resources("AWS::Events::Rule") if "EventPattern" in rule.properties]
        told = [rule.properties["Targets"][0]["Arn"] for rule in rules]
        for alarm in template.resources("AWS::CloudWatch::Alarm"):
            told += [*alarm.properties["AlarmActions"], *alarm.properties["OKActions"]]
        assert len(told) == 2 + 2 * 12
        assert {str(given[to["Ref"]]) for to in told} == {str({"Ref": topic.id})}


def test_rules_start_at_minutes_that_follow_from_the_name_alone(nested: list[Template]) -> None:
    """So adding a database moves no other's; the minutes are these for ever, or Sentry's monitors would move."""
    started = {}
    for template in nested:
        (rule,) = [rule for rule in template.resources("AWS::Events::Rule") if "ScheduleExpression" in rule.properties]
        given = variables(template.one("AWS::ECS::TaskDefinition"))
        minutes = rule.properties["ScheduleExpression"].removeprefix("cron(").split(" ")[0]
        started[given["VISTAFRESCA_DATABASE"]] = minutes.split(",")[0]
        from_the_hour = "*/10" if minutes.startswith("0,") else minutes
        assert given["VISTAFRESCA_SCHEDULE"] == f"{from_the_hour} * * * *"
    assert started == {"tenant-001": "0", "tenant-002": "4", "tenant-003": "4"}


def test_cfn_lint_finds_nothing(assembly: Path) -> None:
    templates = [assembly / "vistafresca-fleet.template.json", next(assembly.glob("*.nested.template.json"))]
    assert findings(*templates) == []


@pytest.mark.parametrize("example", ["production.toml.example", "sandbox.toml"])
def test_apis_and_provisioned_databases_may_be_nested_too(tmp_path: Path, example: str) -> None:
    """Both shipped environments with this one key changed: no finding of cdk-nag, and no stack waits in a circle."""
    text = (ROOT / "environments" / example).read_text(encoding="utf-8")
    (tmp_path / "other.toml").write_text(f'layout = "nested"\n{text}', encoding="utf-8")
    folder = synthesize(application(environments=tmp_path, name="other", outdir=str(tmp_path / "out")))
    assert Template.read(folder / "vistafresca-other.template.json").waiting_in_a_circle == set()
    assert len(list(folder.glob("*.nested.template.json"))) == text.count("\n[[database]]\n")


def test_beyond_ten_databases_one_page_shows_whose_data_is_late_and_the_ten_worst() -> None:
    template = Template.read(synthesize_fleet(50, layout="nested") / "vistafresca-fleet.template.json")
    body = json.loads(template.resolve(template.one("AWS::CloudWatch::Dashboard").properties["DashboardBody"]))
    assert len(body["widgets"]) == 1 + 1 + 3 + 6
    pager, *shown = [widget["properties"]["alarms"] for widget in body["widgets"] if widget["type"] == "alarm"]
    assert len(pager) == 1
    arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:vistafresca-fleet"
    for alarms, name in zip(shown, ("heartbeat", "views-late", "failing-repeatedly"), strict=True):
        assert alarms == [f"{arn}-tenant-{number:03}-{name}" for number in range(1, 51)]
    searched = [
        metric[0]["expression"]
        for widget in body["widgets"]
        if widget["type"] == "metric"
        for metric in widget["properties"]["metrics"]
    ]
    search = "SEARCH('{Vistafresca,service} MetricName=\"MaxLagSeconds\" service=fleet', 'Maximum', 300)"
    assert searched[0] == f"SORT({search}, MAX, DESC, 10)"
    written = {part for part in TASK_METRICS if any(f'MetricName="{part}"' in expression for expression in searched)}
    assert len(written) == len(searched) == 6


def test_up_to_ten_databases_have_rows_of_their_own(parent: Template) -> None:
    body = parent.resolve(parent.one("AWS::CloudWatch::Dashboard").properties["DashboardBody"])
    assert [f"## fleet-tenant-{number:03}:" in body for number in (1, 2, 3)] == [True, True, True]
