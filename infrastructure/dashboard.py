"""One page per environment: is the data fresh, and if not, why."""

import json
from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs
from constructs import Construct

from infrastructure.metrics import ApiMetrics, LogMetrics, RunMetrics
from infrastructure.naming import Names
from infrastructure.settings import Database

ROWS_FOR = 10
"""Databases that have rows of their own; an environment with more has an overview (overview.py) instead."""

PERIOD = Duration.minutes(5)
HALF, THIRD, FULL = 12, 8, 24
FAILURES = [
    "step_failed",
    "step_upstream_failed",
    "incremental_mismatch",
    "run_failed",
    "reporter_failed",
    "rows_abandoned",
]


class Dashboard(Construct):
    """Rows are added per database."""

    def __init__(self, scope: Construct, id_: str, *, name: str) -> None:
        super().__init__(scope, id_)
        self.name = name
        self._dashboard = cloudwatch.Dashboard(
            self, "Dashboard", dashboard_name=name, default_interval=Duration.hours(12)
        )

    def add_pager(self, alarm: cloudwatch.IAlarm) -> None:
        """The alarm that every other one's message depends on."""
        self._dashboard.add_widgets(
            cloudwatch.AlarmStatusWidget(title="Messages to people", alarms=[alarm], width=FULL, height=2)
        )

    def add_database(
        self,
        *,
        names: Names,
        database: Database,
        run: RunMetrics,
        log: LogMetrics,
        log_group: logs.ILogGroup,
        alarms: Sequence[cloudwatch.IAlarm],
    ) -> None:
        """Alarms; lag and duration per view; what became of runs; freshness, suspensions and requests; the latest
        errors."""
        self._dashboard.add_widgets(
            cloudwatch.TextWidget(
                markdown=f"## {names.service}: every {names.interval_minutes} minutes", width=FULL, height=1
            )
        )
        self._dashboard.add_widgets(
            cloudwatch.AlarmStatusWidget(title="Alarms", alarms=list(alarms), width=FULL, height=3)
        )
        self._dashboard.add_widgets(
            cloudwatch.GraphWidget(
                title="Lag per view (s)",
                left=[run.per_view("ViewLagSeconds", statistic="Maximum", period=PERIOD)],
                width=HALF,
            ),
            cloudwatch.GraphWidget(
                title="Refresh duration per view (s)",
                left=[run.per_view("ViewRefreshDuration", statistic="Maximum", period=PERIOD)],
                width=HALF,
            ),
        )
        self._dashboard.add_widgets(
            cloudwatch.GraphWidget(
                title="Run duration (s)",
                left=[run.metric("RunDuration", statistic="Maximum", period=PERIOD)],
                left_annotations=[
                    cloudwatch.HorizontalAnnotation(label="slow", value=database.slow_run_s),
                    cloudwatch.HorizontalAnnotation(label="deadline", value=database.run_deadline_s),
                ],
                width=THIRD,
            ),
            cloudwatch.GraphWidget(
                title="Views per run",
                left=[
                    run.metric(f"Views{outcome}", statistic="Maximum", period=PERIOD)
                    for outcome in ("Succeeded", "Skipped", "NotDue", "Failed", "UpstreamFailed", "Late")
                ],
                width=THIRD,
            ),
            cloudwatch.GraphWidget(
                title="Runs: by metrics (RunCompleted) and by log lines (Runs…)",
                left=[
                    run.metric("RunCompleted", statistic="Sum", period=PERIOD),
                    run.metric("RunsSkipped", statistic="Sum", period=PERIOD),
                    *(
                        log.metric(name, statistic="Sum", period=PERIOD)
                        for name in ("RunsStarted", "RunsFinished", "RunsFailed")
                    ),
                ],
                width=THIRD,
            ),
        )
        self._dashboard.add_widgets(*_promise_widgets(database, run))
        self._dashboard.add_widgets(
            cloudwatch.LogQueryWidget(
                title="Latest failures",
                log_group_names=[log_group.log_group_name],
                query_lines=[
                    "fields @timestamp, event, view, sqlstate, message",
                    f"filter event in {json.dumps(FAILURES)}",
                    "sort @timestamp desc",
                    "limit 20",
                ],
                width=FULL,
            )
        )

    def add_api(
        self, *, names: Names, database: Database, run: RunMetrics, api: ApiMetrics, log_group: logs.ILogGroup
    ) -> None:
        """How fast the API answers, with what, and how often from the query behind a view; its latest errors."""
        self._dashboard.add_widgets(
            cloudwatch.TextWidget(markdown=f"### API of {names.service}", width=FULL, height=1),
        )
        self._dashboard.add_widgets(
            cloudwatch.GraphWidget(
                title="API: time to answer (ms)",
                left=[api.answers("Latency", statistic=statistic, period=PERIOD) for statistic in ("p50", "p99")],
                left_annotations=[cloudwatch.HorizontalAnnotation(label="slow", value=database.alarms.api_latency_ms)],
                width=THIRD,
            ),
            cloudwatch.GraphWidget(
                title="API: answers, errors, requests turned away",
                left=[
                    *(api.answers(name, statistic="Sum", period=PERIOD) for name in ("Count", "4xx", "5xx")),
                    *(api.function(name, statistic="Sum", period=PERIOD) for name in ("Errors", "Throttles")),
                ],
                width=THIRD,
            ),
            cloudwatch.GraphWidget(
                title="API: answers from the query behind a view, and those refused",
                left=[
                    run.metric(name, statistic="Sum", period=PERIOD) for name in ("ApiFallbacks", "ApiFallbackRefused")
                ],
                width=THIRD,
            ),
        )
        self._dashboard.add_widgets(
            cloudwatch.LogQueryWidget(
                title="API: latest errors",
                log_group_names=[log_group.log_group_name],
                query_lines=[
                    "fields @timestamp, level, message, @requestId",
                    'filter level in ["ERROR", "CRITICAL"]',
                    "sort @timestamp desc",
                    "limit 20",
                ],
                width=FULL,
            )
        )


def _promise_widgets(database: Database, run: RunMetrics) -> Sequence[cloudwatch.IWidget]:
    objective = database.alarms.fresh_ratio_percent
    return [
        cloudwatch.GraphWidget(
            title="Views within their target lag (%)",
            left=[run.metric("FreshRatio", statistic="Average", period=PERIOD)],
            left_y_axis=cloudwatch.YAxisProps(min=0, max=100),
            left_annotations=[]
            if objective is None
            else [cloudwatch.HorizontalAnnotation(label="objective", value=objective)],
            width=THIRD,
        ),
        cloudwatch.GraphWidget(
            title="Suspended and distrusted views, retries",
            left=[
                run.metric(name, statistic="Maximum", period=PERIOD)
                for name in ("ViewsSuspended", "ViewsDistrusted", "MaxConsecutiveFailures", "StepRetries")
            ],
            width=THIRD,
        ),
        cloudwatch.GraphWidget(
            title="Event queue: runs, requests, and the age of the oldest (s)",
            left=[
                run.metric("RequestedRunCompleted", statistic="Sum", period=PERIOD),
                run.metric("RequestsWaiting", statistic="Maximum", period=PERIOD),
            ],
            right=[run.metric("OldestRequestSeconds", statistic="Maximum", period=PERIOD)],
            width=THIRD,
        ),
    ]
