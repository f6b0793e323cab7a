"""One relation takes another one's place: short tries, with pauses in which readers go on, until one succeeds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from refresh_task.errors import StatementFailedError
from refresh_task.incremental.lifecycle.claim import Claim, MaintainedTable

_MAY_PASS = ("55P03", "40P01", "40001")
_LONGEST_TRY_MS = 400.0  # readers wait for as long
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 5.0
_SAY_EVERY_S = 5.0


def swap(
    claim: Claim, relation: int, attempt: Callable[[float], None], *, prepare: Callable[[], None], patience_s: float
) -> int:
    """Call `attempt` with the time in milliseconds that it may wait for locks until it succeeds, each time after
    `prepare`, which may do work that readers do not notice. Returns the number of attempts.

    Raises StatementFailedError: after `patience_s` the last one, saying who has the relation locked.
    """
    # Two sessions that wait for each other are found out after this time, and one of them is ended. It must not be a
    # reader: our try ends well before.
    deadlock_ms = claim.session.fetch_one("read_deadlock_timeout")["ms"]
    budget_ms = min(_LONGEST_TRY_MS, 0.4 * deadlock_ms)
    give_up_at = time.monotonic() + patience_s
    pause_s, said_at, attempts = _FIRST_PAUSE_S, 0.0, 0
    while True:
        attempts += 1
        try:
            prepare()
            attempt(budget_ms)
        except StatementFailedError as error:
            if error.sqlstate not in _MAY_PASS:
                raise
            holders = claim.session.fetch_one("read_relation_holders", relation=relation)["holders"]
            if time.monotonic() > give_up_at:
                raise StatementFailedError(
                    f"it was in use for {patience_s:.0f} s ({holders or error.message}), and nothing was swapped.",
                    subject=claim.view,
                    remedy="Run the command again when that has ended: it goes on where it was.",
                    sqlstate=error.sqlstate,
                    connection_lost=error.connection_lost,
                ) from None
            if time.monotonic() - said_at > _SAY_EVERY_S:
                said_at = time.monotonic()
                claim.say("swap", f"waiting for {holders or error.message}, in pauses of {pause_s:.1f} s")
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        else:
            return attempts


def wait_for_earlier_transactions(claim: Claim, why: str, *, patience_s: float) -> bool:
    """Return when every transaction of this moment that may have a snapshot has ended: then nobody is left to whom what
    was committed before is invisible. False: `patience_s` was not enough."""
    session = claim.session
    give_up_at = time.monotonic() + patience_s
    pause_s, say_at = 0.01, time.monotonic() + 0.5
    waiting = {row["transaction"]: row["description"] for row in session.fetch_all("read_running_transactions")}
    while waiting:
        if time.monotonic() > give_up_at:
            return False
        if time.monotonic() > say_at:
            say_at = time.monotonic() + _SAY_EVERY_S
            claim.say("wait", f"{why}: waiting for {'; '.join(waiting.values())}")
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, 1.0)
        still = {row["transaction"] for row in session.fetch_all("read_running_transactions")}
        waiting = {transaction: words for transaction, words in waiting.items() if transaction in still}
    return True


def wait_until_seen(claim: Claim, *, patience_s: float) -> None:
    """Wait for every transaction to which a table that was filled just now would look empty. Raises
    StatementFailedError."""
    why = "a transaction with an older snapshot would find the new table empty"
    if not wait_for_earlier_transactions(claim, why, patience_s=patience_s):
        raise StatementFailedError(
            f"{why}, and some did not end within {patience_s:.0f} s.",
            subject=claim.view,
            remedy="Run the command again when they have: SELECT * FROM pg_stat_activity ORDER BY xact_start;",
            sqlstate="55P03",
            connection_lost=False,
        )


@contextmanager
def alone(claim: Claim, relation: int, *, patience_s: float) -> Iterator[None]:
    """Nobody else refreshes the view. Raises StatementFailedError if somebody does for `patience_s`."""
    give_up_at = time.monotonic() + patience_s
    while not claim.session.fetch_one("try_view_lock", relation=relation)["acquired"]:
        if time.monotonic() > give_up_at:
            raise StatementFailedError(
                f"it was being refreshed for {patience_s:.0f} s.",
                subject=claim.view,
                remedy="Run the command again when that has ended: it goes on where it was.",
                sqlstate="55P03",
                connection_lost=False,
            )
        claim.say("swap", "waiting for a refresh to end")
        time.sleep(0.5)
    try:
        yield
    finally:
        if claim.session.is_usable:
            claim.session.execute("release_view_lock", relation=relation)


def put_in_place(claim: Claim, former: int, output: MaintainedTable, *, patience_s: float) -> int:
    """Put the table under the view's name. What the task refreshed meanwhile must not become older: nobody else
    refreshes the view from the last refresh of the table to the swap."""
    session = claim.session
    assert output.relation is not None  # noqa: S101  # it was filled

    def prepare() -> None:
        claim.say("swap", "bringing the table up to date, then putting it under the view's name")
        # an index that somebody has added meanwhile
        for index in session.fetch_all("read_indexes_to_copy", source=former, target=output.relation):
            session.execute("copy_index", index=index["index"], target=output.relation)
        with session.snapshot():
            session.execute("catch_up", view=claim.view)

    def attempt(budget_ms: float) -> None:
        session.execute("swap_in_table", view=claim.view, table=output.id, budget_ms=budget_ms)

    with alone(claim, former, patience_s=patience_s):
        return swap(claim, former, attempt, prepare=prepare, patience_s=patience_s)


def drop_retired(claim: Claim, *, patience_s: float) -> None:
    """Drop what stood under the name before, when nobody can be about to read it any more."""
    if wait_for_earlier_transactions(claim, "somebody may still read what was there before", patience_s=patience_s):
        claim.session.execute("drop_retired", least_age_s=0)
    # otherwise a later run drops it
