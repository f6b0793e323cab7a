"""What is watched of all databases together. One alarm each for hundreds would cost more than their tasks.

The task's metrics carry the service's name alone, and here all tasks have the same: a maximum over an interval is that
of the worst database, and a sum counts them. What is lost is which, and that a second one fails while the alarm is on:
the state machine's latest failed execution names them all.
"""

from collections.abc import Sequence
from dataclasses import replace

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn

from infrastructure.alarms import NOT_BREACHING, Watch, watches
from infrastructure.metrics import LogMetrics, RunMetrics
from infrastructure.settings import Database

OF_THE_WORST = (
    "failing-repeatedly",
    "views-late",
    "view-suspended",
    "incremental-mismatch",
    "requests-waiting",
    "slow-run",
)
"""A maximum: over two intervals, since within five minutes a database that is well could follow one that is not."""

AS_FOR_ONE = ("heartbeat", "launch-refused", "undelivered", "undelivered-and-lost")
"""Of all together, whatever their number. Left out are views-failed and run-failed, which databases-failed covers;
overlapping-runs, which one start by EventBridge too many would set off; freshness-slo, an average without a meaning."""


def fleet_watches(
    *,
    database: Database,
    run: RunMetrics,
    log: LogMetrics,
    rules: Sequence[events.IRule],
    dead_letters: sqs.IQueue,
    machine: sfn.IStateMachine,
    databases: int,
) -> Sequence[Watch]:
    """All alarms of a fleet."""
    interval = Duration.seconds(database.interval_s)
    # CloudWatch's windows move with the minute: one of a single interval would miss a database whose run comes a minute
    # later than the last time, and end the alarm for that minute.
    two = Duration.seconds(2 * database.interval_s)
    of_one = watches(database=database, run=run, log=log, rules=rules, dead_letters=dead_letters)
    return [
        *(watch for watch in of_one if watch.name in AS_FOR_ONE),
        *(replace(watch, metric=_over(watch.metric, two)) for watch in of_one if watch.name in OF_THE_WORST),
        _databases_failed(machine, interval=interval, databases=databases),
    ]


def _over(metric: cloudwatch.IMetric, period: Duration) -> cloudwatch.IMetric:
    if not isinstance(metric, cloudwatch.Metric):
        msg = "a maximum is watched of one metric"
        raise TypeError(msg)
    return metric.with_(period=period)


def _databases_failed(machine: sfn.IStateMachine, *, interval: Duration, databases: int) -> Watch:
    # Two of three, in one window: rounds end at minutes that vary, and periods of one interval would miss some.
    three = Duration.seconds(3 * interval.to_seconds())
    metrics: dict[str, cloudwatch.IMetric] = {
        "failed": machine.metric_failed(statistic="Sum", period=three),
        "aborted": machine.metric_aborted(statistic="Sum", period=three),
        "timedout": machine.metric_timed_out(statistic="Sum", period=three),
    }
    return Watch(
        name="databases-failed",
        metric=cloudwatch.MathExpression(
            expression="SUM([FILL(failed, 0), FILL(aborted, 0), FILL(timedout, 0)])",
            using_metrics=metrics,
            period=three,
            label="Executions that did not end well",
        ),
        threshold=2,
        missing=NOT_BREACHING,
        what=(
            f"Two of the last three rounds did not end well for one or more of {databases} databases: a task ended "
            "with another exit code than 0, or could not be started."
        ),
        first=(
            "The cause of the latest failed execution names them (output WhichFailed); read their lines in the log."
        ),
    )
