"""Whatever the stack asks of CloudWatch and EventBridge, the evaluator of tests/emulation knows: nothing is skipped."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.emulation.cloudwatch import alarms, metric_filters
from tests.emulation.eventbridge import patterns, schedules, transformers
from tests.emulation.unsupported import UnsupportedError
from tests.infrastructure import described
from tests.infrastructure.template import Template, services, variables

MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)


def test_every_alarm_is_accepted(template: Template) -> None:
    for alarm in described.alarms(template).values():
        alarms.check(alarm)


def test_every_metric_filter_is_accepted_and_belongs_to_a_service(template: Template) -> None:
    for metric_filter in described.metric_filters(template):
        metric_filters.check(metric_filter)
    of_services = [found for service in services(template) for found in described.metric_filters(template, service)]
    assert len(of_services) == len(described.metric_filters(template)) > 0


def test_every_rule_is_accepted_and_has_a_pattern_or_a_schedule(template: Template) -> None:
    for rule in described.rules(template).values():
        assert ("EventPattern" in rule) is not ("ScheduleExpression" in rule)
        if "EventPattern" in rule:
            patterns.check(rule["EventPattern"])
        else:
            schedules.parse(rule["ScheduleExpression"])
        for target in rule["Targets"]:
            if "InputTransformer" in target:
                transformers.check(target["InputTransformer"])


def test_a_search_in_a_dashboard_is_nothing_an_alarm_could_watch(template: Template) -> None:
    alarm = dict(next(iter(described.alarms(template).values())))
    alarm["Metrics"] = [{"Id": "e1", "Expression": "SEARCH('{Vistafresca,service}', 'Sum', 300)"}, *alarm["Metrics"]]
    with pytest.raises(UnsupportedError):
        alarms.check(alarm)


def test_scheduled_runs_start_once_per_interval_from_00(template: Template) -> None:
    for task in template.resources("AWS::ECS::TaskDefinition"):
        told = variables(task)
        interval = timedelta(seconds=int(told["VISTAFRESCA_INTERVAL_S"]))
        name = f"{told['POWERTOOLS_SERVICE_NAME']}-bi-views-refresh-{interval // timedelta(minutes=1)}min"
        expression = described.rules(template)[name]["ScheduleExpression"]
        moment = MIDNIGHT - timedelta(microseconds=1)
        for slot in range(int(timedelta(days=1) / interval) + 1):
            moment = schedules.next_time(expression, moment)
            assert moment == MIDNIGHT + slot * interval


def test_a_run_is_told_when_it_was_scheduled_and_by_which_rule(template: Template) -> None:
    """What ECS is handed as overrides when a schedule fires, word for word."""
    for name, rule in described.rules(template).items():
        if "ScheduleExpression" not in rule:
            continue
        arn = f"arn:aws:events:us-east-1:123456789012:rule/{name}"
        event = {
            "version": "0",
            "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "123456789012",
            "time": "2026-11-22T00:10:00Z",
            "region": "us-east-1",
            "resources": [arn],
            "detail": {},
        }
        (target,) = rule["Targets"]
        handed = json.loads(transformers.target_input(target, event, rule_arn=arn, ingested=str(event["time"])))
        (override,) = handed["containerOverrides"]
        told = {entry["name"]: entry["value"] for entry in override["environment"]}
        assert told["VISTAFRESCA_SCHEDULED_TIME"] == "2026-11-22T00:10:00Z"
        assert told["VISTAFRESCA_TRIGGERED_BY"] == name
        assert override["name"] == "refresh"
