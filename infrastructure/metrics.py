"""The metrics that a run and the API leave behind, with the very dimensions they have: one letter off, and an alarm
sees nothing."""

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infrastructure.naming import METRICS_NAMESPACE

LOGS_NAMESPACE = f"{METRICS_NAMESPACE}/Logs"
"""Apart from the task's own namespace, so that nothing is counted twice."""


@dataclass(frozen=True, kw_only=True)
class RunMetrics:
    """Metrics of one service, written by the task and the API as EMF log lines: dimension set {service}."""

    service: str

    def metric(self, name: str, *, statistic: str, period: Duration) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=METRICS_NAMESPACE,
            metric_name=name,
            dimensions_map={"service": self.service},
            statistic=statistic,
            period=period,
        )

    def per_view(self, name: str, *, statistic: str, period: Duration) -> cloudwatch.MathExpression:
        """One line per view; a search, since views come and go without a deployment."""
        search = f'{{{METRICS_NAMESPACE},service,view}} MetricName="{name}" service="{self.service}"'
        return cloudwatch.MathExpression(
            expression=f"SEARCH('{search}', '{statistic}', {period.to_seconds():.0f})",
            label="",
            period=period,
            using_metrics={},
        )


def worst(name: str, *, environment: str, period: Duration) -> cloudwatch.MathExpression:
    """The ten databases of an environment in which a metric of runs is highest; a search, so not for alarms.

    A service is looked for by the words of its name: without quotation marks, a search takes a part for the whole.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
    """
    words = " ".join(f"service={word}" for word in environment.split("-"))
    search = f'{{{METRICS_NAMESPACE},service}} MetricName="{name}" {words}'
    return cloudwatch.MathExpression(
        expression=f"SORT(SEARCH('{search}', 'Maximum', {period.to_seconds():.0f}), MAX, DESC, 10)",
        label="",
        period=period,
        using_metrics={},
    )


@dataclass(frozen=True, kw_only=True)
class ApiMetrics:
    """What API Gateway and Lambda count of one API by themselves. What the API itself counts is among RunMetrics: it
    has the same one dimension, {service}."""

    stage: apigateway.HttpStage
    handler: lambda_.IFunction

    def answers(self, name: str, *, statistic: str, period: Duration) -> cloudwatch.Metric:
        """Of the HTTP API's stage: Count, 4xx, 5xx, Latency (ms, at the caller's end)."""
        return self.stage.metric(name, statistic=statistic, period=period)

    def function(self, name: str, *, statistic: str, period: Duration) -> cloudwatch.Metric:
        """Of the function: Errors, Throttles, Duration (ms), ConcurrentExecutions."""
        return self.handler.metric(name, statistic=statistic, period=period)


class LogMetrics(Construct):
    """The belt to EMF's brace: the same facts, counted by CloudWatch from the JSON log lines themselves.

    EMF is extracted from log lines too, but by another mechanism, which not every region has had
    (aws/aws-embedded-metrics-python#73). Each alarm watches one of the two sources: if either breaks,
    failures are still told.
    """

    def __init__(self, scope: Construct, id_: str, *, log_group: logs.ILogGroup, service: str) -> None:
        super().__init__(scope, id_)
        self._service = service
        self._log_group = log_group
        scheduled = logs.FilterPattern.string_value("$.kind", "=", "scheduled")
        self._filter("RunsStarted", event="run_started", value="1", only=scheduled)
        self._filter("RunsFinished", event="run_finished", value="1", only=scheduled)
        # A run about a few views that went well says nothing about the others: no zero that would end a page.
        any_failed = logs.FilterPattern.number_value("$.views_failed", ">", 0)
        self._filter(
            "ViewsFailed",
            event="run_finished",
            value="$.views_failed",
            only=logs.FilterPattern.any(scheduled, any_failed),
        )
        # A one from a run that failed, a zero from one that did not: the alarm knows when it is over.
        self._filter("RunsFailed", event="run_failed", value="1")
        self._filter("RunsFailed", event="run_finished", value="0")

    def metric(self, name: str, *, statistic: str, period: Duration) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=LOGS_NAMESPACE,
            metric_name=name,
            dimensions_map={"service": self._service},
            statistic=statistic,
            period=period,
        )

    def _filter(self, name: str, *, event: str, value: str, only: logs.JsonPattern | None = None) -> None:
        pattern = logs.FilterPattern.string_value("$.event", "=", event)
        logs.MetricFilter(
            self,
            f"{name}-{event}",
            log_group=self._log_group,
            filter_pattern=pattern if only is None else logs.FilterPattern.all(pattern, only),
            metric_namespace=LOGS_NAMESPACE,
            metric_name=name,
            metric_value=value,
            dimensions={"service": "$.service"},
        )
