"""vistafresca incremental enable"""

from __future__ import annotations

from collections.abc import Sequence

from refresh_task.database import Session
from refresh_task.incremental.lifecycle.outcome import EnabledView, OnProgress, say_nothing


def enable(
    session: Session,
    view: str,
    *,
    stages: Sequence[str] | None = None,
    key: Sequence[str] | None = None,
    slices: Sequence[Sequence[str]] | None = None,
    patience_s: float = 600,
    on_progress: OnProgress = say_nothing,
) -> EnabledView:
    """Have a managed view refreshed incrementally from now on. Each step is committed: run again after a crash, it goes
    on where it was; disable() undoes it.

    `session` is one of the schema's owner, in autocommit mode. `stages` names grouped CTEs, `key` the columns that tell
    rows apart; None: what the policy says, then what can be proved. `patience_s`: how long to wait for other sessions.

    Raises ConfigurationError (there are obstacles: nothing is left behind) and StatementFailedError.
    """
    raise NotImplementedError
