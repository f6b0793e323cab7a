"""When an alarm that is over began, and which views it named: from this function's own log."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from paging.log import Log
from paging.notification import Alarm, moment

PUBLISHED = "message_published"
_WINDOWS = (timedelta(hours=1), timedelta(days=1), timedelta(days=14))


@dataclass(frozen=True, kw_only=True)
class Beginning:
    at: datetime
    views: tuple[str, ...]


def beginning_of(log: Log, own_group: str, alarm: Alarm) -> Beginning | None:
    """None: the message before this one is not of its beginning, or there is none. Raises LogUnreadError."""
    pattern = f'{{ ($.event = "{PUBLISHED}") && ($.alarm = "{alarm.name}") }}'
    for window in _WINDOWS:
        told = [
            line
            for line in log.matching(own_group, pattern, since=alarm.at - window)
            if (line.event, line.fields.get("alarm")) == (PUBLISHED, alarm.name)
        ]
        before = [line for line in told if moment(line.fields["state_changed_at"]) < alarm.at]
        if before:
            last = max(before, key=lambda line: moment(line.fields["state_changed_at"]))
            # An end before it: the message of this beginning came raw, or never, and an older one says nothing of it.
            if last.fields.get("state") != "ALARM":
                return None
            return Beginning(at=moment(last.fields["state_changed_at"]), views=tuple(last.fields["views"]))
    return None
