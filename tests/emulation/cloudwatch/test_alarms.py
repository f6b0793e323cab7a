"""Alarms evaluated minute by minute, as documented and as others have measured it in real accounts.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.emulation.cloudwatch import alarms
from tests.emulation.cloudwatch.alarms import Evaluation
from tests.emulation.cloudwatch.datum import Datum
from tests.emulation.cloudwatch.metric_store import MetricStore
from tests.emulation.unsupported import UnsupportedError

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def alarm(**changes: Any) -> dict[str, Any]:
    """An entry of describe_alarms: three of three minutes above three units, the figure of the documentation."""
    settings = {
        "AlarmName": "mine",
        "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:mine",
        "ActionsEnabled": True,
        "OKActions": [],
        "AlarmActions": ["arn:aws:sns:us-east-1:123456789012:pager"],
        "InsufficientDataActions": [],
        "StateValue": "OK",
        "MetricName": "m",
        "Namespace": "Mine",
        "Dimensions": [{"Name": "service", "Value": "a"}],
        "Statistic": "Maximum",
        "Period": 60,
        "EvaluationPeriods": 3,
        "Threshold": 3.0,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    return {key: value for key, value in (settings | changes).items() if value is not ...}


def stored(points: Sequence[tuple[datetime, float]], name: str = "m", service: str = "a") -> MetricStore:
    store = MetricStore()
    dimensions = frozenset({("service", service)})
    store.add(
        Datum(namespace="Mine", name=name, dimensions=dimensions, timestamp=moment, value=value)
        for moment, value in points
    )
    return store


def minutes(*values: float | None) -> MetricStore:
    """One value a minute, from noon on."""
    return stored([(NOON + place * MINUTE, value) for place, value in enumerate(values) if value is not None])


def evaluate(store: MetricStore, now: datetime, state: str = "OK", **changes: Any) -> Evaluation:
    return alarms.evaluate(alarm(**changes), store, now=now, state=state)


def test_the_documentation_s_figure() -> None:
    """Above three units in the third to fifth period, within at the sixth, once more above at the ninth alone."""
    store = minutes(2, 2, 4, 4, 4, 2, 2, 2, 4, 2)
    state, states = "INSUFFICIENT_DATA", []
    for period in range(3, 11):
        state = evaluate(store, NOON + period * MINUTE, state).state
        states.append(str(state))
    assert states == ["OK", "OK", "ALARM", "OK", "OK", "OK", "OK", "OK"]


def test_windows_move_with_the_minute() -> None:
    """Period of 5 minutes, 1 of 1: at the end of minute 5, minutes 1 to 5; at the end of minute 6, minutes 2 to 6."""
    store = minutes(9, 0, 0, 0, 0, 0)
    five: dict[str, Any] = {"Period": 300, "EvaluationPeriods": 1}
    assert evaluate(store, NOON + 5 * MINUTE, **five).state == "ALARM"
    assert evaluate(store, NOON + 6 * MINUTE, **five).state == "OK"
    # The seconds of the moment do not matter.
    assert evaluate(store, NOON + 5 * MINUTE + timedelta(seconds=59), **five).state == "ALARM"


def test_an_alarm_of_15_minutes_that_took_46_to_recover() -> None:
    """A published incident note: period 900, 1 of 1, notBreaching, evaluated 51 s past the minute; last datapoint
    19:50:31, back to OK at 20:36:51, for no datapoints in one period. Windows that move, and a range of three."""
    store = stored([(datetime(2026, 9, 24, 19, 50, 31, tzinfo=UTC), 1)])
    settings: dict[str, Any] = {
        "Period": 900,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
    }
    recovered = datetime(2026, 9, 24, 20, 36, 51, tzinfo=UTC)
    assert evaluate(store, recovered - MINUTE, "ALARM", **settings).state == "ALARM"
    found = evaluate(store, recovered, "ALARM", **settings)
    assert found.state == "OK"
    assert found.reason == (
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as "
        "[NonBreaching]."
    )


@pytest.mark.parametrize("fired", ["2024-01-09T18:54:38Z", "2024-01-10T00:54:38Z"])
def test_an_alarm_of_two_times_six_hours_that_looked_further_back(fired: str) -> None:
    """https://techqa.club/v/q/cloudwatch-alarm-to-catch-consecutive-failures-77796873

    2 of 2 above 0. The second alarm's startDate was 12:54: windows that move. The first puzzled its owner: the period
    before it held nothing, and the one before that, beyond the two, a failure.
    """
    now = datetime.fromisoformat(fired)
    jobs = [("09T01:08", 0), ("09T06:26", 1), ("09T13:07", 0), ("09T18:53", 1), ("10T00:51", 1)]
    store = stored(
        [(moment, value) for text, value in jobs if (moment := datetime.fromisoformat(f"2024-01-{text}+00:00")) <= now]
    )
    settings: dict[str, Any] = {"Period": 21_600, "EvaluationPeriods": 2, "DatapointsToAlarm": 2, "Threshold": 0.0}
    assert evaluate(store, now, **settings).state == "ALARM"


def test_m_of_n() -> None:
    assert evaluate(minutes(4, 2, 4), NOON + 3 * MINUTE, DatapointsToAlarm=2).state == "ALARM"
    assert evaluate(minutes(4, 2, 4), NOON + 3 * MINUTE, DatapointsToAlarm=3).state == "OK"


@pytest.mark.parametrize(
    ("comparison", "states"),
    [
        ("GreaterThanThreshold", ["OK", "OK", "ALARM"]),
        ("GreaterThanOrEqualToThreshold", ["OK", "ALARM", "ALARM"]),
        ("LessThanThreshold", ["ALARM", "OK", "OK"]),
        ("LessThanOrEqualToThreshold", ["ALARM", "ALARM", "OK"]),
    ],
)
def test_comparisons(comparison: str, states: list[str]) -> None:
    for value, state in zip((2, 3, 4), states, strict=True):
        assert evaluate(minutes(value, value, value), NOON + 3 * MINUTE, ComparisonOperator=comparison).state == state


@pytest.mark.parametrize(
    "changes",
    [
        {"Dimensions": []},
        {"Dimensions": [{"Name": "service", "Value": "b"}]},
        {"Dimensions": [{"Name": "service", "Value": "a"}, {"Name": "view", "Value": "v"}]},
        {"Namespace": "Others"},
        {"MetricName": "n"},
    ],
)
def test_another_metric_by_one_letter_or_dimension_is_never_seen(changes: dict[str, Any]) -> None:
    assert evaluate(minutes(4, 4, 4), NOON + 3 * MINUTE).state == "ALARM"
    found = evaluate(minutes(4, 4, 4), NOON + 3 * MINUTE, **changes)
    assert found.state == "INSUFFICIENT_DATA"
    assert {value for _, value in found.datapoints} == {None}


def test_missing_data_is_missing_unless_told_otherwise() -> None:
    later = NOON + 60 * MINUTE
    assert evaluate(minutes(4, 4, 4), later).state == "INSUFFICIENT_DATA"
    assert evaluate(minutes(4, 4, 4), later, "ALARM", TreatMissingData="ignore").state == "ALARM"
    assert evaluate(minutes(2, 2, 2), later, TreatMissingData="breaching").state == "ALARM"
    assert evaluate(minutes(4, 4, 4), later, "ALARM", TreatMissingData="notBreaching").state == "OK"


def test_the_datapoints_of_the_evaluation_range_are_told() -> None:
    """Five for an evaluation over three, as in the documentation's tables."""
    found = evaluate(minutes(1, None, 3, 4, 5), NOON + 5 * MINUTE)
    assert found.datapoints == tuple((NOON + place * MINUTE, value) for place, value in enumerate([1, None, 3, 4, 5]))


def math(expression: str, *stats: dict[str, Any]) -> dict[str, Any]:
    returned = {"Id": "e1", "Expression": expression, "Label": "mine", "ReturnData": True}
    without = dict.fromkeys(("MetricName", "Namespace", "Dimensions", "Statistic", "Period"), ...)
    return {**without, "Metrics": [returned, *stats]}


def stat(id_: str, name: str = "m", period: int = 60, **more: Any) -> dict[str, Any]:
    metric = {"Namespace": "Mine", "MetricName": name, "Dimensions": [{"Name": "service", "Value": "a"}]}
    return {"Id": id_, "MetricStat": {"Metric": metric, "Period": period, "Stat": "Sum", **more}, "ReturnData": False}


def test_an_alarm_on_an_expression() -> None:
    store = minutes(1, 2, 3)
    store.add([Datum(namespace="Mine", name="n", dimensions=frozenset({("service", "a")}), timestamp=NOON, value=3)])
    settings = math("SUM([m1, m2])", stat("m1"), stat("m2", "n"))
    found = evaluate(store, NOON + 3 * MINUTE, **settings)
    assert [value for _, value in found.datapoints] == [None, None, 4, 2, 3]
    filled = evaluate(store, NOON + 3 * MINUTE, **math("FILL(m1, 9)", stat("m1")))
    assert [value for _, value in filled.datapoints] == [9, 9, 1, 2, 3]


@pytest.mark.parametrize(
    "changes",
    [
        {"AlarmRule": "ALARM(other)"},
        {"Unit": "Count"},
        {"ThresholdMetricId": "ad1"},
        {"ComparisonOperator": "GreaterThanUpperThreshold"},
        {"TreatMissingData": "Breaching"},
        {"EvaluateLowSampleCountPercentile": "ignore"},
        {"Namespace": "AWS/DynamoDB"},
        {"Statistic": "tm90"},
        {"Statistic": ...},
        {"Period": ...},
        {"Period": 10},
        {"Period": 86_400, "EvaluationPeriods": 2},
        math("SEARCH('{Mine,service}', 'Sum', 60)", stat("m1")),
        math("m1 + m2", stat("m1"), stat("m2")),
        math("SUM([m1, m2])", stat("m1"), stat("m2", period=300)),
        math("SUM([m1, m3])", stat("m1")),
        math("m1", stat("m1"), {"Id": "e2", "Expression": "FILL(m1, 0)"}),
        math("m1", stat("m1", Unit="Count")),
    ],
)
def test_what_it_does_not_know_it_refuses(changes: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedError):
        alarms.check(alarm(**changes))
