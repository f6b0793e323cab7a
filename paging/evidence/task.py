"""The end of one task's own log: what it said last, and what it was doing when it ended."""

from collections.abc import Mapping, Sequence
from typing import Any

from paging.evidence.finding import Evidence, Finding
from paging.log import Log, json_line, view_of
from paging.notification import StoppedTask
from paging.words import shortened

STREAM = "run/refresh"
"""Prefix and container of the task definition's log streams."""

_BEGUN = "step_started"
_ENDED = ("step_finished", "step_failed", "step_skipped", "step_upstream_failed")
_MOST_LINES = 8


def stopped_task(log: Log, group: str, task: StoppedTask) -> Evidence:
    """`views` are those that it was refreshing: they keep their last good data, and the next run marks them."""
    stream = f"{STREAM}/{task.task_id}"
    written = [(text, json_line(text)) for text in log.end_of(group, stream)]
    events = [fields for _, fields in written if fields is not None]
    views = _unfinished(events)
    findings = [
        Finding(subject=view, facts=("it was being refreshed when the task ended, and keeps its last good data",))
        for view in views
    ]
    last = [
        shortened(text if fields is None else f"{fields.get('event')}: {fields.get('message')}")
        for text, fields in written
        if _is_worth_reading(text, fields)
    ][-_MOST_LINES:]
    findings.append(
        Finding(subject="The last warnings and errors of its log", facts=last or ("none: it ended without a word",))
    )
    return Evidence(views=views, findings=findings, source=f"log stream {stream} of {group}")


def _unfinished(events: Sequence[Mapping[str, Any]]) -> list[str]:
    begun = [view_of(event) for event in events if event.get("event") == _BEGUN]
    ended = {view_of(event) for event in events if event.get("event") in _ENDED}
    return [view for view in dict.fromkeys(begun) if view not in ended]


def _is_worth_reading(text: str, fields: Mapping[str, Any] | None) -> bool:
    """What is no JSON is a traceback, or the last words of something below Python."""
    if fields is None:
        return bool(text.strip())
    return fields.get("level") in ("WARNING", "ERROR", "CRITICAL")
