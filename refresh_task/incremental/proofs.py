"""What enabled views' proofs rest on may be altered: at the start of a run they are proved anew."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from refresh_task.database import Session
from refresh_task.errors import VistafrescaError
from refresh_task.incremental.lifecycle.claim import claim_view
from refresh_task.incremental.lifecycle.outcome import say_nothing
from refresh_task.incremental.lifecycle.proving import settle_proof
from refresh_task.model import Remark

__all__ = ["keep_proofs"]


def keep_proofs(session: Session) -> Iterator[Remark]:
    """Prove again what is not proved for what is there now, and drop what stood under a view's name before. Until a
    view is proved it is refreshed in full, which is always right: so it waits where this session may not do it, or it
    fails.

    Raises StatementFailedError where the session is of no further use.
    """
    session.execute("drop_retired", least_age_s=600)
    for row in session.fetch_all("read_outdated_proofs"):
        view = row["view_name"]
        if not row["may_prove"]:
            command = f"vistafresca incremental enable {shlex.quote(view)}"
            yield Remark(
                "proofs", f"{view} is refreshed in full until the owner of bi_refresh proves it anew: {command}"
            )
            continue
        try:
            with claim_view(session, view, say_nothing) as claim:
                settle_proof(claim)
        except VistafrescaError as error:
            if not session.is_usable:
                raise
            yield Remark("proofs", f"{view} is refreshed in full: {error.message} {error.remedy}")
        else:
            yield Remark("proofs", f"{view} was proved anew: what it reads was altered")
