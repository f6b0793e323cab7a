"""When a rule's schedule fires: cron(...) and rate(...).

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.emulation.eventbridge.cron import Cron
from tests.emulation.unsupported import UnsupportedError

UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


@dataclass(frozen=True)
class Rate:
    interval: timedelta

    @classmethod
    def parse(cls, text: str) -> "Rate":
        """Of the text between the parentheses: `1 hour`, `5 minutes`. One wants the singular, more the plural."""
        rate = re.fullmatch(r"([1-9]\d*)\s+(minute|hour|day)(s?)", text.strip())
        if rate is None or (rate[1] == "1") is (rate[3] == "s"):
            msg = f"this evaluator does not know rate({text})"
            raise UnsupportedError(msg)
        return cls(int(rate[1]) * UNITS[rate[2]])

    def next_time(self, after: datetime) -> datetime:
        return after + self.interval


def parse(expression: str) -> Cron | Rate:
    """The schedule that an expression stands for."""
    if found := re.fullmatch(r"(cron|rate)\((.*)\)", expression.strip()):
        return Cron.parse(found[2]) if found[1] == "cron" else Rate.parse(found[2])
    msg = f"this evaluator does not know the schedule {expression!r}"
    raise UnsupportedError(msg)


def next_time(expression: str, after: datetime) -> datetime:
    """The first moment later than `after` at which it fires. A rate counts from when its rule was made: hand over that
    moment, or the last one at which it fired."""
    return parse(expression).next_time(after)
