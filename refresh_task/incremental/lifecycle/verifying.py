"""vistafresca incremental verify"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from refresh_task.database import Session
from refresh_task.errors import ConfigurationError
from refresh_task.incremental.lifecycle.claim import Claim, MaintainedTable, ViewState, claim_view
from refresh_task.incremental.lifecycle.outcome import Mismatch, OnProgress, Verification, say_nothing
from refresh_task.incremental.lifecycle.standing import require_its_table
from refresh_task.incremental.lifecycle.waiting import alone


def verify(
    session: Session, view: str, *, patience_s: float = 600, on_progress: OnProgress = say_nothing
) -> Verification:
    """Compare all rows of a view's maintained tables, as a refresh of this moment would leave them, with what their
    definitions give at the same moment. What differs is recorded, and the view is distrusted then: refreshed in full
    from the next refresh on. Nothing else is changed.

    Raises ConfigurationError where the view is not refreshed incrementally.
    """
    began = time.monotonic()
    with claim_view(session, view, on_progress) as claim:
        state = claim.read()
        if state.status not in ("enabled", "distrusted"):
            raise ConfigurationError(
                "it is not refreshed incrementally.",
                subject=claim.view,
                remedy=f"Enable it first: vistafresca incremental enable {claim.view}",
            )
        require_its_table(claim, state)
        tables = claim.tables()
        _refuse_replaced(claim, state)
        assert state.relation is not None  # noqa: S101  # it is enabled
        with alone(claim, state.relation, patience_s=patience_s):
            # As in audit_table(): only a second look is believed, whose snapshot is newer than what the planner saw
            mismatches = _compare(claim, tables) and _compare(claim, tables)
            if mismatches:
                session.execute("distrust_view", view=claim.view, reason=_words(claim, mismatches))
        for mismatch in mismatches:
            session.execute(
                "insert_mismatch",
                view=claim.view,
                stage=mismatch.stage,
                difference=mismatch.difference,
                row_key=json.dumps(mismatch.row_key, default=str),
            )
        return Verification(claim.view, len(tables), tuple(mismatches), time.monotonic() - began)


def _refuse_replaced(claim: Claim, state: ViewState) -> None:
    if (
        state.output == "materialized_view"
        and claim.session.fetch_one("read_replaced_views", view=claim.view)["replaced"]
    ):
        raise ConfigurationError(
            "an ordinary view beneath it was replaced since its stages were made of it.",
            subject=claim.view,
            remedy=f"Have them made of what it says now: vistafresca incremental enable {claim.view}",
        )


def _compare(claim: Claim, tables: Sequence[MaintainedTable]) -> list[Mismatch]:
    """In one snapshot, of which nothing stays."""
    mismatches: list[Mismatch] = []
    with claim.session.trial():
        claim.say("compare", "bringing in what waits for the next refresh")
        claim.session.execute("catch_up", view=claim.view)
        for table in tables:
            claim.say("compare", "comparing " + ("the view" if table.stage is None else f"the stage {table.stage}"))
            found = claim.session.fetch_all("compare_table", table=table.id)
            mismatches += [Mismatch(table.stage, row["difference"], row["row_key"]) for row in found]
    return mismatches


def _words(claim: Claim, mismatches: Sequence[Mismatch]) -> str:
    rows = "1 row" if len(mismatches) == 1 else f"{len(mismatches)} rows"
    stages = dict.fromkeys(mismatch.stage for mismatch in mismatches if mismatch.stage is not None)
    of_stages = f" (also of the stage {', '.join(stages)})" if stages else ""
    return f"{rows} of {claim.view}{of_stages} differed from its definition when it was verified"
