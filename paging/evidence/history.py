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
    """None: no message of its beginning is found. Raises LogUnreadError."""
    pattern = f'{{ ($.event = "{PUBLISHED}") && ($.alarm = "{alarm.name}") }}'
    for window in _WINDOWS:
        told = [
            line
            for line in log.matching(own_group, pattern, since=alarm.at - window)
            if (line.event, line.fields.get("alarm"), line.fields.get("state")) == (PUBLISHED, alarm.name, "ALARM")
        ]
        begun = [line for line in told if moment(line.fields["state_changed_at"]) < alarm.at]
        if begun:
            last = max(begun, key=lambda line: moment(line.fields["state_changed_at"]))
            return Beginning(at=moment(last.fields["state_changed_at"]), views=tuple(last.fields["views"]))
    return None
