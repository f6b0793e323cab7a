"""FILL and SUM, from https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html.

That SUM passes over a missing value, and that FILL of nothing is nothing, is from memory.
"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulation.cloudwatch import metric_math
from tests.emulation.cloudwatch.metric_math import Series
from tests.emulation.unsupported import UnsupportedError

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PERIODS = [NOON + number * timedelta(minutes=5) for number in range(4)]


def series(*values: float | None) -> Series:
    return {begin: value for begin, value in zip(PERIODS, values, strict=True) if value is not None}


M1, M2, EMPTY = series(1, None, 3, None), series(10, 20, None, None), series(None, None, None, None)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("m1", M1),
        ("FILL(m1,10)", series(1, 10, 3, 10)),
        ("FILL( m1 , -0.5 )", series(1, -0.5, 3, -0.5)),
        ("SUM([m1,m2])", series(11, 20, 3, None)),
        ("SUM([m1])", M1),
        ("FILL(SUM([m1, m2]), 0)", series(11, 20, 3, 0)),
        ("SUM([FILL(m1, 0), m2])", series(11, 20, 3, 0)),
        ("SUM([empty, m2])", M2),
        ("FILL(empty, 0)", EMPTY),
        ("SUM([empty, empty])", EMPTY),
    ],
)
def test_expressions(expression: str, expected: Series) -> None:
    assert metric_math.evaluate(expression, {"m1": M1, "m2": M2, "empty": EMPTY}, PERIODS) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "SEARCH('{Vistafresca,service,view} MetricName=\"ViewLagSeconds\"', 'Maximum', 300)",
        "SUM(m1)",  # of one series it is a number, which the page advises against in alarms
        "SUM([])",
        "SUM(METRICS())",
        "FILL(m1, REPEAT)",
        "FILL(m1, LINEAR)",
        "FILL(m1, m2)",
        "m1 + m2",
        "m1/PERIOD(m1)",
        "IF(m1 > 1, m1)",
        "ANOMALY_DETECTION_BAND(m1)",
        "m1 m2",
        "m3",
        "SUM([m1",
        "",
    ],
)
def test_what_it_does_not_know_it_refuses(expression: str) -> None:
    with pytest.raises(UnsupportedError, match="does not know the expression"):
        metric_math.evaluate(expression, {"m1": M1, "m2": M2}, PERIODS)


VALUES = st.lists(st.none() | st.integers(-100, 100), min_size=4, max_size=4)


@given(values=VALUES, filler=st.integers(-9, 9))
def test_filled_nothing_is_missing_and_what_there_is_stays(values: list[float | None], filler: int) -> None:
    found = metric_math.evaluate(f"FILL(m1, {filler})", {"m1": series(*values)}, PERIODS)
    if any(value is not None for value in values):
        assert found == series(*(filler if value is None else value for value in values))
