"""All tables of "Configuring how CloudWatch alarms treat missing data", and its section on premature transitions.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
0 is a datapoint within the threshold, X a breaching one, - a missing one; the newest is on the right.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulation.cloudwatch.missing_data import Missing, State, Verdict, judge

OK, ALARM, UNKNOWN = State.OK, State.ALARM, State.INSUFFICIENT_DATA
RETAIN = None
TREATMENTS = (Missing.MISSING, Missing.IGNORE, Missing.BREACHING, Missing.NOT_BREACHING)

# Datapoints, how many must be filled, and the state with missing data as: missing, ignore, breaching, notBreaching.
Row = tuple[str, int, tuple[State | None, State | None, State | None, State | None]]
THREE_OF_THREE: list[Row] = [
    ("0 - X - X", 0, (OK, OK, OK, OK)),
    ("0 - - - -", 2, (OK, OK, OK, OK)),
    ("- - - - -", 3, (UNKNOWN, RETAIN, ALARM, OK)),
    ("0 X X - X", 0, (ALARM, ALARM, ALARM, ALARM)),
    ("- - X - -", 2, (ALARM, RETAIN, ALARM, OK)),
]
TWO_OF_THREE: list[Row] = [
    ("0 - X - X", 0, (ALARM, ALARM, ALARM, ALARM)),
    ("0 0 X 0 X", 0, (ALARM, ALARM, ALARM, ALARM)),
    ("0 - X - -", 1, (OK, OK, ALARM, OK)),
    ("- - - - 0", 2, (OK, OK, ALARM, OK)),
    ("- - - X -", 2, (ALARM, RETAIN, ALARM, OK)),
]


def breaching(points: str) -> list[bool | None]:
    return [{"0": False, "X": True, "-": None}[point] for point in points.split()]


def verdict(points: str, to_alarm: int, missing: Missing, state: State) -> Verdict:
    return judge(breaching(points), periods=3, to_alarm=to_alarm, missing=missing, state=state)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("missing", TREATMENTS)
@pytest.mark.parametrize(
    ("to_alarm", "points", "filled", "states"),
    [*((3, *row) for row in THREE_OF_THREE), *((2, *row) for row in TWO_OF_THREE)],
)
def test_every_row_of_the_tables(  # noqa: PLR0917  the tables' columns
    to_alarm: int, points: str, filled: int, states: tuple[State | None, ...], missing: Missing, state: State
) -> None:
    found = verdict(points, to_alarm, missing, state)
    expected = states[TREATMENTS.index(missing)]
    assert found.state is (state if expected is RETAIN else expected)
    # The second table's heading says "missing", not "to be filled", but its numbers are the same.
    assert found.filled == filled


def test_the_one_datapoint_that_held_the_alarm_in_ok_leaves_the_evaluation_range() -> None:
    """The paragraph below the first table: the next time, if the data is still missing, it goes to ALARM."""
    assert verdict("0 - - - -", 3, Missing.BREACHING, OK).state is OK
    assert verdict("- - - - -", 3, Missing.BREACHING, OK).state is ALARM


@pytest.mark.parametrize("points", ["- - - - X", "- - - X -"])
@pytest.mark.parametrize("missing", [Missing.MISSING, Missing.IGNORE])
def test_a_lone_young_breaching_datapoint_does_not_go_into_alarm(points: str, missing: Missing) -> None:
    """Premature transitions: with Datapoints to Alarm 3, the next datapoint may yet be within the threshold."""
    assert verdict(points, 3, missing, OK).state is OK
    # Which state else is not documented; it is kept.
    assert verdict(points, 3, missing, UNKNOWN).state is UNKNOWN


@pytest.mark.parametrize("points", ["- - - X 0", "- - X - 0"])
def test_and_if_that_next_datapoint_is_within_the_threshold_the_alarm_is_ok(points: str) -> None:
    assert verdict(points, 3, Missing.MISSING, OK).state is OK


def test_it_goes_into_alarm_when_the_oldest_breaching_datapoint_is_as_old_as_datapoints_to_alarm() -> None:
    """Even with fewer datapoints than M, and with missing data as missing."""
    assert verdict("- - X - -", 3, Missing.MISSING, OK).state is ALARM
    assert verdict("- - X - X", 3, Missing.MISSING, OK).state is ALARM


RANGES = st.lists(st.sampled_from([True, False, None]), min_size=5, max_size=5)


@given(points=RANGES, state=st.sampled_from(State), to_alarm=st.integers(1, 3))
def test_with_enough_datapoints_what_missing_ones_count_as_is_ignored(
    points: list[bool | None], state: State, to_alarm: int
) -> None:
    states = {judge(points, periods=3, to_alarm=to_alarm, missing=missing, state=state).state for missing in Missing}
    if sum(point is not None for point in points) >= 3:
        assert len(states) == 1
        assert states <= {OK, ALARM}


@given(points=RANGES, state=st.sampled_from(State), to_alarm=st.integers(1, 3), missing=st.sampled_from(Missing))
def test_one_more_breaching_datapoint_never_ends_an_alarm(
    points: list[bool | None], state: State, to_alarm: int, missing: Missing
) -> None:
    def new(breaching_: list[bool | None]) -> State:
        return judge(breaching_, periods=3, to_alarm=to_alarm, missing=missing, state=state).state

    if new(points) is ALARM:
        for place, point in enumerate(points):
            if point is False:
                assert new([*points[:place], True, *points[place + 1 :]]) is ALARM
