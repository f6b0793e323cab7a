"""The arithmetic of silence, by trying every placement of the runs instead of trusting the formula; then the deployed
alarm itself, over simulated time."""

from collections.abc import Iterable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from infrastructure.heartbeat import Heartbeat
from tests.emulation.cloudwatch import alarms
from tests.emulation.cloudwatch.datum import Datum
from tests.emulation.cloudwatch.metric_store import MetricStore
from tests.infrastructure import described
from tests.infrastructure.template import Template, alarm, services, variables

INTERVALS = [5, 6, 10, 12, 15, 20, 30, 60]
STEP_S = 20
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def fires_at(beat: Heartbeat, completions: list[int], *, until: int) -> int | None:
    """The first moment, in seconds, at which the last N whole periods held no completion."""
    for end in range(beat.period_s * beat.periods, until + 1, beat.period_s):
        begin = end - beat.period_s * beat.periods
        if not any(begin <= moment < end for moment in completions):
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


class Simulation:
    """The alarm as it is deployed, but for its numbers, over simulated minutes."""

    def __init__(self, template: Template, beat: Heartbeat, completions: list[int]) -> None:
        """Runs complete at these minutes after noon."""
        (service,) = services(template)
        self._alarm = deepcopy(dict(described.alarms(template)[f"vistafresca-{service}-heartbeat"]))
        self._alarm |= {"EvaluationPeriods": beat.periods, "DatapointsToAlarm": beat.periods}
        for entry in self._alarm["Metrics"]:
            if "MetricStat" in entry:
                entry["MetricStat"]["Period"] = beat.period_s
        self._store = MetricStore()
        self._store.add(
            Datum(
                namespace="Vistafresca",
                name="RunCompleted",
                dimensions=frozenset({("service", service)}),
                timestamp=NOON + timedelta(minutes=minute),
                value=1,
            )
            for minute in completions
        )

    def fires(self, moments: Iterable[int]) -> list[int]:
        """Those of these minutes, in order, at which the alarm goes from OK to ALARM."""
        state, fired = "OK", []
        for minute in moments:
            found = alarms.evaluate(self._alarm, self._store, now=NOON + timedelta(minutes=minute), state=state)
            if found.state == "ALARM" != state:
                fired.append(minute)
            state = found.state
        return fired


def placements(minutes: int) -> list[int]:
    """When in its interval a run may complete: at once, soon, halfway, just before the next one starts."""
    return [0, 1, minutes // 2, minutes - 1]


@pytest.mark.parametrize("minutes", INTERVALS)
def test_the_evaluator_agrees_one_lost_run_is_silent(sandbox: Template, minutes: int) -> None:
    beat = Heartbeat.every(minutes)
    for before, after in product(placements(minutes), repeat=2):
        simulation = Simulation(sandbox, beat, [before, 2 * minutes + after])
        assert simulation.fires(range(before + 1, 2 * minutes + after + 1)) == []


@pytest.mark.parametrize("minutes", INTERVALS)
def test_two_lost_runs_and_a_late_third_fire_once_and_the_third_ends_it(sandbox: Template, minutes: int) -> None:
    beat = Heartbeat.every(minutes)
    least, _ = beat.silence_minutes
    for before, later in product(placements(minutes), repeat=2):
        third = 3 * minutes + max(before, later)
        simulation = Simulation(sandbox, beat, [before, third])
        assert simulation.fires(range(before + 1, third + least)) == [before + 1 + least]


@pytest.mark.parametrize("minutes", INTERVALS)
def test_the_evaluator_agrees_runs_that_all_complete_never_fire(sandbox: Template, minutes: int) -> None:
    for odd, even in ((0, 0), (0, minutes - 1), (minutes - 1, 0)):
        completions = [slot * minutes + (odd if slot % 2 else even) for slot in range(8)]
        simulation = Simulation(sandbox, Heartbeat.every(minutes), completions)
        assert simulation.fires(range(completions[0] + 1, completions[-1] + 1)) == []


def test_when_nothing_was_ever_reported_it_fires_at_once(sandbox: Template) -> None:
    """Zeros cannot be filled in where there is nothing to fill between: missing data itself must be breaching."""
    assert Simulation(sandbox, Heartbeat.every(10), []).fires(range(3)) == [0]


def test_ten_minutes_mean_29_to_30_minutes_of_silence() -> None:
    assert Heartbeat.every(10) == Heartbeat(period_s=60, periods=29)
    assert Heartbeat.every(10).silence_minutes == (29, 30)


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
