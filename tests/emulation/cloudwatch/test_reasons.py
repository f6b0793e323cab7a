"""State reasons, against messages that people have published; numbers and times are theirs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from tests.emulation.cloudwatch.alarm_definition import Alarm
from tests.emulation.cloudwatch.missing_data import State, Verdict
from tests.emulation.cloudwatch.reasons import reason


def reason_of(
    state: str, points: Sequence[tuple[str, float]] = (), *, periods: int = 1, filled: int = 0, **settings: Any
) -> str:
    alarm = Alarm.read(
        {
            "Namespace": "Mine",
            "MetricName": "m",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": periods,
            "ComparisonOperator": "GreaterThanThreshold",
            **settings,
        }
    )
    used = [(datetime.strptime(moment, "%d/%m/%y %H:%M:%S"), value) for moment, value in points]  # noqa: DTZ007  as written
    return reason(alarm, Verdict(state=State(state), used=tuple(range(len(used))), filled=filled), used)


def test_all_datapoints_are_there_and_datapoints_to_alarm_was_given() -> None:
    assert reason_of("OK", [("01/10/19 13:46:00", 0.0666851903306472)], Threshold=50, DatapointsToAlarm=1) == (
        "Threshold Crossed: 1 out of the last 1 datapoints [0.0666851903306472 (01/10/19 13:46:00)] was not greater "
        "than the threshold (50.0) (minimum 1 datapoint for ALARM -> OK transition)."
    )
    assert reason_of(
        "OK",
        [("01/08/22 15:06:00", 0.0)],
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        DatapointsToAlarm=1,
    ) == (
        "Threshold Crossed: 1 out of the last 1 datapoints [0.0 (01/08/22 15:06:00)] was not greater than or equal to "
        "the threshold (1.0) (minimum 1 datapoint for ALARM -> OK transition)."
    )


def test_only_the_datapoints_that_speak_for_the_state_are_listed() -> None:
    """As in "1 out of the last 3 datapoints [40.6 …] was not greater than …": one within ends a 3 of 3."""
    points = [("08/09/23 15:38:00", 60.0), ("08/09/23 15:37:00", 70.0), ("08/09/23 15:36:00", 40.5)]
    assert reason_of("OK", points, periods=3, Threshold=50, DatapointsToAlarm=3) == (
        "Threshold Crossed: 1 out of the last 3 datapoints [40.5 (08/09/23 15:36:00)] was not greater than the "
        "threshold (50.0) (minimum 1 datapoint for ALARM -> OK transition)."
    )
    assert reason_of("ALARM", points, periods=3, Threshold=50, DatapointsToAlarm=2) == (
        "Threshold Crossed: 2 out of the last 3 datapoints [60.0 (08/09/23 15:38:00), 70.0 (08/09/23 15:37:00)] were "
        "greater than the threshold (50.0) (minimum 2 datapoints for OK -> ALARM transition)."
    )


def test_datapoints_to_alarm_was_not_given() -> None:
    assert reason_of("ALARM", [("05/02/18 06:28:00", 2.0)], Threshold=1) == (
        "Threshold Crossed: 1 datapoint [2.0 (05/02/18 06:28:00)] was greater than the threshold (1.0)."
    )


@pytest.mark.parametrize(("treated", "word"), [("breaching", "Breaching"), ("notBreaching", "NonBreaching")])
def test_some_or_all_are_missing_and_stand_for_something(treated: str, word: str) -> None:
    settings: dict[str, Any] = {"Threshold": 1, "ComparisonOperator": "LessThanThreshold", "TreatMissingData": treated}
    assert reason_of("OK", periods=1, filled=1, **settings) == (
        f"Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [{word}]."
    )
    assert reason_of("ALARM", periods=8, filled=8, **settings) == (
        "Threshold Crossed: no datapoints were received for 8 periods and 8 missing datapoints were treated as "
        f"[{word}]."
    )
    assert reason_of("OK", [("26/08/26 16:16:00", 1.0)], periods=3, filled=2, **settings) == (
        "Threshold Crossed: 1 datapoint [1.0 (26/08/26 16:16:00)] was not less than the threshold (1.0) and 2 missing "
        f"datapoints were treated as [{word}]."
    )
    assert reason_of("ALARM", [("20/04/26 18:45:00", 0.0)], periods=2, filled=1, **settings) == (
        "Threshold Crossed: 1 datapoint [0.0 (20/04/26 18:45:00)] was less than the threshold (1.0) and 1 missing "
        f"datapoint was treated as [{word}]."
    )


def test_nothing_is_known() -> None:
    assert reason_of("INSUFFICIENT_DATA", filled=1, Threshold=1) == "Insufficient Data: 1 datapoint was unknown."
    assert (
        reason_of("INSUFFICIENT_DATA", periods=10, filled=10, Threshold=1)
        == "Insufficient Data: 10 datapoints were unknown."
    )
