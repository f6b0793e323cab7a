"""vistafresca incremental verify"""

from __future__ import annotations

from refresh_task.database import Session
from refresh_task.incremental.lifecycle.outcome import Verification


def verify(session: Session, view: str) -> Verification:
    """Compare all rows of a view's maintained tables with their definitions, in one snapshot; mismatches are recorded."""
    raise NotImplementedError
