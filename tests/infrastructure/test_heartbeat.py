"""The arithmetic of silence, by trying every placement of the runs instead of trusting the formula."""

import pytest

from infrastructure.heartbeat import Heartbeat
from tests.infrastructure.template import Template, alarm, services, variables

INTERVALS = [5, 6, 10, 12, 15, 20, 30, 60]
STEP_S = 20
OFFSET = [(10, 3), (10, 5), (15, 14), (60, 7)]
"""Interval and first minute, where runs do not start at :00."""


def fires_at(beat: Heartbeat, completions: list[int], *, until: int, first_minute: int = 0) -> int | None:
    """The first moment at which the last N whole periods, on CloudWatch's grid, held no completion. Moments count from
    the first minute, the grid from the hour before it."""
    grid_starts = -(first_minute * 60) % beat.period_s
    for end in range(grid_starts + beat.period_s * beat.periods, until + 1, beat.period_s):
        begin = end - beat.period_s * beat.periods
        if begin >= 0 and not any(begin <= moment < end for moment in completions):
            return end
    return None


@pytest.mark.parametrize("minutes", INTERVALS)
def test_one_lost_run_is_silent_wherever_its_neighbours_complete(minutes: int) -> None:
    beat, interval = Heartbeat.every(minutes), minutes * 60
    for before in range(0, interval - 60 + 1, STEP_S):
        for after in range(2 * interval, 3 * interval - 60 + 1, max(STEP_S, interval // 30)):
            assert fires_at(beat, [before, after], until=3 * interval - 60) is None


@pytest.mark.parametrize("minutes", INTERVALS)
def test_when_runs_stop_it_fires_within_three_intervals_of_the_last_completion(minutes: int) -> None:
    beat, interval = Heartbeat.every(minutes), minutes * 60
    least, most = beat.silence_minutes
    for last in range(0, interval - 60 + 1, STEP_S):
        moment = fires_at(beat, [last], until=6 * interval)
        assert moment is not None
        assert least * 60 <= moment - last <= most * 60 <= 3 * interval


@pytest.mark.parametrize("minutes", INTERVALS)
def test_runs_that_all_complete_never_fire_however_their_durations_drift(minutes: int) -> None:
    beat, interval = Heartbeat.every(minutes), minutes * 60
    for first in (0, 1, interval // 2, interval - 60):
        for second in (0, 1, interval // 2, interval - 60):
            completions = [slot * interval + (first if slot % 2 else second) for slot in range(12)]
            assert fires_at(beat, completions, until=11 * interval) is None


@pytest.mark.parametrize("minutes", INTERVALS)
def test_with_windows_that_move_one_lost_run_is_silent_unless_the_next_is_slower_by_a_period(minutes: int) -> None:
    """CloudWatch does not say whether an alarm's windows keep to the grid; this is the other way to read it."""
    beat, interval = Heartbeat.every(minutes), minutes * 60
    silence = beat.period_s * beat.periods
    for slower in range(0, beat.period_s, STEP_S):
        assert 2 * interval + slower < silence


@pytest.mark.parametrize(("minutes", "first_minute"), OFFSET)
def test_an_offset_changes_neither(minutes: int, first_minute: int) -> None:
    beat, interval = Heartbeat.every(minutes, first_minute=first_minute), minutes * 60
    _, most = beat.silence_minutes
    assert most * 60 <= 3 * interval
    for before in range(0, interval - 60 + 1, STEP_S):
        for after in range(2 * interval, 3 * interval - 60 + 1, max(STEP_S, interval // 30)):
            assert fires_at(beat, [before, after], until=3 * interval - 60, first_minute=first_minute) is None
        moment = fires_at(beat, [before], until=6 * interval, first_minute=first_minute)
        assert moment is not None
        assert moment - before <= most * 60


def test_on_the_grid_of_the_full_hour_an_offset_would_let_one_lost_run_fire() -> None:
    """What the one-minute periods are for: the same runs, ten minutes apart from :03, under five-minute periods."""
    completions = [100, 3 * 600 - 60]
    assert fires_at(Heartbeat.every(10), completions, until=3 * 600 - 60, first_minute=3) is not None
    beat = Heartbeat.every(10, first_minute=3)
    assert (beat, beat.silence_minutes) == (Heartbeat(period_s=60, periods=29), (29, 30))
    assert fires_at(beat, completions, until=3 * 600 - 60, first_minute=3) is None


def test_ten_minutes_mean_25_to_30_minutes_of_silence() -> None:
    assert Heartbeat.every(10) == Heartbeat(period_s=300, periods=5)
    assert Heartbeat.every(10).silence_minutes == (25, 30)


def test_the_alarm_fills_gaps_with_zeros_and_takes_total_absence_for_an_alarm(template: Template) -> None:
    tasks = {
        variables(task)["POWERTOOLS_SERVICE_NAME"]: task for task in template.resources("AWS::ECS::TaskDefinition")
    }
    for service in services(template):
        beat = Heartbeat.every(int(variables(tasks[service])["VISTAFRESCA_INTERVAL_S"]) // 60)
        properties = alarm(template, service, "heartbeat").properties
        (expression,) = [entry for entry in properties["Metrics"] if "Expression" in entry]
        (stat,) = [entry for entry in properties["Metrics"] if "MetricStat" in entry]
        assert expression["Expression"] == f"FILL({stat['Id']}, 0)"
        assert stat["MetricStat"]["Metric"]["MetricName"] == "RunCompleted"
        assert (stat["MetricStat"]["Period"], stat["MetricStat"]["Stat"]) == (beat.period_s, "Sum")
        assert (properties["EvaluationPeriods"], properties["DatapointsToAlarm"]) == (beat.periods, beat.periods)
        assert (properties["ComparisonOperator"], properties["Threshold"]) == ("LessThanThreshold", 1)
        assert properties["TreatMissingData"] == "breaching"
