"""What the API counts for the alarms api-fallback and api-fallback-refused, as metrics in CloudWatch's embedded format.

They are made of log records, so that what reads rows knows nothing of metrics: a record names a metric by
`extra={"counts": FALLBACKS}`, and the error record of a refused question is known by its problem. The one dimension is
{service}, as the task's metrics have it. On Lambda only: elsewhere nobody looks for metrics in standard output.
"""

from __future__ import annotations

import logging

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from api.problems import Problem
from refresh_task.settings import Settings

__all__ = ["FALLBACKS", "REFUSED", "count_fallbacks"]

FALLBACKS = "ApiFallbacks"
REFUSED = "ApiFallbackRefused"
# Neither a view nor the relation behind it. Not view-too-stale: that may be a caller's own demand, which pages nobody.
_REFUSALS = frozenset({"base-busy", "base-failing", "view-unavailable"})


def count_fallbacks(settings: Settings, logger: logging.Logger) -> None:
    """From now on, write a metric for each record of this logger that counts."""
    logger.addHandler(_MetricHandler(settings))


class _MetricHandler(logging.Handler):
    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._namespace = settings.metrics_namespace
        self._service = settings.service

    def emit(self, record: logging.LogRecord) -> None:
        name = getattr(record, "counts", None) or (REFUSED if _is_refusal(record) else None)
        if name is None:
            return
        metrics = EphemeralMetrics(namespace=self._namespace, service=self._service)
        metrics.add_metric(name, MetricUnit.Count, 1)
        metrics.flush_metrics()


def _is_refusal(record: logging.LogRecord) -> bool:
    arguments = record.args if isinstance(record.args, tuple) else ()
    return any(isinstance(argument, Problem) and argument.slug in _REFUSALS for argument in arguments)
