"""The rule: when it fires, what it starts, and what becomes of a start that fails."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from infrastructure.settings import DailyRefresh, Schedule
from refresh_task.cron import next_point
from refresh_task.model import Schedule as CronSchedule
from tests.infrastructure.template import Resource, Template, services


def rule(template: Template, name: str) -> Resource:
    return template.one("AWS::Events::Rule", Name=name)


@pytest.mark.parametrize(
    ("minutes", "at", "crontab"),
    [
        (10, "0,10,20,30,40,50", "*/10 * * * *"),
        (12, "0,12,24,36,48", "*/12 * * * *"),
        (30, "0,30", "*/30 * * * *"),
        (60, "0", "0 * * * *"),
    ],
)
def test_an_interval_starts_at_00_of_every_hour(minutes: int, at: str, crontab: str) -> None:
    schedule = Schedule.model_validate({"interval_minutes": minutes})
    assert (schedule.minutes, schedule.crontab) == (at, crontab)


@pytest.mark.parametrize(
    ("minutes", "offset", "at", "crontab"),
    [
        (10, 3, "3,13,23,33,43,53", "3,13,23,33,43,53 * * * *"),
        (60, 7, "7", "7 * * * *"),
        (30, 0, "0,30", "*/30 * * * *"),
    ],
)
def test_an_offset_moves_every_start_and_what_sentry_expects(minutes: int, offset: int, at: str, crontab: str) -> None:
    schedule = Schedule.model_validate({"interval_minutes": minutes, "offset_minutes": offset})
    assert (schedule.minutes, schedule.crontab) == (at, crontab)
    # As the plan reads it, and as EventBridge fires.
    points, moment = [], datetime(2026, 1, 1, tzinfo=UTC) - timedelta(minutes=1)
    while (point := next_point(CronSchedule(crontab), moment)) is not None and point.hour == 0:
        points.append(str(point.minute))
        moment = point
    assert ",".join(points) == at


def test_the_documented_rule(sandbox: Template) -> None:
    given = rule(sandbox, "sandbox-main-bi-views-refresh-10min").properties
    assert given["ScheduleExpression"] == "cron(0,10,20,30,40,50 * * * ? *)"
    assert given["State"] == "ENABLED"


def test_the_event_queue_is_looked_at_between_scheduled_runs(sandbox: Template) -> None:
    given = rule(sandbox, "sandbox-main-bi-views-requested-5min").properties
    assert given["ScheduleExpression"] == "cron(2,7,12,17,22,27,32,37,42,47,52,57 * * * ? *)"
    assert given["State"] == "ENABLED"
    # The group is how a stopped task is known for one of these.
    assert given["Targets"][0]["EcsParameters"]["Group"] == "vistafresca-requested"


@pytest.mark.parametrize("interval", [5, 6, 10, 12, 15, 20, 30, 60])
@pytest.mark.parametrize("offset", [0, 1, 2, 3, 4])
def test_runs_for_the_event_queue_never_start_with_a_scheduled_one(interval: int, offset: int) -> None:
    schedule = Schedule.model_validate({"interval_minutes": interval, "offset_minutes": offset})
    assert schedule.poll_minutes in (3, 4, 5)
    assert not set(schedule.minutes.split(",")) & set(schedule.requested_minutes.split(","))


def test_each_database_has_its_own_interval(production: Template) -> None:
    fluxion = rule(production, "production-fluxion-bi-views-refresh-10min").properties
    driver = rule(production, "production-driver-matrix-bi-views-refresh-30min").properties
    assert fluxion["ScheduleExpression"] == "cron(0,10,20,30,40,50 * * * ? *)"
    assert driver["ScheduleExpression"] == "cron(0,30 * * * ? *)"


def scheduled(template: Template) -> list[Resource]:
    return [found for found in template.resources("AWS::Events::Rule") if "ScheduleExpression" in found.properties]


@pytest.mark.parametrize(
    ("at", "expression"),
    [
        ({"hour": 1, "minute": 0, "time_zone": "America/Bogota"}, (0, (6,))),  # UTC-5 all year
        ({"hour": 22, "minute": 30, "time_zone": "America/Bogota"}, (30, (3,))),  # the next day in UTC
        ({"hour": 1, "minute": 15, "time_zone": "Asia/Kolkata"}, (45, (19,))),  # UTC+5:30: another minute
        ({"hour": 2, "minute": 0, "time_zone": "Europe/Madrid"}, (0, (0, 1))),  # UTC+2 in summer, UTC+1 in winter
        ({}, (0, (1,))),
    ],
)
def test_a_daily_time_becomes_every_hour_of_utc_that_it_falls_on(at: dict[str, object], expression: object) -> None:
    assert DailyRefresh.model_validate(at).utc(year=2026) == expression


def test_the_daily_rule_starts_a_scheduled_run_and_stands_only_beside_an_api(
    production: Template, sandbox: Template
) -> None:
    daily = rule(production, "vistafresca-production-fluxion-daily").properties
    assert (daily["ScheduleExpression"], daily["State"]) == ("cron(0 6 * * ? *)", "ENABLED")
    assert daily["Description"].endswith("01:00 America/Bogota")
    every_ten_minutes = rule(production, "production-fluxion-bi-views-refresh-10min").properties
    for part in ("Arn", "RoleArn", "DeadLetterConfig", "RetryPolicy", "EcsParameters"):
        assert daily["Targets"][0][part] == every_ten_minutes["Targets"][0][part]
    assert [found.properties["Name"] for found in scheduled(sandbox) if "daily" in found.properties["Name"]] == []


def test_a_failed_start_is_retried_briefly_then_kept(template: Template) -> None:
    for found in scheduled(template):
        (target,) = found.properties["Targets"]
        assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 300, "MaximumRetryAttempts": 2}
        queue = template.referred(target["DeadLetterConfig"]["Arn"])
        assert queue is not None
        assert queue.properties["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_the_dead_letter_queue_lets_its_rule_send(template: Template) -> None:
    for found in scheduled(template):
        queue = template.referred(found.properties["Targets"][0]["DeadLetterConfig"]["Arn"])
        assert queue is not None
        (policy,) = [
            policy
            for policy in template.resources("AWS::SQS::QueuePolicy")
            if {"Ref": queue.id} in policy.properties["Queues"]
        ]
        allowing = [
            statement
            for statement in policy.properties["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Allow"
        ]
        for statement in allowing:
            assert statement["Action"] == "sqs:SendMessage"
            assert statement["Principal"] == {"Service": "events.amazonaws.com"}
        senders = [statement["Condition"] for statement in allowing]
        assert {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": [found.id, "Arn"]}}} in senders


def test_it_starts_this_database_s_task_on_a_pinned_platform(template: Template) -> None:
    for found in scheduled(template):
        name = found.properties["Name"]
        (service,) = [
            s for s in services(template) if name.startswith(f"{s}-bi-views") or name == f"vistafresca-{s}-daily"
        ]
        (target,) = found.properties["Targets"]
        parameters = target["EcsParameters"]
        task = template.referred(parameters["TaskDefinitionArn"])
        assert task is not None
        assert task.properties["Family"] == f"vistafresca-{service}"
        assert parameters["PlatformVersion"] == "1.4.0"
        assert parameters["LaunchType"] == "FARGATE"
        assert parameters["PropagateTags"] == "TASK_DEFINITION"
        assert parameters["TaskCount"] == 1


def test_the_run_knows_why_it_was_started_and_for_when(template: Template) -> None:
    for found in scheduled(template):
        transformer = found.properties["Targets"][0]["InputTransformer"]
        assert transformer["InputPathsMap"] == {"time": "$.time"}
        overrides = json.loads(transformer["InputTemplate"].replace("<time>", '"<time>"'))
        (container,) = overrides["containerOverrides"]
        assert container["name"] == "refresh"
        requested = "-requested-" in found.properties["Name"]
        assert container.get("command") == (
            ["python", "-m", "refresh_task", "run", "--requested"] if requested else None
        )
        assert {entry["name"]: entry["value"] for entry in container["environment"]} == {
            "VISTAFRESCA_TRIGGER_TYPE": "event" if requested else "cron",
            "VISTAFRESCA_TRIGGERED_BY": found.properties["Name"],
            "VISTAFRESCA_SCHEDULED_TIME": "<time>",
        }


def test_names_fit_the_shortest_of_aws_s_limits_with_the_longest_settings() -> None:
    from infrastructure.naming import Names  # noqa: PLC0415  only this test looks at names apart from a template

    longest = Names(environment="e" * 16, database="d" * 16, interval_minutes=60, poll_minutes=30)
    assert len(longest.rule) <= 64
    assert len(longest.requested_rule) <= 64
    assert len(longest.daily_rule) <= 64
    assert len(longest.api) <= 64
    assert len(f"{longest.family}-task-not-started") <= 64
    assert len(f"{longest.family}-undelivered") <= 80
    assert len(longest.sentry_monitor) <= 50
