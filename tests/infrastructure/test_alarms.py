"""What a person paged at three in the morning gets to read, and when they are paged again."""

import pytest

from tests.infrastructure.paging_path import dimensions, metrics
from tests.infrastructure.template import Resource, Template, services

PAGER = "pager-failing"
"""The one alarm that is of no database."""


def alarms(template: Template) -> list[Resource]:
    """Those of the databases."""
    found = template.resources("AWS::CloudWatch::Alarm")
    return [alarm for alarm in found if not alarm.properties["AlarmName"].endswith(f"-{PAGER}")]


@pytest.mark.parametrize("environment", ["sandbox", "production"])
def test_the_alarm_on_the_messages_themselves(environment: str, request: pytest.FixtureRequest) -> None:
    """One is enough, and missing data is no fault: the function is called only when something is wrong."""
    template: Template = request.getfixturevalue(environment)
    (alarm,) = [a for a in template.resources("AWS::CloudWatch::Alarm") if a not in alarms(template)]
    given = alarm.properties
    assert given["AlarmName"] == f"vistafresca-{environment}-{PAGER}"
    assert f"Environment: {environment}. First: See in CloudWatch which alarms" in given["AlarmDescription"]
    assert given["AlarmDescription"].endswith(f"#{PAGER}")
    assert (given["Threshold"], given["TreatMissingData"]) == (1, "notBreaching")
    assert {metric["MetricName"] for metric in metrics(alarm)} == {
        "Errors",
        "AsyncEventsDropped",
        "DestinationDeliveryFailures",
        "NumberOfNotificationsFailed",
    }


def test_names_are_readable_and_unique(template: Template) -> None:
    names = [alarm.properties["AlarmName"] for alarm in alarms(template)]
    assert len(names) == len(set(names))
    assert all(any(name.startswith(f"vistafresca-{service}-") for service in services(template)) for name in names)


def test_descriptions_say_what_happened_to_which_database_and_what_to_do_first(template: Template) -> None:
    for alarm in alarms(template):
        text = alarm.properties["AlarmDescription"]
        (service,) = [s for s in services(template) if alarm.properties["AlarmName"].startswith(f"vistafresca-{s}-")]
        environment, database = service.split("-", 1)
        assert f"Database: {database} in {environment}." in text
        assert "First: " in text
        assert "Runbook: " in text
        assert len(text) <= 1024  # CloudWatch's limit


def test_numbers_in_descriptions_are_those_of_the_alarm(sandbox: Template) -> None:
    by_name = {
        alarm.properties["AlarmName"].removeprefix("vistafresca-sandbox-main-"): alarm for alarm in alarms(sandbox)
    }
    assert "for 29 to 30 minutes" in by_name["heartbeat"].properties["AlarmDescription"]
    assert "took 480 s or more of its 600 s; at 540 s" in by_name["slow-run"].properties["AlarmDescription"]
    assert by_name["slow-run"].properties["Threshold"] == 480
    assert "within 30 minutes" in by_name["overlapping-runs"].properties["AlarmDescription"]
    assert by_name["overlapping-runs"].properties["Period"] == 1800


def test_what_a_run_reports_holds_until_the_next_run(template: Template) -> None:
    """Runs are further apart than periods are long: treated otherwise, a lasting fault would page anew at every run."""
    holding = (
        *("failing-repeatedly", "views-failed", "views-late", "run-failed", "slow-run"),
        *("view-suspended", "incremental-mismatch", "requests-waiting"),
    )
    for alarm in alarms(template):
        if alarm.properties["AlarmName"].endswith(holding):
            assert alarm.properties["TreatMissingData"] == "ignore"
            assert alarm.properties["EvaluationPeriods"] == 1


def test_a_rule_that_is_refused_every_time_stays_one_alarm(template: Template) -> None:
    intervals = {f"vistafresca-{service}-": 600 for service in services(template)}
    intervals["vistafresca-production-driver-matrix-"] = 1800
    for alarm in alarms(template):
        if alarm.properties["AlarmName"].endswith(("launch-refused", "undelivered-and-lost")):
            (interval,) = [s for prefix, s in intervals.items() if alarm.properties["AlarmName"].startswith(prefix)]
            periods = {
                metric["MetricStat"]["Period"] for metric in alarm.properties["Metrics"] if "MetricStat" in metric
            }
            assert periods == {interval}
            assert (alarm.properties["DatapointsToAlarm"], alarm.properties["EvaluationPeriods"]) == (1, 2)


def test_starts_of_both_kinds_of_run_are_watched(template: Template) -> None:
    rules = {rule.id for rule in template.resources("AWS::Events::Rule") if "ScheduleExpression" in rule.properties}
    for name in ("launch-refused", "undelivered-and-lost"):
        watched = [
            dimensions(metric)["RuleName"]["Ref"]
            for alarm in alarms(template)
            if alarm.properties["AlarmName"].endswith(name)
            for metric in metrics(alarm)
        ]
        assert sorted(watched) == sorted(rules)


def test_a_run_for_the_event_queue_ends_no_page_of_a_scheduled_one(template: Template) -> None:
    """Where both write a metric, a run about a few views that went well must not say that all went well."""
    for metric_filter in template.resources("AWS::Logs::MetricFilter"):
        (made,) = metric_filter.properties["MetricTransformations"]
        if made["MetricName"] == "ViewsFailed":
            assert metric_filter.properties["FilterPattern"] == (
                '{ ($.event = "run_finished") && (($.kind = "scheduled") || ($.views_failed > 0)) }'
            )


def test_nothing_is_counted_twice(template: Template) -> None:
    """Metrics from log lines have a namespace of their own, and no alarm adds the two sources up."""
    for metric_filter in template.resources("AWS::Logs::MetricFilter"):
        (made,) = metric_filter.properties["MetricTransformations"]
        assert made["MetricNamespace"] == "Vistafresca/Logs"
        assert "DefaultValue" not in made  # CloudWatch refuses one beside dimensions
    for alarm in alarms(template):
        assert len({metric["Namespace"] for metric in metrics(alarm)}) == 1


def test_log_metrics_end_an_alarm_too(template: Template) -> None:
    """A finished run writes the zero that ends run-failed."""
    values = {
        (made["MetricValue"], metric_filter.properties["FilterPattern"])
        for metric_filter in template.resources("AWS::Logs::MetricFilter")
        for made in metric_filter.properties["MetricTransformations"]
        if made["MetricName"] == "RunsFailed"
    }
    assert values == {("1", '{ $.event = "run_failed" }'), ("0", '{ $.event = "run_finished" }')}
