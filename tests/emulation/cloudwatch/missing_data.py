"""The state that datapoints come to: M of N, and what missing ones count as.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
Its tables are the tests. Two interpretations, where its text and its tables leave a gap:

- Premature alarm ("- - X - -", missing data as missing): what there is breaches, all of it, and the oldest of it is at
  least M periods old. The text would let an older datapoint be within the threshold; the table's "0 - X - -" does not.
- Too young for that ("- - - - X"): the text says only that the alarm does not go into ALARM. Here it keeps its state.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class Missing(StrEnum):
    """What a missing datapoint counts as."""

    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    state: State
    used: tuple[int, ...]
    """Which datapoints counted, by their place in the evaluation range, the newest first."""
    filled: int
    """How many more were missing and had to be made up for."""


def judge(
    breaching: Sequence[bool | None],
    *,
    periods: int,
    to_alarm: int,
    missing: Missing,
    state: State,
) -> Verdict:
    """`breaching` is the evaluation range, the oldest first, None where there is no datapoint; N is `periods`, M is
    `to_alarm`, `state` is the one that the alarm is in."""
    real = [place for place in reversed(range(len(breaching))) if breaching[place] is not None]
    used = tuple(real[:periods])
    filled = periods - len(used)
    count = sum(breaching[place] is True for place in used)
    if filled and missing is Missing.BREACHING:
        count += filled
    if count >= to_alarm:
        new = State.ALARM
    elif missing in (Missing.BREACHING, Missing.NOT_BREACHING):
        new = State.OK
    elif missing is Missing.MISSING and not used:
        new = State.INSUFFICIENT_DATA
    elif count < len(used):
        new = State.OK
    elif missing is Missing.MISSING and len(breaching) - used[-1] >= to_alarm:
        new = State.ALARM
    else:
        new = state
    return Verdict(state=new, used=used, filled=filled)
