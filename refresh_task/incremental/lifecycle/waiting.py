"""Waiting for others: until they have ended, or are kept from what must not happen meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from refresh_task.errors import StatementFailedError
from refresh_task.incremental.lifecycle.claim import Claim

MAY_PASS = ("55P03", "40P01", "40001")  # errors that others cause, who will have ended
SAY_EVERY_S = 5.0


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
            say_at = time.monotonic() + SAY_EVERY_S
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
def alone(claim: Claim, relation: int, *, patience_s: float, name: str | None = None) -> Iterator[None]:
    """Nobody else refreshes the relation, which is the view or has a name of its own. Raises StatementFailedError if
    somebody does for `patience_s`."""
    give_up_at = time.monotonic() + patience_s
    while not claim.session.fetch_one("try_view_lock", relation=relation)["acquired"]:
        if time.monotonic() > give_up_at:
            raise StatementFailedError(
                f"{name or 'it'} was being refreshed for {patience_s:.0f} s.",
                subject=claim.view,
                remedy="Run the command again when that has ended: it goes on where it was.",
                sqlstate="55P03",
                connection_lost=False,
            )
        claim.say("swap", f"waiting for a refresh{'' if name is None else f' of {name}'} to end")
        time.sleep(0.5)
    try:
        yield
    finally:
        if claim.session.is_usable:
            claim.session.execute("release_view_lock", relation=relation)
