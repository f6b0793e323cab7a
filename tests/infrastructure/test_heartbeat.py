"""The arithmetic of silence, by trying every placement of the runs instead of trusting the formula."""

import pytest

from infrastructure.heartbeat import Heartbeat
from tests.infrastructure.template import Template, alarm, services, variables

INTERVALS = [5, 6, 10, 12, 15, 20, 30, 60]
STEP_S = 20


def fires_at(beat: Heartbeat, completions: list[int], *, until: int) -> int | None:
    """The first moment at which the last N whole periods, on CloudWatch's grid, held no completion."""
    for end in range(beat.period_s * beat.periods, until + 1, beat.period_s):
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
