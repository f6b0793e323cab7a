"""Statistics by period, from https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulation.cloudwatch.datum import Datum
from tests.emulation.cloudwatch.metric_store import MetricStore
from tests.emulation.unsupported import UnsupportedError

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR_S = 3600


def datum(value: float, after: timedelta = timedelta(0), name: str = "m", **dimensions: str) -> Datum:
    return Datum(
        namespace="Mine", name=name, dimensions=frozenset(dimensions.items()), timestamp=NOON + after, value=value
    )


def stored(*data: Datum) -> MetricStore:
    store = MetricStore()
    store.add(data)
    return store


def hour(store: MetricStore, statistic: str, period_s: int = HOUR_S, **dimensions: str) -> Mapping[datetime, float]:
    end = NOON + timedelta(seconds=HOUR_S)
    return store.statistic("Mine", "m", dimensions.items(), statistic, period_s, NOON, end)


def test_the_example_of_publishing_single_data_points() -> None:
    """Three points within three seconds of a minute are stored as one of that minute: 2, 4 and 5.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/publishingMetrics.html#publishingDataPoints1
    """
    store = stored(*(datum(value, timedelta(seconds=second)) for second, value in enumerate([2, 4, 5])))
    expected = {"Sum": 11, "Average": 11 / 3, "Minimum": 2, "Maximum": 5, "SampleCount": 3}
    for statistic, value in expected.items():
        assert hour(store, statistic, 60) == {NOON: pytest.approx(value)}


def test_dimensions_are_the_metric_s_identity_and_are_not_added_up() -> None:
    """The page's example: four metrics by Server and Domain; without statistics for Server alone or for none."""
    store = stored(
        datum(105, Server="Prod", Domain="Frankfurt"),
        datum(115, Server="Beta", Domain="Frankfurt"),
        datum(95, Server="Prod", Domain="Rio"),
        datum(97, Server="Beta", Domain="Rio"),
    )
    assert hour(store, "Sum", Server="Prod", Domain="Rio") == {NOON: 95}
    assert hour(store, "Sum", Server="Prod") == {}
    assert hour(store, "Sum") == {}
    assert len(store.metrics()) == 4


def test_percentiles_are_the_value_at_the_nearest_rank() -> None:
    store = stored(*(datum(value) for value in range(100, 0, -1)))
    assert [hour(store, statistic)[NOON] for statistic in ("p1", "p50", "p99", "p100", "p99.5")] == [
        1,
        50,
        99,
        100,
        100,
    ]


def test_a_period_holds_its_first_second_and_not_its_end() -> None:
    store = stored(datum(1), datum(2, timedelta(minutes=5)), datum(4, timedelta(minutes=9, seconds=59)))
    assert hour(store, "Sum", 300) == {NOON: 1, NOON + timedelta(minutes=5): 6}


def test_only_whole_periods_count() -> None:
    store = stored(datum(1, timedelta(minutes=10)))
    assert store.statistic("Mine", "m", [], "Sum", 600, NOON, NOON + timedelta(minutes=15)) == {}


@pytest.mark.parametrize(
    ("statistic", "period_s", "start"),
    [
        ("tm90", 60, NOON),
        ("IQM", 60, NOON),
        ("p101", 60, NOON),
        ("Sum", 10, NOON),
        ("Sum", 90, NOON),
        ("Sum", 0, NOON),
        ("Sum", 60, NOON + timedelta(seconds=1)),
    ],
)
def test_what_it_does_not_know_it_refuses(statistic: str, period_s: int, start: datetime) -> None:
    with pytest.raises(UnsupportedError):
        MetricStore().statistic("Mine", "m", [], statistic, period_s, start, start + timedelta(hours=1))


POINTS = st.lists(st.tuples(st.integers(0, HOUR_S - 1), st.integers(-1000, 1000)), min_size=1)


@given(points=POINTS, period_s=st.sampled_from([60, 300, 600, 900, 1800]))
def test_periods_merge_into_the_longer_period(points: list[tuple[int, int]], period_s: int) -> None:
    store = stored(*(datum(value, timedelta(seconds=second)) for second, value in points))
    of_parts = {name: hour(store, name, period_s) for name in ("Sum", "Minimum", "Maximum", "SampleCount", "Average")}
    whole = {name: hour(store, name)[NOON] for name in of_parts}
    assert whole["Sum"] == sum(of_parts["Sum"].values())
    assert whole["Minimum"] == min(of_parts["Minimum"].values())
    assert whole["Maximum"] == max(of_parts["Maximum"].values())
    assert whole["SampleCount"] == sum(of_parts["SampleCount"].values()) == len(points)
    weighted = sum(of_parts["Average"][begin] * count for begin, count in of_parts["SampleCount"].items())
    assert whole["Average"] == pytest.approx(weighted / whole["SampleCount"])


@given(points=POINTS, start_m=st.integers(0, 59))
def test_windows_that_move_see_what_the_minutes_hold(points: list[tuple[int, int]], start_m: int) -> None:
    store = stored(*(datum(value, timedelta(seconds=second)) for second, value in points))
    start = NOON + timedelta(minutes=start_m)
    found = store.statistic("Mine", "m", [], "Sum", 300, start, start + timedelta(minutes=5))
    within = [value for second, value in points if start_m <= second // 60 < start_m + 5]
    assert found == ({start: sum(within)} if within else {})
