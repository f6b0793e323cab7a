"""Each way in which views grow old unseen, and what sees it: one test per row, for every environment."""

import pytest

from tests.infrastructure.paging_path import broken_links, dimensions, metrics
from tests.infrastructure.template import Resource, Template, alarm, container, services, variables
from tests.infrastructure.test_state_changes import paged_by, stopped


@pytest.fixture(params=["sandbox", "production"])
def database(request: pytest.FixtureRequest) -> tuple[Template, str]:
    """Each environment, with the last of its databases: that the others have the same is test_databases.py's matter."""
    template: Template = request.getfixturevalue(request.param)
    return template, services(template)[-1]


def watched(alarm_: Resource) -> set[str]:
    return {metric["MetricName"] for metric in metrics(alarm_)}


def test_rule_disabled_or_deleted_or_capacity_failures_or_never_launched(database: tuple[Template, str]) -> None:
    """No event exists for any of these (aws/containers-roadmap#1705): silence itself must be an alarm."""
    heartbeat = alarm(*database, "heartbeat")
    assert watched(heartbeat) == {"RunCompleted"}
    assert heartbeat.properties["TreatMissingData"] == "breaching"


def test_run_task_denied_or_task_definition_inactive(database: tuple[Template, str]) -> None:
    refused, undelivered = alarm(*database, "launch-refused"), alarm(*database, "undelivered")
    assert watched(refused) == {"FailedInvocations"}
    assert watched(undelivered) == {"ApproximateNumberOfMessagesVisible"}
    for sparse in (refused, undelivered):
        assert sparse.properties["TreatMissingData"] == "notBreaching"
        assert sparse.properties["Threshold"] == 1


def test_the_dead_letter_queue_cannot_be_written(database: tuple[Template, str]) -> None:
    lost = alarm(*database, "undelivered-and-lost")
    assert watched(lost) == {"InvocationsFailedToBeSentToDlq"}
    assert lost.properties["TreatMissingData"] == "notBreaching"


def test_image_pull_secret_fetch_or_network_interface(database: tuple[Template, str]) -> None:
    template, service = database
    event = stopped(template, service, exit_code=None, stop_code="TaskFailedToStart")
    assert paged_by(template, event) == [f"vistafresca-{service}-task-not-started"]


@pytest.mark.parametrize("exit_code", [137, 139])
def test_a_crash_or_out_of_memory(database: tuple[Template, str], exit_code: int) -> None:
    template, service = database
    event = stopped(template, service, exit_code=exit_code, stop_code="EssentialContainerExited")
    assert paged_by(template, event) == [f"vistafresca-{service}-task-exited"]


def test_no_run_gets_as_far_as_refreshing(database: tuple[Template, str]) -> None:
    failed = alarm(*database, "run-failed")
    assert watched(failed) == {"RunsFailed"}
    assert failed.properties["Threshold"] == 1


def test_hung_task(database: tuple[Template, str]) -> None:
    """ECS has no timeout for tasks (aws/containers-roadmap#572): each clock stops before the next one's."""
    template, service = database
    (task,) = [
        task
        for task in template.resources("AWS::ECS::TaskDefinition")
        if variables(task)["POWERTOOLS_SERVICE_NAME"] == service
    ]
    given = variables(task)
    statement, deadline, interval = (
        int(given[f"VISTAFRESCA_{name}_S"]) for name in ("STATEMENT_TIMEOUT", "RUN_DEADLINE", "INTERVAL")
    )
    assert statement <= deadline < interval
    assert container(task)["StopTimeout"] <= 120
    if "VISTAFRESCA_SENTRY_MAX_RUNTIME_MIN" in given:
        assert int(given["VISTAFRESCA_SENTRY_MAX_RUNTIME_MIN"]) * 60 > deadline
    assert watched(alarm(*database, "heartbeat")) == {"RunCompleted"}


def test_a_view_failed_but_the_process_exits_0(database: tuple[Template, str]) -> None:
    failed = alarm(*database, "views-failed")
    assert watched(failed) == {"ViewsFailed"}
    assert (failed.properties["ComparisonOperator"], failed.properties["Threshold"]) == (
        "GreaterThanOrEqualToThreshold",
        1,
    )


def test_the_same_view_fails_twice_in_a_row(database: tuple[Template, str]) -> None:
    repeatedly = alarm(*database, "failing-repeatedly")
    assert watched(repeatedly) == {"MaxConsecutiveFailures"}
    assert repeatedly.properties["Threshold"] == 2


def test_a_view_older_than_its_target_lag(database: tuple[Template, str]) -> None:
    late = alarm(*database, "views-late")
    assert watched(late) == {"ViewsLate"}
    assert late.properties["Threshold"] == 1


def test_a_view_that_is_left_alone_after_failing_again_and_again(database: tuple[Template, str]) -> None:
    """What reads it is not attempted either, and needs no alarm of its own."""
    suspended = alarm(*database, "view-suspended")
    assert watched(suspended) == {"ViewsSuspended"}
    assert suspended.properties["Threshold"] == 1


def test_a_comparison_found_other_rows_in_an_incremental_view(database: tuple[Template, str]) -> None:
    """One such row is a defect, of Vistafresca or of the view's query: there is no number that would be right."""
    mismatch = alarm(*database, "incremental-mismatch")
    assert watched(mismatch) == {"ViewsDistrusted"}
    assert mismatch.properties["Threshold"] == 1


def test_the_event_queue_is_not_served(database: tuple[Template, str]) -> None:
    """The runs of the schedule measure it too, so that it is seen where those for the queue do not start."""
    waiting = alarm(*database, "requests-waiting")
    assert watched(waiting) == {"OldestRequestSeconds"}
    assert waiting.properties["Threshold"] == 600


@pytest.mark.parametrize("exit_code", [137, 143])
def test_a_run_for_the_event_queue_is_killed(database: tuple[Template, str], exit_code: int) -> None:
    """What its own exit codes mean, alarms say: it runs too often for a message each."""
    template, service = database

    def told(code: int) -> list[str]:
        group = "vistafresca-requested"
        event = stopped(template, service, exit_code=code, stop_code="EssentialContainerExited", group=group)
        return paged_by(template, event)

    assert told(exit_code) == [f"vistafresca-{service}-task-exited"]
    assert [told(code) for code in (0, 1, 2, 3)] == [[], [], [], []]


def test_a_run_near_its_slot(database: tuple[Template, str]) -> None:
    template, service = database
    slow = alarm(template, service, "slow-run")
    (given,) = [
        variables(task)
        for task in template.resources("AWS::ECS::TaskDefinition")
        if variables(task)["POWERTOOLS_SERVICE_NAME"] == service
    ]
    assert watched(slow) == {"RunDuration"}
    assert slow.properties["Statistic"] == "Maximum"
    assert (
        slow.properties["Threshold"] < int(given["VISTAFRESCA_RUN_DEADLINE_S"]) < int(given["VISTAFRESCA_INTERVAL_S"])
    )


def test_overlapping_runs(database: tuple[Template, str]) -> None:
    overlapping = alarm(*database, "overlapping-runs")
    assert watched(overlapping) == {"RunsSkipped"}
    assert (overlapping.properties["Statistic"], overlapping.properties["Threshold"]) == ("Sum", 2)


def test_logs_or_emf_broken(database: tuple[Template, str]) -> None:
    """The heartbeat needs EMF; a failed view is told by log lines, and the second time by EMF: by one at least."""
    namespaces = {
        name: metrics(alarm(*database, name))[0]["Namespace"]
        for name in ("heartbeat", "failing-repeatedly", "views-failed")
    }
    assert namespaces == {
        "heartbeat": "Vistafresca",
        "failing-repeatedly": "Vistafresca",
        "views-failed": "Vistafresca/Logs",
    }


def api_alarm(template: Template, name: str) -> Resource:
    """Of the last database of production: the sandbox has no API."""
    return alarm(template, services(template)[-1], f"api-{name}")


def test_the_api_answers_with_errors(production: Template) -> None:
    errors = api_alarm(production, "errors")
    assert watched(errors) == {"5xx"}
    assert (errors.properties["Statistic"], errors.properties["Threshold"], errors.properties["Period"]) == (
        "Sum",
        5,
        300,
    )


def test_slow_queries_of_over_5_s(production: Template) -> None:
    """Document 003, "Queries Lentas"; one slow answer alone, of a cold function, is none."""
    slow = api_alarm(production, "slow").properties
    assert (slow["MetricName"], slow["ExtendedStatistic"], slow["Threshold"]) == ("Latency", "p99", 5000)
    assert (slow["DatapointsToAlarm"], slow["EvaluationPeriods"]) == (2, 3)


def test_the_function_crashes_or_takes_too_long(production: Template) -> None:
    crashed = api_alarm(production, "crashed")
    assert watched(crashed) == {"Errors"}
    assert crashed.properties["Threshold"] == 1


def test_too_many_ask_at_once(production: Template) -> None:
    throttled = api_alarm(production, "throttled")
    assert watched(throttled) == {"Throttles"}
    assert throttled.properties["Threshold"] == 1


@pytest.mark.parametrize(("name", "metric"), [("fallback", "ApiFallbacks"), ("fallback-refused", "ApiFallbackRefused")])
def test_a_view_is_missing_empty_or_too_old_for_its_readers(production: Template, name: str, metric: str) -> None:
    """Told by the API itself: the front sees slow answers or errors, and not why."""
    told = api_alarm(production, name)
    assert watched(told) == {metric}
    assert dimensions(metrics(told)[0]) == {"service": services(production)[-1]}
    assert (told.properties["Statistic"], told.properties["Threshold"]) == ("Sum", 1)


def test_nobody_is_paged_for_an_api_that_nobody_calls(production: Template) -> None:
    for name in ("errors", "slow", "crashed", "throttled", "fallback", "fallback-refused"):
        assert api_alarm(production, name).properties["TreatMissingData"] == "notBreaching"


def test_the_paging_path_itself(database: tuple[Template, str]) -> None:
    assert broken_links(database[0]) == []
