"""layout = "map": what is deployed once for all databases, with which rights, and who is told. What the machine does:
test_fleet_machine.py."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.emulation.cloudwatch import alarms
from tests.emulation.cloudwatch.datum import Datum
from tests.emulation.cloudwatch.metric_store import MetricStore
from tests.infrastructure import described
from tests.infrastructure.cfn_lint import findings
from tests.infrastructure.fix_fleet import synthesize_fleet
from tests.infrastructure.paging_path import dimensions, metrics
from tests.infrastructure.template import Resource, Template, alarm, as_list, container, variables
from tests.infrastructure.test_documentation import linked, sections
from tests.infrastructure.test_least_privilege import statements

MANY = 300
SERVICE = "fleet-fleet"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def assembly() -> Path:
    """Raises on a finding of cdk-nag."""
    return synthesize_fleet(MANY, layout="map")


@pytest.fixture(scope="module")
def fleet(assembly: Path) -> Template:
    return Template.read(assembly / "vistafresca-fleet.template.json")


def role_of_machine(fleet: Template) -> Resource:
    role = fleet.referred(fleet.one("AWS::StepFunctions::StateMachine").properties["RoleArn"])
    assert role is not None
    return role


def test_the_machine_may_do_what_it_does_and_nothing_else(fleet: Template) -> None:
    task = fleet.one("AWS::ECS::TaskDefinition")
    cluster = fleet.one("AWS::ECS::Cluster")
    given = {
        action: (fleet.resolve(statement["Resource"]), fleet.resolve(statement.get("Condition")))
        for statement in statements(fleet, role_of_machine(fleet))
        for action in as_list(statement["Action"])
    }
    arn = "arn:aws:{}:us-east-1:123456789012:{}"
    tasks = arn.format("ecs", f"task/<{cluster.id}>/*")
    machine = "vistafresca-fleet-fleet"
    events = arn.format("events", "rule/StepFunctionsGetEventsForECSTaskRule")
    here = {"ArnEquals": {"ecs:cluster": f"<{cluster.id}.Arn>"}}
    roles = [f"<{task.properties[role]['Fn::GetAtt'][0]}.Arn>" for role in ("TaskRoleArn", "ExecutionRoleArn")]
    passed, condition = given.pop("iam:PassRole")
    assert (sorted(passed), condition) == (
        sorted(roles),
        {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
    )
    (bucket_object, _) = given.pop("s3:GetObject")
    assert bucket_object.startswith("arn:aws:s3:::cdk-hnb659fds-assets-123456789012-us-east-1/")
    assert bucket_object.endswith(".json")
    assert given == {
        "ecs:RunTask": (f"<{task.id}>", here),
        "ecs:TagResource": (tasks, {"StringEquals": {"ecs:CreateAction": "RunTask"}}),
        "ecs:DescribeTasks": (tasks, None),
        "ecs:StopTask": (tasks, None),
        "events:DescribeRule": (events, None),
        "events:PutRule": (events, None),
        "events:PutTargets": (events, None),
        "states:StartExecution": (arn.format("states", f"stateMachine:{machine}"), None),
        "states:DescribeExecution": (arn.format("states", f"execution:{machine}:*"), None),
        "states:StopExecution": (arn.format("states", f"execution:{machine}:*"), None),
    }


def test_the_one_task_may_read_every_secret_of_the_list_and_no_policy_is_too_long(fleet: Template) -> None:
    """IAM takes 10,240 characters of a role's own policies and 6,144 of a managed one, of which ten may be attached."""
    role = fleet.referred(fleet.one("AWS::ECS::TaskDefinition").properties["TaskRoleArn"])
    assert role is not None
    of_role = [
        policy
        for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
        for policy in fleet.resources(kind)
        if {"Ref": role.id} in policy.properties.get("Roles", [])
    ]
    readable = [
        secret
        for policy in of_role
        for statement in policy.properties["PolicyDocument"]["Statement"]
        if statement["Action"] == "secretsmanager:GetSecretValue"
        for secret in as_list(statement["Resource"])
    ]
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"
    named = {f"{secret}tenant-{number:03}/bi-refresh-GhIjKl" for number in range(1, MANY + 1)}
    assert set(readable) == named | {f"{secret}vistafresca/sentry-dsn-AbCdEf"}
    assert 1 < len(of_role) <= 11
    for policy in of_role:
        text = json.dumps(fleet.resolve(policy.properties["PolicyDocument"]), separators=(",", ":"))
        assert len(text) <= (10_240 if policy.type == "AWS::IAM::Policy" else 6_144)


def test_a_security_group_and_port_that_many_share_is_opened_once(fleet: Template) -> None:
    for kind in ("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"):
        assert fleet.one(kind).properties["FromPort"] == 5432


def test_the_task_definition_knows_no_database_and_all_share_a_service(fleet: Template) -> None:
    task = fleet.one("AWS::ECS::TaskDefinition")
    given = variables(task)
    assert given["POWERTOOLS_SERVICE_NAME"] == SERVICE
    assert [name for name in given if name.startswith("PG") or "DATABASE_SECRET" in name] == []
    assert container(task)["Name"] == "refresh"


def test_a_round_that_cannot_be_started_is_tried_again_then_kept(fleet: Template) -> None:
    (rule,) = [rule for rule in fleet.resources("AWS::Events::Rule") if "ScheduleExpression" in rule.properties]
    assert rule.properties["ScheduleExpression"] == "cron(0,10,20,30,40,50 * * * ? *)"
    (target,) = rule.properties["Targets"]
    assert target["Arn"] == {"Ref": fleet.one("AWS::StepFunctions::StateMachine").id}
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 300, "MaximumRetryAttempts": 2}
    queue = fleet.referred(target["DeadLetterConfig"]["Arn"])
    assert queue is not None
    assert queue.properties["QueueName"] == "vistafresca-fleet-fleet-undelivered"


def test_the_alarms_are_few_and_each_has_its_section_of_the_runbook(fleet: Template) -> None:
    names = {given.properties["AlarmName"] for given in fleet.resources("AWS::CloudWatch::Alarm")}
    assert names == {
        f"vistafresca-{SERVICE}-{name}"
        for name in (
            "heartbeat",
            "launch-refused",
            "undelivered",
            "undelivered-and-lost",
            "failing-repeatedly",
            "views-late",
            "view-suspended",
            "incremental-mismatch",
            "slow-run",
            "databases-failed",
        )
    } | {"vistafresca-fleet-pager-failing"}
    assert linked(fleet) <= set(sections())


@pytest.mark.parametrize(
    "name", ["views-late", "failing-repeatedly", "view-suspended", "incremental-mismatch", "slow-run"]
)
def test_the_worst_database_counts_over_two_intervals(fleet: Template, name: str) -> None:
    """In fewer minutes those that are well could end alone, and the alarm would end and begin at every round; so it
    would in one interval whenever the late database's run comes a minute later than the last time."""
    given = alarm(fleet, SERVICE, name).properties
    assert (given["Statistic"], given["Period"]) == ("Maximum", 1200)
    assert dimensions(given) == {"service": SERVICE}


def test_two_bad_rounds_of_three_page_however_they_ended(fleet: Template) -> None:
    given = alarm(fleet, SERVICE, "databases-failed").properties
    machine = fleet.one("AWS::StepFunctions::StateMachine")
    watched = {
        metric["MetricName"]: dimensions(metric) for metric in metrics(alarm(fleet, SERVICE, "databases-failed"))
    }
    of = {"StateMachineArn": {"Ref": machine.id}}
    assert watched == {"ExecutionsFailed": of, "ExecutionsAborted": of, "ExecutionsTimedOut": of}
    (expression,) = [entry["Expression"] for entry in given["Metrics"] if "Expression" in entry]
    ids = {
        entry["MetricStat"]["Metric"]["MetricName"]: entry["Id"] for entry in given["Metrics"] if "MetricStat" in entry
    }
    for id_ in ids.values():
        assert f"FILL({id_}, 0)" in expression  # a round that ends well writes no zero
    assert (given["EvaluationPeriods"], given["DatapointsToAlarm"], given["Threshold"]) == (1, 1, 2)
    assert {stat["MetricStat"]["Period"] for stat in given["Metrics"] if "MetricStat" in stat} == {1800}


def test_bad_rounds_that_end_at_uneven_minutes_page_once_and_a_single_one_never(fleet: Template) -> None:
    definition = described.alarms(fleet)[f"vistafresca-{SERVICE}-databases-failed"]
    (failed,) = [
        entry["MetricStat"]["Metric"]
        for entry in definition["Metrics"]
        if entry.get("MetricStat", {}).get("Metric", {}).get("MetricName") == "ExecutionsFailed"
    ]

    def fires(ends: list[int]) -> list[int]:
        """The minutes at which the alarm goes off, for bad rounds that end at these minutes."""
        store, state, fired = MetricStore(), "OK", []
        store.add(
            Datum(
                namespace=failed["Namespace"],
                name=failed["MetricName"],
                dimensions=frozenset((each["Name"], each["Value"]) for each in failed["Dimensions"]),
                timestamp=NOON + timedelta(minutes=minute),
                value=1,
            )
            for minute in ends
        )
        for minute in range(1, 70):
            found = alarms.evaluate(definition, store, now=NOON + timedelta(minutes=minute), state=state)
            if found.state == "ALARM" != state:
                fired.append(minute)
            state = str(found.state)
        return fired

    assert fires([7]) == []
    assert fires([2, 18, 21, 38, 42, 58, 61]) == [19]


def test_as_many_tasks_at_a_time_as_asked_for_and_no_failure_ends_the_round(fleet: Template) -> None:
    machine = fleet.one("AWS::StepFunctions::StateMachine")
    state = json.loads(fleet.resolve(machine.properties["DefinitionString"]))["States"]["ForEachDatabase"]
    assert (state["MaxConcurrency"], state["ToleratedFailurePercentage"]) == (40, 100)
    assert state["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}


def test_the_event_queues_have_a_rule_where_asked_for() -> None:
    folder = synthesize_fleet(2, layout="map", event_poll_minutes=5)
    template = Template.read(folder / "vistafresca-fleet.template.json")
    rule = template.one("AWS::Events::Rule", Name="fleet-fleet-bi-views-requested-5min")
    given = json.loads(rule.properties["Targets"][0]["InputTransformer"]["InputTemplate"].replace("<time>", '""'))
    assert given["command"] == ["python", "-m", "refresh_task", "run", "--requested"]
    assert (given["group"], given["trigger_type"]) == ("vistafresca-requested", "event")
    alarm(template, SERVICE, "requests-waiting")


def test_cfn_lint_finds_nothing(assembly: Path) -> None:
    assert findings(assembly / "vistafresca-fleet.template.json") == []
