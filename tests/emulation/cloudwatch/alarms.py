"""The evaluation of one alarm at one moment.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
As documented, an alarm is evaluated every minute, over windows that move with the minute ("at the end of minute 6, the
alarm is evaluated based on the data from minutes 2 to 6"). Whoever wants to know what windows on the clock's own grid
would say hands over a `now` on that grid.

The evaluation range, the datapoints that CloudWatch looks at in case some are missing, is N + EXTRA periods. The
documentation gives 5 for N = 3 and calls it dependent on the period: an interpretation. Measured by others: an alarm of
one period of 15 minutes went back to OK 46 minutes after its last datapoint, in the minute in which 3 periods no longer
held it (public repository, 2026-09-24).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.emulation.cloudwatch.alarm_definition import Alarm
from tests.emulation.cloudwatch.metric_store import MetricStore
from tests.emulation.cloudwatch.missing_data import State, judge
from tests.emulation.cloudwatch.reasons import reason

EXTRA = 2


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    state: State
    reason: str
    """In CloudWatch's words; of interest where the state has changed."""
    datapoints: tuple[tuple[datetime, float | None], ...]
    """The evaluation range: the beginning of each period and its value, the oldest first."""


def check(alarm: Mapping[str, Any]) -> None:
    """Refuse what this evaluator does not know, before there is any metric."""
    Alarm.read(alarm)


def evaluate(alarm: Mapping[str, Any], store: MetricStore, *, now: datetime, state: str) -> Evaluation:
    """What an alarm in `state` comes to. `alarm` is an entry of describe_alarms; a new alarm is INSUFFICIENT_DATA."""
    definition = Alarm.read(alarm)
    end = now.replace(second=0, microsecond=0)
    period = timedelta(seconds=definition.watched.period_s)
    begins = [end - back * period for back in range(definition.periods + EXTRA, 0, -1)]
    series = definition.watched.series(store, begins)
    values = [series.get(begin) for begin in begins]
    verdict = judge(
        [None if value is None else definition.breaches(value) for value in values],
        periods=definition.periods,
        to_alarm=definition.to_alarm,
        missing=definition.missing,
        state=State(state),
    )
    used = [(begins[place], series[begins[place]]) for place in verdict.used]
    return Evaluation(
        state=verdict.state,
        reason=reason(definition, verdict, used),
        datapoints=tuple(zip(begins, values, strict=True)),
    )
