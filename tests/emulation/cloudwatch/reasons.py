"""State reasons in CloudWatch's words.

No page of the documentation lists them; these are the words of published messages, quoted in the tests. Which of the
two forms ("1 out of the last 3 datapoints", "3 datapoints") belongs to which alarm, and where the minimum stands beside
missing datapoints, is an interpretation.
"""

from collections.abc import Sequence
from datetime import datetime

from tests.emulation.cloudwatch.alarm_definition import COMPARISONS, Alarm
from tests.emulation.cloudwatch.missing_data import Missing, State, Verdict

TREATED_AS = {Missing.BREACHING: "Breaching", Missing.NOT_BREACHING: "NonBreaching"}


def reason(alarm: Alarm, verdict: Verdict, used: Sequence[tuple[datetime, float]]) -> str:
    """Why the alarm is in that state; `used` are the datapoints that counted, the newest first."""
    treated = ""
    if verdict.filled and alarm.missing in TREATED_AS:
        treated = f"{_missing(verdict.filled)} treated as [{TREATED_AS[alarm.missing]}]"
    if not used:
        if treated:
            received = f"no datapoints were received for {alarm.periods} period{_s(alarm.periods)}"
            return f"Threshold Crossed: {received} and {treated}."
        unknown = f"{alarm.periods} datapoint{_s(alarm.periods)} {_was(alarm.periods)} unknown."
        return f"Insufficient Data: {unknown}"
    compared = _compared(alarm, verdict.state, used)
    return f"Threshold Crossed: {compared}{f' and {treated}' if treated else ''}{_minimum(alarm, verdict.state)}."


def _compared(alarm: Alarm, state: State, used: Sequence[tuple[datetime, float]]) -> str:
    """The datapoints that speak for the state; all, where none of them does."""
    alarming = state is State.ALARM
    speaking = [point for point in used if alarm.breaches(point[1]) is alarming] or list(used)
    listed = ", ".join(f"{value!r} ({begin:%d/%m/%y %H:%M:%S})" for begin, value in speaking)
    count = len(speaking)
    how_many = (
        f"{count} out of the last {alarm.periods} datapoints" if alarm.explicit else f"{count} datapoint{_s(count)}"
    )
    negation = "" if alarm.breaches(speaking[0][1]) else "not "
    words = COMPARISONS[alarm.comparison][1]
    return f"{how_many} [{listed}] {_was(count)} {negation}{words} the threshold ({alarm.threshold!r})"


def _minimum(alarm: Alarm, state: State) -> str:
    if not alarm.explicit:
        return ""
    alarming = state is State.ALARM
    least = alarm.to_alarm if alarming else alarm.periods - alarm.to_alarm + 1
    return f" (minimum {least} datapoint{_s(least)} for {'OK -> ALARM' if alarming else 'ALARM -> OK'} transition)"


def _missing(count: int) -> str:
    return f"{count} missing datapoint{_s(count)} {_was(count)}"


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"
