"""Metrics by the minute, and their statistics by period.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
Standard resolution: what came within a minute is stored as of that minute. Percentiles are the value at the nearest
rank: an interpretation, for the documentation defines them by their meaning alone.
"""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from tests.emulation.cloudwatch.datum import Datum
from tests.emulation.unsupported import UnsupportedError

Metric = tuple[str, str, frozenset[tuple[str, str]]]
"""Namespace, name, dimensions."""

MINUTE = timedelta(minutes=1)

STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Sum": math.fsum,
    "Average": lambda values: math.fsum(values) / len(values),
    "Minimum": min,
    "Maximum": max,
    "SampleCount": len,
}


class MetricStore:
    """Everything that was reported."""

    def __init__(self) -> None:
        self._minutes: dict[Metric, dict[datetime, list[float]]] = defaultdict(lambda: defaultdict(list))

    def add(self, data: Iterable[Datum]) -> None:
        for datum in data:
            metric = (datum.namespace, datum.name, datum.dimensions)
            self._minutes[metric][datum.timestamp.replace(second=0, microsecond=0)].append(datum.value)

    def metrics(self) -> frozenset[Metric]:
        """The identity of every metric there is."""
        return frozenset(self._minutes)

    def statistic(  # noqa: PLR0917  in the order of GetMetricStatistics
        self,
        namespace: str,
        name: str,
        dimensions: Iterable[tuple[str, str]],
        statistic: str,
        period_s: int,
        start: datetime,
        end: datetime,
    ) -> dict[datetime, float]:
        """By the beginning of each whole period from `start` on; a period without data has no entry.

        Dimensions must be exactly the metric's: CloudWatch does not add up over them.
        """
        aggregate = aggregation(statistic)
        check_period(period_s)
        if start.second or start.microsecond:
            msg = f"periods begin with a minute, not at {start}"
            raise UnsupportedError(msg)
        minutes = self._minutes.get((namespace, name, frozenset(dimensions)), {})
        period, found = timedelta(seconds=period_s), {}
        while start + period <= end:
            values = [value for minute in range(period_s // 60) for value in minutes.get(start + minute * MINUTE, ())]
            if values:
                found[start] = float(aggregate(values))
            start += period
        return found


def aggregation(statistic: str) -> Callable[[Sequence[float]], float]:
    """What a statistic makes of the values of a period."""
    if (known := STATISTICS.get(statistic)) is not None:
        return known
    if re.fullmatch(r"p\d{1,2}(\.\d{1,10})?|p100", statistic):
        share = float(statistic[1:]) / 100
        return lambda values: sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
    msg = f"this evaluator does not know the statistic {statistic!r}"
    raise UnsupportedError(msg)


def check_period(period_s: int) -> None:
    """Refuse what is not a number of whole minutes."""
    if period_s % 60 or period_s <= 0:
        msg = f"a period of {period_s} s: high resolution is beyond this evaluator"
        raise UnsupportedError(msg)
