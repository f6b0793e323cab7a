"""What a run does first for views that are refreshed incrementally, before its refreshes take their snapshots."""

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
    """Give new partitions their triggers, take away what nobody needs, and hand out what was captured. Yields what
    there is to say about it.

    Each table has a transaction of its own: while one waits, the writers of others go on.
    Raises StatementFailedError.
    """
    rows = session.fetch_all("find_restored")
    for captured in session.fetch_all("read_captures"):
        rows += session.fetch_all("sync_captures", capture=captured["id"])
        session.execute("distribute_changes", capture=captured["id"])
    rows += session.fetch_all("release_captures")
    for row in rows:
        relation, action = row["relation"], row["action"]
        yield Remark("captures", _DONE[action].format(relation) if action in _DONE else f"{relation} {action}")
