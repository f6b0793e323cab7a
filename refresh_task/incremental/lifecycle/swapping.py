"""One relation takes another one's place: short tries, with pauses in which readers go on, until one succeeds."""

from __future__ import annotations

import time
from collections.abc import Callable

from refresh_task.errors import StatementFailedError
from refresh_task.incremental.lifecycle.claim import Claim

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
    pause_s, said_at = 0.01, time.monotonic()
    waiting = {row["transaction"]: row["description"] for row in session.fetch_all("read_running_transactions")}
    while waiting:
        if time.monotonic() > give_up_at:
            return False
        if time.monotonic() - said_at > _SAY_EVERY_S:
            said_at = time.monotonic()
            claim.say("wait", f"{why}: waiting for {'; '.join(waiting.values())}")
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, 1.0)
        still = {row["transaction"] for row in session.fetch_all("read_running_transactions")}
        waiting = {transaction: words for transaction, words in waiting.items() if transaction in still}
    return True
