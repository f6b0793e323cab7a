"""vistafresca incremental redefine"""

from __future__ import annotations

from refresh_task.database import Session
from refresh_task.incremental.lifecycle.outcome import EnabledView, OnProgress, say_nothing


def redefine(
    session: Session, view: str, query: str, *, patience_s: float = 600, on_progress: OnProgress = say_nothing
) -> EnabledView:
    """Give an enabled view another query. The same columns, or more at the end."""
    raise NotImplementedError
