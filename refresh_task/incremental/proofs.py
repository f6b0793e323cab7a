"""What enabled views' proofs rest on may be altered: at the start of a run they are proved anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from refresh_task.database import Session
from refresh_task.errors import VistafrescaError
from refresh_task.incremental.lifecycle.claim import claim_view
from refresh_task.incremental.lifecycle.outcome import say_nothing
from refresh_task.incremental.lifecycle.proving import settle_proof


@dataclass(frozen=True, slots=True)
class Reproved:
    """A view whose definition, or a table that it reads, was altered. `problem`: why it stays refreshed in full; None:
    from its next refresh on it is incremental again."""

    view: str
    problem: str | None


def keep_proofs(session: Session) -> Iterator[Reproved]:
    """Prove again what is not proved for what is there now. Until that is done, those views are refreshed in full,
    which is always right; so it can wait where this session may not do it, or it fails."""
    for row in session.fetch_all("read_outdated_proofs"):
        view = row["view_name"]
        if not row["may_prove"]:
            yield Reproved(view, "only the owner of bi_refresh may prove it: vistafresca incremental enable " + view)
            continue
        try:
            with claim_view(session, view, say_nothing) as claim:
                settle_proof(claim)
        except VistafrescaError as error:
            if not session.is_usable:
                raise
            yield Reproved(view, f"{error.message} {error.remedy}")
        else:
            yield Reproved(view, None)
