"""One relation takes another one's place: short tries, with pauses in which readers go on, until one succeeds."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from refresh_task.errors import ConfigurationError, StatementFailedError
from refresh_task.incremental.lifecycle.building import copy_further_indexes
from refresh_task.incremental.lifecycle.claim import Claim, MaintainedTable
from refresh_task.incremental.lifecycle.dependents import Dependents
from refresh_task.incremental.lifecycle.waiting import MAY_PASS, SAY_EVERY_S, wait_for_earlier_transactions

_LONGEST_TRY_MS = 400.0  # readers wait for as long
_BEGIN_ANEW = "40001"  # what was made ready is out of date
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 5.0


def swap(
    claim: Claim,
    successor: int,
    dependents: Dependents,
    attempt: Callable[[float], None],
    *,
    prepare: Callable[[], None],
    patience_s: float,
) -> int:
    """Call `attempt` with the time in milliseconds that it may wait for locks until it succeeds, each time after
    `prepare`, which may do work that readers do not notice. Returns the number of attempts.

    Raises StatementFailedError: after `patience_s` the last one, saying who has one of the relations locked, and which
    of those that read it were refreshed or altered since they were built beside.
    """
    # Two sessions that wait for each other are found out after this time, and one of them is ended. It must not be a
    # reader: our try ends well before.
    deadlock_ms = claim.session.fetch_one("read_deadlock_timeout")["ms"]
    budget_ms = min(_LONGEST_TRY_MS, 0.4 * deadlock_ms)
    give_up_at = time.monotonic() + patience_s
    pause_s, said_at, attempts, overtaken = _FIRST_PAUSE_S, 0.0, 0, ""
    while True:
        attempts += 1
        try:
            prepare()
            attempt(budget_ms)
        except StatementFailedError as error:
            if error.sqlstate not in MAY_PASS:
                raise
            told = error.told.rstrip(".")
            holders = claim.session.fetch_one("read_relation_holders", relations=dependents.formers)["holders"]
            words = f"waiting for {holders or told}, in pauses of {pause_s:.1f} s"
            if error.sqlstate == _BEGIN_ANEW:
                words = overtaken = told
            if time.monotonic() > give_up_at:
                reasons = "; ".join(dict.fromkeys(filter(None, (holders or told, overtaken))))
                raise StatementFailedError(
                    f"it was in use for {patience_s:.0f} s ({reasons}), and nothing was swapped.",
                    subject=claim.view,
                    remedy="Run the command again when that has ended: it goes on where it was."
                    + (" Keep what was refreshed or altered from being so meanwhile." if overtaken else ""),
                    sqlstate=error.sqlstate,
                    connection_lost=error.connection_lost,
                ) from None
            if time.monotonic() - said_at > SAY_EVERY_S:
                said_at = time.monotonic()
                claim.say("swap", words)
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            relations = [successor, *dependents.formers, *dependents.successors]
            claim.session.execute("press_autovacuum", relations=relations)
        else:
            return attempts


def put_in_place(
    claim: Claim, former: int, output: MaintainedTable, dependents: Dependents, *, patience_s: float
) -> int:
    """Put the table under the view's name. What the task refreshed meanwhile must not become older: nobody else
    refreshes the view from the last refresh of the table to the swap."""
    assert output.relation is not None  # noqa: S101  # it was filled
    successor = output.relation

    def prepare() -> None:
        claim.say("swap", "bringing the table up to date, then putting it under the view's name")
        copy_further_indexes(claim, former, successor)
        dependents.keep_up(successor, lambda: catch_up(claim, output))

    def attempt(budget_ms: float) -> None:
        claim.session.execute(
            "swap_in_table",
            view=claim.view,
            table=output.id,
            budget_ms=budget_ms,
            taken_along=dependents.as_json(),
        )

    with dependents.alone():
        attempts = swap(claim, successor, dependents, attempt, prepare=prepare, patience_s=patience_s)
    renew_touch_triggers(claim)
    return attempts


def catch_up(claim: Claim, table: MaintainedTable) -> datetime:
    """Bring all that is kept for the view up to date. Returns the moment that the table is right for now."""
    with claim.session.snapshot():
        claim.session.execute("catch_up", view=claim.view)
    moment: datetime = next(each.data_timestamp for each in claim.tables() if each.id == table.id)
    return moment


def renew_touch_triggers(claim: Claim) -> None:
    """Views that read the relation are skipped only if touch triggers on it tell that nothing changed. Where some table
    is in use, the next `vistafresca apply` gives it its own."""
    try:
        claim.session.execute("sync_touch_triggers")
    except (StatementFailedError, ConfigurationError) as error:
        if not claim.session.is_usable:
            raise
        claim.say("release", f"touch triggers are left to vistafresca apply: {error.message}")


def drop_retired(claim: Claim, *, patience_s: float) -> None:
    """Drop what stood under the name before, when nobody can be about to read it any more."""
    if wait_for_earlier_transactions(claim, "somebody may still read what was there before", patience_s=patience_s):
        claim.session.execute("drop_retired", least_age_s=0)
    # otherwise a later run drops it
