"""Looks back no further than it must: most that is asked for is in the lines of the latest run."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from paging.log import Line, Log, LogUnreadError

RECENT = (timedelta(minutes=30), timedelta(hours=3))
"""Runs are at most an hour apart and take at most that long."""

A_DAY = (*RECENT, timedelta(hours=24))


def look_back(
    log: Log,
    group: str,
    events: Sequence[str],
    *,
    at: datetime,
    windows: Sequence[timedelta],
    is_enough: Callable[[Line], bool],
) -> list[Line]:
    """The lines of these events in the shortest window with a line that is enough, or in the longest one that can be
    read; in order. Raises LogUnreadError where none can."""
    lines: list[Line] = []
    for window in windows:
        try:
            lines = sorted(log.lines(group, events, since=at - window), key=lambda line: line.at)
        except LogUnreadError:
            if not lines:
                raise
            break  # what is known already is better than nothing
        if any(map(is_enough, lines)):
            break
    return lines


def of_the_latest_runs(lines: Sequence[Line]) -> list[Line]:
    """Of each database, those that share the run of its last one. Most log groups are of one database."""
    latest = {line.database: line.run for line in lines}
    return [line for line in lines if line.run == latest[line.database]]


def described(line: Line, group: str) -> str:
    """Where to read on."""
    run = line.fields.get("run_id")
    return f"{'a run' if run is None else f'run {run}'}, log stream {line.stream} of {group}"
