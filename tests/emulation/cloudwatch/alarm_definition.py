"""What an alarm is told to do, read from an entry of describe_alarms. Unknown fields and values are refused.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricAlarm.html
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from tests.emulation.cloudwatch import metric_math
from tests.emulation.cloudwatch.metric_math import Series
from tests.emulation.cloudwatch.metric_store import MetricStore, aggregation, check_period
from tests.emulation.cloudwatch.missing_data import Missing
from tests.emulation.unsupported import UnsupportedError

T = TypeVar("T")

COMPARISONS: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
MULTI_DAY_S = 86_400
"""An alarm over more than a day is evaluated by other rules."""

SETTINGS = {
    *("MetricName", "Namespace", "Dimensions", "Statistic", "ExtendedStatistic", "Period", "Metrics"),
    *("EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData"),
    "EvaluateLowSampleCountPercentile",
}
TOLD = {
    *("AlarmName", "AlarmArn", "AlarmDescription", "AlarmConfigurationUpdatedTimestamp", "ActionsEnabled"),
    *("OKActions", "AlarmActions", "InsufficientDataActions", "StateValue", "StateReason", "StateReasonData"),
    *("StateUpdatedTimestamp", "StateTransitionedTimestamp", "EvaluationState"),
}
"""Fields that say nothing about how an alarm is evaluated."""


@dataclass(frozen=True, kw_only=True)
class Stat:
    """One metric's statistic."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]
    statistic: str
    period_s: int

    @classmethod
    def read(cls, metric: Mapping[str, Any], *, statistic: Any, period_s: Any) -> "Stat":
        if not {"Namespace", "MetricName"} <= metric.keys() or statistic is None or period_s is None:
            msg = f"a metric needs namespace, name, statistic and period: {dict(metric)}"
            raise UnsupportedError(msg)
        aggregation(statistic)
        check_period(period_s)
        if metric["Namespace"] == "AWS/DynamoDB":
            msg = "alarms on AWS/DynamoDB always ignore missing data, which is beyond this evaluator"
            raise UnsupportedError(msg)
        return cls(
            namespace=metric["Namespace"],
            name=metric["MetricName"],
            dimensions=frozenset((entry["Name"], entry["Value"]) for entry in metric.get("Dimensions", [])),
            statistic=statistic,
            period_s=period_s,
        )

    def series(self, store: MetricStore, start: datetime, end: datetime) -> Series:
        return store.statistic(self.namespace, self.name, self.dimensions, self.statistic, self.period_s, start, end)


@dataclass(frozen=True, kw_only=True)
class Watched:
    """The one series that an alarm watches: an expression over metrics, by their ids."""

    expression: str
    stats: Mapping[str, Stat]
    period_s: int

    @classmethod
    def read(cls, alarm: Mapping[str, Any]) -> "Watched":
        if alarm.get("Metrics"):
            return cls._of_math(alarm["Metrics"])
        statistic = alarm.get("Statistic") or alarm.get("ExtendedStatistic")
        stat = Stat.read(alarm, statistic=statistic, period_s=alarm.get("Period"))
        return cls(expression="metric", stats={"metric": stat}, period_s=stat.period_s)

    @classmethod
    def _of_math(cls, entries: Sequence[Mapping[str, Any]]) -> "Watched":
        stats = {entry["Id"]: _stat(entry) for entry in entries if "MetricStat" in entry}
        returned = [entry for entry in entries if entry.get("ReturnData", True)]
        expressions = [entry for entry in entries if "Expression" in entry]
        periods = {stat.period_s for stat in stats.values()}
        if len(returned) != 1 or len(expressions) > 1 or len(periods) != 1:
            msg = f"one returned series, one expression at most, and one period for all: {list(entries)}"
            raise UnsupportedError(msg)
        expression = returned[0].get("Expression", returned[0]["Id"])
        metric_math.evaluate(expression, {id_: {} for id_ in stats}, [])
        return cls(expression=expression, stats=stats, period_s=periods.pop())

    def series(self, store: MetricStore, begins: Sequence[datetime]) -> Series:
        """Its values in these consecutive periods, the oldest first."""
        end = begins[-1] + timedelta(seconds=self.period_s)
        series = {id_: stat.series(store, begins[0], end) for id_, stat in self.stats.items()}
        return metric_math.evaluate(self.expression, series, begins)


@dataclass(frozen=True, kw_only=True)
class Alarm:
    watched: Watched
    comparison: str
    threshold: float
    periods: int
    to_alarm: int
    explicit: bool
    """Whether DatapointsToAlarm was given: CloudWatch words its reasons after that."""
    missing: Missing

    @classmethod
    def read(cls, alarm: Mapping[str, Any]) -> "Alarm":
        name = alarm.get("AlarmName", "alarm")
        if unknown := {key for key, value in alarm.items() if value not in (None, [])} - SETTINGS - TOLD:
            msg = f"{name}: this evaluator does not know {', '.join(sorted(unknown))}"
            raise UnsupportedError(msg)
        if alarm.get("EvaluateLowSampleCountPercentile", "evaluate") != "evaluate":
            msg = f"{name}: ignoring percentiles of few samples is beyond this evaluator"
            raise UnsupportedError(msg)
        watched = Watched.read(alarm)
        periods = int(alarm["EvaluationPeriods"])
        if periods * watched.period_s > MULTI_DAY_S:
            msg = f"{name}: alarms over more than a day are beyond this evaluator"
            raise UnsupportedError(msg)
        return cls(
            watched=watched,
            comparison=_known(alarm["ComparisonOperator"], COMPARISONS, name),
            threshold=float(alarm["Threshold"]),
            periods=periods,
            to_alarm=int(alarm.get("DatapointsToAlarm") or periods),
            explicit=bool(alarm.get("DatapointsToAlarm")),
            missing=Missing(_known(alarm.get("TreatMissingData") or "missing", list(Missing), name)),
        )

    def breaches(self, value: float) -> bool:
        return COMPARISONS[self.comparison][0](value, self.threshold)


def _stat(entry: Mapping[str, Any]) -> Stat:
    stat = entry["MetricStat"]
    if unknown := stat.keys() - {"Metric", "Period", "Stat"}:
        msg = f"this evaluator does not know {', '.join(sorted(unknown))} of a MetricStat"
        raise UnsupportedError(msg)
    return Stat.read(stat["Metric"], statistic=stat["Stat"], period_s=stat["Period"])


def _known(value: T, known: Sequence[Any] | Mapping[Any, Any], name: str) -> T:
    if value not in known:
        msg = f"{name}: this evaluator does not know {value!r}"
        raise UnsupportedError(msg)
    return value
