"""VACUUM (ANALYZE) of views that refreshes left full of dead rows: a concurrent refresh keeps autovacuum away."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from refresh_task.cancellation import Cancellation
from refresh_task.database import Session
from refresh_task.errors import StatementFailedError, VistafrescaError
from refresh_task.model import Event, Outcome, Remark, Status, Strategy, VacuumFinished
from refresh_task.refresh.sessions import Sessions

__all__ = ["vacuum"]

# Kept of the run's time for its end: recording and reporting.
_RESERVE_S = 5.0


def vacuum(
    outcomes: Sequence[Outcome], *, control: Session, sessions: Sessions, cancellation: Cancellation
) -> Iterator[Event]:
    """Vacuum those of the refreshed views where it pays, one after the other, while the run has time.

    Whatever goes wrong is a remark: the views are fresh. Raises StatementFailedError where the control session is lost.
    """
    completed = [outcome for outcome in outcomes if outcome.status is Status.COMPLETED]
    if not completed:
        return
    candidates = control.fetch_all(
        "read_vacuum_candidates",
        views=[outcome.view for outcome in completed],
        populated=[outcome.view for outcome in completed if outcome.strategy is Strategy.EXCLUSIVE],
    )
    if forbidden := [row["view"] for row in candidates if not row["is_allowed"]]:
        yield Remark(
            "vacuum_not_allowed",
            f"{', '.join(forbidden)} would profit from a VACUUM, which the task's role may not do: GRANT MAINTAIN "
            "(PostgreSQL 17 and newer), or make it a member of the views' owner.",
        )
    for row in candidates:
        if not row["is_allowed"]:
            continue
        if row["held_by"] is not None:
            yield Remark(
                "vacuum_put_off",
                f"{row['view']} has {row['churned_rows']} dead rows, which {row['held_by']} keeps from being removed; "
                "the next run looks again",
            )
        elif cancellation.interruption is not None or cancellation.remaining_s <= _RESERVE_S:
            return
        else:
            yield _vacuumed(row, control=control, sessions=sessions, cancellation=cancellation)


def _vacuumed(
    row: Mapping[str, Any], *, control: Session, sessions: Sessions, cancellation: Cancellation
) -> VacuumFinished | Remark:
    view, began = row["view"], time.monotonic()
    try:
        session = sessions.take(cancellation.remaining_s - _RESERVE_S)
        try:
            with cancellation.guarding(session.cancel):
                refusal = session.vacuum(row["schema_name"], row["relation_name"])
        finally:
            sessions.give_back(session)
    except VistafrescaError as error:
        return Remark("vacuum_failed", f"{view} was not vacuumed: {error.message} The next run tries again.")
    if refusal is not None:
        return Remark("vacuum_put_off", f"{view} was not vacuumed: {refusal}; the next run tries again")
    try:
        control.execute("record_vacuum", view=view, removed_rows=row["churned_rows"])
    except StatementFailedError as error:
        if error.connection_lost:
            raise
        return Remark("vacuum_failed", f"{view} was vacuumed, which could not be recorded: {error.message}")
    return VacuumFinished(view, time.monotonic() - began)
