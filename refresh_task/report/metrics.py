"""Metrics in CloudWatch's embedded metric format: JSON lines on standard output that awslogs carries and CloudWatch
extracts.

The dimension sets are exactly {service} and {service, view}; the alarms of infrastructure/ name the same ones.
"""

from __future__ import annotations

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit, single_metric

from refresh_task.model import RunResult, RunStatus, Status, ViewStatus
from refresh_task.report.reporter import Reporter
from refresh_task.settings import Settings


class MetricReporter(Reporter):
    """One line for the run and two per view, at the end of the run. A run that could not be carried out has none: the
    absence of RunCompleted is the heartbeat alarm's signal."""

    def __init__(self, settings: Settings) -> None:
        self._namespace = settings.metrics_namespace
        self._service = settings.service

    def run_finished(self, result: RunResult) -> None:
        metrics = EphemeralMetrics(namespace=self._namespace, service=self._service)
        if result.status is RunStatus.SKIPPED:
            metrics.add_metric("RunsSkipped", MetricUnit.Count, 1)
        else:
            self._add_run(metrics, result)
        metrics.flush_metrics()
        for view in _enabled(result):
            if view.lag_s is not None:
                self._view_metric(view.name, "ViewLagSeconds", view.lag_s)
        for outcome in result.outcomes:
            if outcome.status is Status.COMPLETED:
                self._view_metric(outcome.view, "ViewRefreshDuration", outcome.duration_s)

    def _add_run(self, metrics: EphemeralMetrics, result: RunResult) -> None:
        metrics.add_metric("RunCompleted", MetricUnit.Count, 1)
        metrics.add_metric("ViewsSucceeded", MetricUnit.Count, result.count(Status.COMPLETED))
        metrics.add_metric("ViewsFailed", MetricUnit.Count, result.count(Status.FAILED))
        metrics.add_metric("ViewsSkipped", MetricUnit.Count, result.count(Status.SKIPPED))
        metrics.add_metric("ViewsLate", MetricUnit.Count, len(result.late_views))
        metrics.add_metric("RunsSkipped", MetricUnit.Count, 0)
        metrics.add_metric("RunDuration", MetricUnit.Seconds, result.duration_s)
        metrics.add_metric(
            "MaxConsecutiveFailures",
            MetricUnit.Count,
            max((view.consecutive_failures for view in _enabled(result)), default=0),
        )
        if lags := [view.lag_s for view in _enabled(result) if view.lag_s is not None]:
            metrics.add_metric("MaxLagSeconds", MetricUnit.Seconds, max(lags))

    def _view_metric(self, view: str, name: str, value: float) -> None:
        with single_metric(
            name=name, unit=MetricUnit.Seconds, value=value, namespace=self._namespace,
            default_dimensions={"service": self._service},
        ) as metric:  # fmt: skip
            # CloudWatch takes ASCII only.
            metric.add_dimension(name="view", value=view.encode("ascii", "backslashreplace").decode())


def _enabled(result: RunResult) -> list[ViewStatus]:
    """A view that was disabled while it failed must not hold an alarm for ever."""
    return [view for view in result.views if view.enabled]
