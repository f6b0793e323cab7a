"""What a command of the life cycle came to, read from the database."""

from __future__ import annotations

from refresh_task.incremental.lifecycle.claim import Claim
from refresh_task.incremental.lifecycle.outcome import EnabledView


def enabled_view(claim: Claim, *, duration_s: float, attempts: int) -> EnabledView:
    """The view as it is refreshed from now on."""
    state, tables = claim.read(), claim.tables()
    sources = claim.session.fetch_all("read_maintained_sources", view=claim.view)
    return EnabledView(
        view=claim.view,
        output=state.output or "table",
        stages=tuple(table.stage for table in tables if table.stage is not None),
        captured=tuple(dict.fromkeys(row["relation"] for row in sources)),
        direct=tuple(dict.fromkeys(row["relation"] for row in sources if row["is_direct"])),
        duration_s=duration_s,
        swap_attempts=attempts,
    )
