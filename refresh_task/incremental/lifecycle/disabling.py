"""vistafresca incremental disable"""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from refresh_task.database import Session
from refresh_task.database.portable import make_unique_index
from refresh_task.errors import StatementFailedError
from refresh_task.incremental.lifecycle.building import copy_further_indexes, copy_indexes
from refresh_task.incremental.lifecycle.claim import Claim, ViewState, claim_view
from refresh_task.incremental.lifecycle.dependents import dependents_of
from refresh_task.incremental.lifecycle.outcome import DisabledView, OnProgress, say_nothing
from refresh_task.incremental.lifecycle.registering import refuse_dependents
from refresh_task.incremental.lifecycle.standing import (
    kept_words,
    refuse_what_is_nobodys,
    refuse_where_it_is_elsewhere,
    stands,
)
from refresh_task.incremental.lifecycle.swapping import drop_retired, renew_touch_triggers, swap


def disable(
    session: Session, view: str, *, patience_s: float = 600, on_progress: OnProgress = say_nothing
) -> DisabledView:
    """Give back the plain materialized view, filled, with everything it had, from whatever step of enable() it is at.
    Run again after a crash, it begins anew with what is under the view's name then.

    Raises StatementFailedError, among others where the view's own query fails now, and ConfigurationError where
    something else is in its table's place.
    """
    began = time.monotonic()
    with claim_view(session, view, on_progress) as claim:
        state = claim.read()
        restored = False
        if state.status is not None:
            if state.status in ("enabled", "distrusted"):
                restored = _give_back_what_there_is(claim, state, patience_s=patience_s)
            claim.say("release", "taking away what was made for it")
            session.execute("drop_incremental_view", view=claim.view)
        released = session.fetch_all("release_captures")
        drop_retired(claim, patience_s=min(patience_s, 60))
        return DisabledView(
            view=claim.view,
            released=tuple(row["relation"] for row in released if row["action"] == "released" and not _is_own(row)),
            restored=restored,
            duration_s=time.monotonic() - began,
        )


def _is_own(row: dict[str, Any]) -> bool:
    """Whether it was a stage, which is gone, and has no name then, or will be soon."""
    name = str(row["relation"])
    return name.isdigit() or name.startswith("bi_refresh_incremental.")


def _give_back_what_there_is(claim: Claim, state: ViewState, *, patience_s: float) -> bool:
    """The only copy of the definition goes afterwards: there must be a materialized view by then. Returns whether it
    had to be made without the table."""
    if stands(state):
        _give_back(claim, state, patience_s=patience_s)
        return False
    refuse_where_it_is_elsewhere(claim, state)
    if state.relation is None:
        claim.say("fill", f"{kept_words(state)} is gone: making the plain one from its definition")
        with claim.session.transaction():
            _fill(claim, claim.session.fetch_one("restore_plain_view", view=claim.view)["relation"])
            _make_unique(claim)
        return True
    if state.relkind != "m":  # that is one which its user has made anew
        refuse_what_is_nobodys(claim, state)
    return False


def _make_unique(claim: Claim) -> None:
    """Its indexes are gone, and without a unique one it could not be refreshed. What told the rows of its table apart
    most likely does so still; where it does not, the next refresh says what to do."""
    key = claim.session.fetch_one("read_key_of_view", view=claim.view)
    if not key["columns"]:
        return
    claim.say("index", f"building a unique index on {', '.join(key['columns'])}")
    try:
        with claim.session.transaction():
            claim.session.fetch_composed(make_unique_index(key["schema_name"], key["relation_name"], key["columns"]))
    except StatementFailedError as error:
        # rows that are there twice, a value that is too long, a column that has another name now
        if error.sqlstate not in ("23505", "54000", "42703"):
            raise
        claim.say("index", f"it has no unique index: {error.told}")


def _give_back(claim: Claim, state: ViewState, *, patience_s: float) -> None:
    session = claim.session
    assert state.relation is not None  # noqa: S101  # there is a table
    former = state.relation
    refuse_dependents(claim, former, by_a_table=False)
    claim.say("fill", f"making the plain materialized view beside {kept_words(state)}")
    relation = session.fetch_one("make_plain_view", view=claim.view)["relation"]
    snapshot_at = _fill(claim, relation)
    copy_indexes(claim, former, relation)

    def renew() -> datetime:
        nonlocal snapshot_at
        # readers must not see older data than they have seen
        shown = session.fetch_one("read_data_timestamp", view=claim.view)["data_timestamp"]
        if shown is not None and shown > snapshot_at:
            claim.say("fill", "bringing the materialized view up to date")
            snapshot_at = _fill(claim, relation)
        return snapshot_at

    with dependents_of(claim, former, patience_s=patience_s) as dependents:
        dependents.build(relation, renew)

        def prepare() -> None:
            copy_further_indexes(claim, former, relation)
            dependents.keep_up(relation, renew)

        def attempt(budget_ms: float) -> None:
            claim.say("swap", "putting the materialized view under its name")
            session.execute(
                "swap_in_view",
                view=claim.view,
                successor=relation,
                snapshot_at=snapshot_at,
                budget_ms=budget_ms,
                taken_along=dependents.as_json(),
            )

        with dependents.alone():
            swap(claim, relation, dependents, attempt, prepare=prepare, patience_s=patience_s)
    renew_touch_triggers(claim)


def _fill(claim: Claim, relation: int) -> datetime:
    snapshot_at: datetime = claim.session.fetch_one("fill_plain_view", relation=relation)["snapshot_at"]
    return snapshot_at
