"""What the API's own log says around an alarm: its warnings and errors, the same ones together."""

from collections import Counter
from datetime import timedelta

from paging.evidence.finding import Evidence, Finding
from paging.log import Log
from paging.notification import Alarm
from paging.words import MOST_NAMED, shortened, shown_time

_WINDOW = timedelta(minutes=15)
_PATTERN = '{ ($.level = "WARNING") || ($.level = "ERROR") }'
_FALLBACK = "ApiFallbacks"
"""What the lines of answers from behind a view count (api/metrics.py)."""


def api_log(log: Log, group: str, alarm: Alarm) -> Evidence:
    """The most frequent first; `views` are those that were answered by the query behind them."""
    lines = [
        line
        for line in log.matching(group, _PATTERN, since=alarm.at - _WINDOW)
        if line.fields.get("level") in ("WARNING", "ERROR")
    ]
    if not lines:
        return Evidence(
            problem=f"the API's log has no warning and no error since {shown_time(alarm.at - _WINDOW)}; the access log "
            "(output FollowApiAccess) has every request"
        )
    counted = Counter(shortened(str(line.fields.get("message"))) for line in lines)
    facts = [f"{number} x {text}" for text, number in counted.most_common(MOST_NAMED)]
    views = dict.fromkeys(line.view for line in lines if line.fields.get("counts") == _FALLBACK)
    return Evidence(
        views=list(views),
        since=min(line.at for line in lines),
        findings=[Finding(subject="Warnings and errors of the API's log, the most frequent first", facts=facts)],
        source=group,
    )
