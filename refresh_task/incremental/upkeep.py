"""What every run does first for the views that are refreshed incrementally, before its refreshes take their snapshots."""

from __future__ import annotations

from collections.abc import Iterator

from refresh_task.database import Session
from refresh_task.model import Remark

__all__ = ["keep_captures"]

_DONE = {
    "captured": "changes of {} are captured everywhere again",
    "found again": "{} was found again by its triggers, as after a dump was loaded",
    "released": "changes of {} are captured no more",
}


def keep_captures(session: Session) -> Iterator[Remark]:
    """Give new partitions their triggers, take away what nobody needs, and hand out what was captured. Yields what there is
    to say about it.

    Each of the two is a transaction of its own: that a table cannot be captured keeps no change from being handed out.
    Raises StatementFailedError.
    """
    for row in session.fetch_all("sync_captures"):
        said = _DONE.get(row["action"], "{} " + row["action"].replace("{", "{{").replace("}", "}}"))
        yield Remark("captures", said.format(row["relation"]))
    session.execute("distribute_changes")
