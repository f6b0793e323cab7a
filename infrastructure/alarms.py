"""What is watched for one database, as data: which number, from when on, and what to tell the person it wakes."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_sqs as sqs

from infrastructure.heartbeat import Heartbeat
from infrastructure.metrics import LogMetrics, RunMetrics
from infrastructure.settings import Database

AT_LEAST = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
LESS_THAN = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
BREACHING = cloudwatch.TreatMissingData.BREACHING
NOT_BREACHING = cloudwatch.TreatMissingData.NOT_BREACHING
HOLD = cloudwatch.TreatMissingData.IGNORE
"""Between two runs there is no datapoint: the alarm keeps its state until the next run says otherwise,
instead of falling back to OK and paging anew at every run. That no run comes at all is the heartbeat's
business."""

FIVE_MINUTES = Duration.minutes(5)


@dataclass(frozen=True, kw_only=True)
class Watch:
    """One alarm. `name` is its runbook section too."""

    name: str
    metric: cloudwatch.IMetric
    threshold: float
    missing: cloudwatch.TreatMissingData
    what: str
    first: str
    comparison: cloudwatch.ComparisonOperator = AT_LEAST
    periods: int = 1
    breaching: int | None = None
    """How many of the periods must breach; absent, all."""


def watches(
    *, database: Database, run: RunMetrics, log: LogMetrics, rules: Sequence[events.IRule], dead_letters: sqs.IQueue
) -> Sequence[Watch]:
    """All alarms of one database."""
    return [
        _heartbeat(database, run),
        *_views(database, run, log),
        *_promises(database, run),
        *_runs(database, run, log),
        *_launches(database, rules, dead_letters),
    ]


def _heartbeat(database: Database, run: RunMetrics) -> Watch:
    beat = Heartbeat.every(database.schedule.interval_minutes)
    least, most = beat.silence_minutes
    completed = run.metric("RunCompleted", statistic="Sum", period=Duration.seconds(beat.period_s))
    return Watch(
        name="heartbeat",
        metric=cloudwatch.MathExpression(
            expression="FILL(completed, 0)",
            using_metrics={"completed": completed},
            period=Duration.seconds(beat.period_s),
            label="RunCompleted, zero where missing",
        ),
        comparison=LESS_THAN,
        threshold=1,
        periods=beat.periods,
        missing=BREACHING,
        what=f"No run has completed for {least} to {most} minutes, so every view is growing old.",
        first=(
            "See whether runs start at all (output FollowLogs). If not: is the rule enabled, and can ECS start tasks?"
        ),
    )


def _views(database: Database, run: RunMetrics, log: LogMetrics) -> Sequence[Watch]:
    limits = database.alarms
    return [
        Watch(
            name="failing-repeatedly",
            metric=run.metric("MaxConsecutiveFailures", statistic="Maximum", period=FIVE_MINUTES),
            threshold=limits.consecutive_failures,
            missing=HOLD,
            what=(
                f"A view has failed in {limits.consecutive_failures} or more scheduled runs in a row; "
                "readers see its last good data."
            ),
            first="Mend the cause named with the view (output Status shows it, too); then output RunNow.",
        ),
        Watch(
            name="views-failed",
            metric=log.metric("ViewsFailed", statistic="Maximum", period=FIVE_MINUTES),
            threshold=limits.views_failed,
            missing=HOLD,
            what=f"{limits.views_failed} or more views failed in the latest run; the others were refreshed.",
            first=(
                "Wait for the next run unless failing-repeatedly or views-late fires too; the error is in "
                "the log as step_failed."
            ),
        ),
        Watch(
            name="views-late",
            metric=run.metric("ViewsLate", statistic="Maximum", period=FIVE_MINUTES),
            threshold=limits.views_late,
            missing=HOLD,
            what=f"{limits.views_late} or more views are older than their target lag: people are reading late data.",
            first="Tell the readers. Then mend what is named with each view; output Status shows it, too.",
        ),
        # No alarm on ViewsUpstreamFailed: what failed upstream pages already, or is suspended.
        Watch(
            name="view-suspended",
            metric=run.metric("ViewsSuspended", statistic="Maximum", period=FIVE_MINUTES),
            threshold=limits.views_suspended,
            missing=HOLD,
            what=(
                f"{limits.views_suspended} or more views failed so often that they are left alone, but for a try "
                "from time to time; readers see their last good data."
            ),
            first="Mend the cause named with the view; then: vistafresca resume VIEW.",
        ),
        Watch(
            name="incremental-mismatch",
            metric=run.metric("ViewsDistrusted", statistic="Maximum", period=FIVE_MINUTES),
            threshold=1,
            missing=HOLD,
            what=(
                "A comparison found other rows in an incremental view than its definition gives. It was refreshed in "
                "full at once, and is from now on, so its readers see right data again."
            ),
            first=(
                "Tell those who read it in the meantime. Report what was found; then: vistafresca incremental enable "
                "VIEW."
            ),
        ),
    ]


def _promises(database: Database, run: RunMetrics) -> Sequence[Watch]:
    """What is watched only where somebody asked for it: the event queue, and a service-level objective."""
    watched = []
    if database.schedule.poll_minutes:
        watched.append(
            Watch(
                name="requests-waiting",
                metric=run.metric("OldestRequestSeconds", statistic="Maximum", period=FIVE_MINUTES),
                threshold=database.oldest_request_s,
                missing=HOLD,
                what=(
                    f"An entry of the event queue has waited {database.oldest_request_s} s or more, though the queue "
                    f"is looked at every {database.schedule.poll_minutes} minutes."
                ),
                first="See which view: vistafresca status. Is it failing, or do runs for the event queue not start?",
            )
        )
    if (objective := database.alarms.fresh_ratio_percent) is not None:
        watched.append(
            Watch(
                name="freshness-slo",
                metric=run.metric("FreshRatio", statistic="Average", period=Duration.days(1)),
                comparison=LESS_THAN,
                threshold=objective,
                missing=NOT_BREACHING,
                what=f"Less than {objective:g} % of the views were within their target lag, on average over a day.",
                first="See on the dashboard which views, and when; then whether their targets can be met.",
            )
        )
    return watched


def _runs(database: Database, run: RunMetrics, log: LogMetrics) -> Sequence[Watch]:
    limits = database.alarms
    window = Duration.minutes(3 * database.schedule.interval_minutes)
    return [
        Watch(
            name="run-failed",
            metric=log.metric("RunsFailed", statistic="Maximum", period=FIVE_MINUTES),
            threshold=1,
            missing=HOLD,
            what="A run ended before it could refresh anything: bad configuration, or no connection to the database.",
            first="Follow the remedy in the event run_failed of the log; then output RunNow.",
        ),
        Watch(
            name="slow-run",
            metric=run.metric("RunDuration", statistic="Maximum", period=FIVE_MINUTES),
            threshold=database.slow_run_s,
            missing=HOLD,
            what=(
                f"A run took {database.slow_run_s} s or more of its {database.interval_s} s; at "
                f"{database.run_deadline_s} s it cancels itself."
            ),
            first="Find the slow view: vistafresca history. Is the database busy?",
        ),
        Watch(
            name="overlapping-runs",
            metric=run.metric("RunsSkipped", statistic="Sum", period=window),
            threshold=limits.overlapping_runs,
            missing=NOT_BREACHING,
            what=(
                f"{limits.overlapping_runs} or more runs within {window.to_minutes():.0f} minutes found "
                "another one still at work and stepped back."
            ),
            first="Is a run stuck, or does someone start them by hand? List the running tasks.",
        ),
    ]


def _launches(database: Database, rules: Sequence[events.IRule], dead_letters: sqs.IQueue) -> Sequence[Watch]:
    period = Duration.seconds(database.interval_s)

    def of_rules(name: str) -> cloudwatch.IMetric:
        metrics = {
            f"rule{number}": cloudwatch.Metric(
                namespace="AWS/Events",
                metric_name=name,
                dimensions_map={"RuleName": rule.rule_name},
                statistic="Sum",
                period=period,
            )
            for number, rule in enumerate(rules)
        }
        # SUM passes over a rule of which there is no datapoint.
        return cloudwatch.MathExpression(
            expression=f"SUM([{', '.join(metrics)}])",
            using_metrics=dict(metrics),
            period=period,
            label=f"{name} of all rules",
        )

    # One of two intervals: a rule that fails every time stays one alarm, instead of one per run.
    return [
        Watch(
            name="launch-refused",
            metric=of_rules("FailedInvocations"),
            threshold=1,
            periods=2,
            breaching=1,
            missing=NOT_BREACHING,
            what="EventBridge could not start the task: a right, the task definition or a subnet is wrong.",
            first="Read the reason in the dead-letter queue (ERROR_MESSAGE of its newest message).",
        ),
        Watch(
            name="undelivered",
            metric=dead_letters.metric_approximate_number_of_messages_visible(statistic="Maximum", period=FIVE_MINUTES),
            threshold=1,
            missing=NOT_BREACHING,
            what=(
                "A start of a run was given up after its retries and lies in the dead-letter queue; that "
                "run never happened."
            ),
            first=(
                "Read ERROR_CODE and ERROR_MESSAGE of the message, repair the cause, then purge the queue "
                "to end this alarm."
            ),
        ),
        Watch(
            name="undelivered-and-lost",
            metric=of_rules("InvocationsFailedToBeSentToDlq"),
            threshold=1,
            periods=2,
            breaching=1,
            missing=NOT_BREACHING,
            what="A start of a run was given up and could not even be put into the dead-letter queue.",
            first="Does the queue still exist, and does its policy let events.amazonaws.com send?",
        ),
    ]
