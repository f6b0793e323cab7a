"""What a command of the life cycle came to, read from the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from refresh_task.incremental.lifecycle.claim import Claim
from refresh_task.incremental.lifecycle.outcome import EnabledView


def enabled_view(claim: Claim, *, duration_s: float, attempts: int) -> EnabledView:
    """The view as it is refreshed from now on."""
    state, tables = claim.read(), claim.tables()
    sources = claim.session.fetch_all("read_maintained_sources", view=claim.view)
    captured = _by_directness(source for source in sources if source["stage"] is None)
    stages = _by_directness(source for source in sources if source["stage"] is not None)
    return EnabledView(
        view=claim.view,
        output=state.output or "table",
        stages=tuple(table.stage for table in tables if table.stage is not None),
        captured=tuple(captured),
        direct=tuple(name for name, is_direct in captured.items() if is_direct),
        indirect_stages=tuple(name for name, is_direct in stages.items() if not is_direct),
        duration_s=duration_s,
        swap_attempts=attempts,
    )


def _by_directness(sources: Iterable[Mapping[str, Any]]) -> dict[str, bool]:
    """Table or stage → whether it is direct for everything that reads it."""
    found: dict[str, bool] = {}
    for source in sources:
        name = source["stage"] or source["relation"]
        found[name] = found.get(name, True) and source["is_direct"]
    return found
