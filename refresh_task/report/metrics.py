"""Metrics in CloudWatch's embedded metric format: JSON lines on standard output that awslogs carries and CloudWatch
extracts.

The dimension sets are exactly {service} and {service, view}; the alarms of infrastructure/ name the same ones. Alarms
hold their state between datapoints, so a run may write only what it knows: how the views stand, whatever kind of run it
is; what is said of scheduled runs, a scheduled run alone.
"""

from __future__ import annotations

from datetime import UTC, datetime

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit, single_metric

from refresh_task.model import RunKind, RunResult, RunStatus, Status, StepRetried, Strategy, ViewStatus
from refresh_task.report.reporter import Reporter
from refresh_task.settings import Settings


class MetricReporter(Reporter):
    """One line for the run and two per view, at the end of the run. A run that could not be carried out has none: the
    absence of RunCompleted is the heartbeat alarm's signal."""

    def __init__(self, settings: Settings, *, kind: RunKind = RunKind.SCHEDULED) -> None:
        self._namespace = settings.metrics_namespace
        self._service = settings.service
        self._kind = kind
        self._retries = 0

    def step_retried(self, retry: StepRetried) -> None:  # noqa: ARG002  # the interface's
        self._retries += 1

    def nothing_requested(self) -> None:
        metrics = self._metrics()
        metrics.add_metric("RequestedRunCompleted", MetricUnit.Count, 1)
        # The end of an alarm that holds: what waited has been served.
        metrics.add_metric("RequestsWaiting", MetricUnit.Count, 0)
        metrics.add_metric("OldestRequestSeconds", MetricUnit.Seconds, 0)
        metrics.flush_metrics()

    def run_finished(self, result: RunResult) -> None:
        if result.status is RunStatus.SKIPPED:
            if self._kind is RunKind.SCHEDULED:
                metrics = self._metrics()
                metrics.add_metric("RunsSkipped", MetricUnit.Count, 1)
                metrics.flush_metrics()
            return
        metrics = self._metrics()
        match self._kind:
            case RunKind.SCHEDULED:
                metrics.add_metric("RunCompleted", MetricUnit.Count, 1)
                metrics.add_metric("RunsSkipped", MetricUnit.Count, 0)
                metrics.add_metric("RunDuration", MetricUnit.Seconds, result.duration_s)
                metrics.add_metric("ViewsNotDue", MetricUnit.Count, len(result.undue))
            case RunKind.REQUESTED:
                metrics.add_metric("RequestedRunCompleted", MetricUnit.Count, 1)
            case RunKind.MANUAL:
                pass
        self._add_steps(metrics, result)
        _add_state(metrics, result)
        metrics.flush_metrics()
        for view in _enabled(result):
            if view.lag_s is not None:
                self._view_metric(view.name, "ViewLagSeconds", view.lag_s)
        for outcome in result.outcomes:
            if outcome.status is Status.COMPLETED:
                self._view_metric(outcome.view, "ViewRefreshDuration", outcome.duration_s)

    def _metrics(self) -> EphemeralMetrics:
        return EphemeralMetrics(namespace=self._namespace, service=self._service)

    def _add_steps(self, metrics: EphemeralMetrics, result: RunResult) -> None:
        metrics.add_metric("ViewsSucceeded", MetricUnit.Count, result.count(Status.COMPLETED))
        metrics.add_metric("ViewsFailed", MetricUnit.Count, result.count(Status.FAILED))
        metrics.add_metric("ViewsSkipped", MetricUnit.Count, result.count(Status.SKIPPED))
        metrics.add_metric("ViewsUpstreamFailed", MetricUnit.Count, result.count(Status.UPSTREAM_FAILED))
        metrics.add_metric("StepRetries", MetricUnit.Count, self._retries)
        if result.capture_log_bytes is None:
            return  # each metric costs, and here is nothing to tell
        metrics.add_metric("CaptureLogBytes", MetricUnit.Bytes, result.capture_log_bytes)
        done = [outcome.strategy for outcome in result.outcomes if outcome.status is Status.COMPLETED]
        metrics.add_metric("IncrementalRefreshes", MetricUnit.Count, done.count(Strategy.INCREMENTAL))
        metrics.add_metric("DifferenceRefreshes", MetricUnit.Count, done.count(Strategy.DIFFERENCE))

    def _view_metric(self, view: str, name: str, value: float) -> None:
        with single_metric(
            name=name, unit=MetricUnit.Seconds, value=value, namespace=self._namespace,
            default_dimensions={"service": self._service},
        ) as metric:  # fmt: skip
            # CloudWatch takes ASCII only.
            metric.add_dimension(name="view", value=view.encode("ascii", "backslashreplace").decode())


def _add_state(metrics: EphemeralMetrics, result: RunResult) -> None:
    """How the views stand now, which any run may say."""
    enabled = _enabled(result)
    metrics.add_metric("ViewsLate", MetricUnit.Count, len(result.late_views))
    metrics.add_metric("ViewsSuspended", MetricUnit.Count, sum(view.suspended_at is not None for view in enabled))
    metrics.add_metric("ViewsDistrusted", MetricUnit.Count, sum(view.distrust is not None for view in enabled))
    metrics.add_metric(
        "MaxConsecutiveFailures", MetricUnit.Count, max((view.consecutive_failures for view in enabled), default=0)
    )
    # The service-level indicator: of the data that people may read, how much is as new as was promised.
    fresh = sum(not view.is_late for view in enabled)
    metrics.add_metric("FreshRatio", MetricUnit.Percent, 100 * fresh / len(enabled) if enabled else 100)
    if lags := [view.lag_s for view in enabled if view.lag_s is not None]:
        metrics.add_metric("MaxLagSeconds", MetricUnit.Seconds, max(lags))
    # Those of a suspended view wait until it is tried again, and its own alarm says so.
    asked = [view for view in enabled if view.suspended_at is None]
    oldest = min((view.oldest_request_at for view in asked if view.oldest_request_at is not None), default=None)
    metrics.add_metric("RequestsWaiting", MetricUnit.Count, sum(view.waiting_requests for view in asked))
    metrics.add_metric(
        "OldestRequestSeconds",
        MetricUnit.Seconds,
        0 if oldest is None else max(0, (datetime.now(UTC) - oldest).total_seconds()),
    )


def _enabled(result: RunResult) -> list[ViewStatus]:
    """A view that was disabled while it failed must not hold an alarm for ever."""
    return [view for view in result.views if view.enabled]
