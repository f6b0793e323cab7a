"""The scheduler and the runner on AWS, against moto's EventBridge and ECS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from moto import mock_aws

from api.control.aws import AwsScheduler, EcsRunner
from api.daily import DailyTime
from api.problems import Problem
from api.scheduling import Job
from api.settings import ApiSettings

REGION = "eu-west-1"
RULE, REQUESTED, DAILY = "prod-main-refresh-10min", "prod-main-requested-10min", "vistafresca-prod-main-daily"
NOW = datetime(2026, 7, 15, tzinfo=UTC)
TARGET = {"Id": "Target0", "Arn": f"arn:aws:ecs:{REGION}:123456789012:cluster/vistafresca", "Input": "{}"}


def _client(service: str) -> Any:
    return botocore.session.get_session().create_client(service, region_name=REGION)


@pytest.fixture(autouse=True)
def _aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "fake")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        yield


@pytest.fixture
def rules() -> ApiSettings:
    """A stack's rules; returns the settings that name them."""
    events = _client("events")
    for name, schedule, state in (
        (RULE, "cron(0/10 * * * ? *)", "ENABLED"),
        (REQUESTED, "cron(5/10 * * * ? *)", "DISABLED"),
        (DAILY, "cron(0 6 * * ? *)", "ENABLED"),
    ):
        events.put_rule(Name=name, ScheduleExpression=schedule, State=state, Description=f"Describes {name}")
    events.put_targets(Rule=DAILY, Targets=[TARGET])
    return ApiSettings(
        rule=RULE,
        requested_rule=REQUESTED,
        daily_rule=DAILY,
        cluster="vistafresca",
        task_definition="vistafresca-prod-main",
        subnets=("subnet-0a1",),
        security_groups=("sg-0c3",),
    )


@pytest.fixture
def deployed(rules: ApiSettings) -> ApiSettings:
    """With cluster, network and task definition."""
    ecs, ec2 = _client("ecs"), _client("ec2")
    ecs.create_cluster(clusterName="vistafresca")
    ecs.register_task_definition(
        family="vistafresca-prod-main",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "refresh", "image": "vistafresca", "memory": 512}],
    )
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/26")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(VpcId=vpc, GroupName="task", Description="task")["GroupId"]
    return replace(rules, subnets=(subnet,), security_groups=(group,))


def _scheduler(settings: ApiSettings) -> AwsScheduler:
    return AwsScheduler(settings, clock=lambda: NOW)


def test_the_jobs_are_the_rules_as_eventbridge_has_them(rules: ApiSettings) -> None:
    assert _scheduler(rules).jobs() == (
        Job("scheduled", RULE, "cron(0/10 * * * ? *)", is_enabled=True),
        Job("requested", REQUESTED, "cron(5/10 * * * ? *)", is_enabled=False),
        Job("daily", DAILY, "cron(0 6 * * ? *)", is_enabled=True),
    )


def test_a_stack_without_event_polling_has_two_jobs(rules: ApiSettings) -> None:
    without = replace(rules, requested_rule=None)
    assert [job.purpose for job in _scheduler(without).jobs()] == ["scheduled", "daily"]


def test_rescheduling_moves_the_daily_rule_in_utc_and_nothing_else(rules: ApiSettings) -> None:
    events = _client("events")
    before = {rule["Name"]: rule for rule in events.list_rules()["Rules"]}

    job = _scheduler(rules).set_daily(DailyTime(2, 30, "America/Bogota"))

    assert job == Job("daily", DAILY, "cron(30 7 * * ? *)", is_enabled=True)
    after = {rule["Name"]: rule for rule in events.list_rules()["Rules"]}
    assert after == {**before, DAILY: {**before[DAILY], "ScheduleExpression": "cron(30 7 * * ? *)"}}
    assert events.list_targets_by_rule(Rule=DAILY)["Targets"] == [TARGET]


def test_a_disabled_daily_rule_stays_disabled(rules: ApiSettings) -> None:
    _client("events").disable_rule(Name=DAILY)
    assert not _scheduler(rules).set_daily(DailyTime(2, 30, "America/Bogota")).is_enabled


def test_a_rule_that_is_gone_is_a_problem_that_names_it(rules: ApiSettings) -> None:
    _client("events").remove_targets(Rule=DAILY, Ids=["Target0"])
    _client("events").delete_rule(Name=DAILY)
    with pytest.raises(Problem) as raised:
        _scheduler(rules).set_daily(DailyTime(2, 30, "America/Bogota"))
    assert (raised.value.status, raised.value.slug) == (503, "scheduler-unavailable")
    assert DAILY in raised.value.detail
    assert "events:DescribeRule" in raised.value.remedy


def test_the_task_is_started_with_the_command_and_the_caller(deployed: ApiSettings) -> None:
    arn = EcsRunner(deployed).start(["refresh", "teloo.mv_ranking_asesores", "--force"], triggered_by="ceo@company.com")

    (task,) = _client("ecs").describe_tasks(cluster="vistafresca", tasks=[arn])["tasks"]
    assert task["overrides"]["containerOverrides"] == [
        {
            "name": "refresh",
            "command": ["python", "-m", "refresh_task", "refresh", "teloo.mv_ranking_asesores", "--force"],
            "environment": [{"name": "VISTAFRESCA_TRIGGERED_BY", "value": "ceo@company.com"}],
        }
    ]
    assert task["launchType"] == "FARGATE"
    (network,) = task["attachments"]
    details = {detail["name"]: detail["value"] for detail in network["details"]}
    assert details["subnetId"] == deployed.subnets[0]


def test_what_ecs_cannot_start_is_a_problem(deployed: ApiSettings) -> None:
    settings = replace(deployed, task_definition="vistafresca-gone")
    with pytest.raises(Problem) as raised:
        EcsRunner(settings).start(["refresh", "teloo.mv_ranking_asesores"], triggered_by="ceo@company.com")
    assert (raised.value.status, raised.value.slug) == (503, "scheduler-unavailable")
    assert "vistafresca-gone" in raised.value.detail
    assert "ecs:RunTask" in raised.value.remedy


def test_capacity_that_ecs_has_not_is_a_problem_with_its_reason(
    deployed: ApiSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ECS answers 200 then, with a list of failures; moto never does."""

    class NoCapacity:
        def run_task(self, **_: Any) -> dict[str, Any]:
            return {"tasks": [], "failures": [{"reason": "Capacity is unavailable at this time"}]}

    monkeypatch.setattr("api.control.aws.aws_client", lambda *_: NoCapacity())
    with pytest.raises(Problem, match="Capacity is unavailable at this time"):
        EcsRunner(deployed).start(["refresh", "teloo.mv_ranking_asesores"], triggered_by="ceo@company.com")
