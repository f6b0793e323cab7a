"""vistafresca incremental disable"""

from __future__ import annotations

from refresh_task.database import Session
from refresh_task.incremental.lifecycle.outcome import DisabledView, OnProgress, say_nothing


def disable(
    session: Session, view: str, *, patience_s: float = 600, on_progress: OnProgress = say_nothing
) -> DisabledView:
    """Give back the plain materialized view, filled, with everything it had, from whatever step of enable() it is at."""
    raise NotImplementedError
