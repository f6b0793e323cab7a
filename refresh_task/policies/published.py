"""Whether the database has what the endpoints name: a mistake would otherwise wait for the first reader."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping

from refresh_task.database import Session
from refresh_task.errors import ConfigurationError
from refresh_task.policies.policy import Policy


def require_what_endpoints_name(session: Session, policies: Mapping[str, Policy]) -> None:
    """Raise ConfigurationError naming the view, the key and the remedy. `policies` by view; the views exist."""
    published = {view: policy.endpoint for view, policy in policies.items() if policy.endpoint is not None}
    if not published:
        return
    relations = {row["name"]: row["columns"] for row in session.fetch_all("read_relations")}
    for view, endpoint in published.items():
        own = relations[view]
        for key, columns in endpoint.columns.items():
            for column in columns:
                if column not in own:
                    raise ConfigurationError(
                        f"the view has no column '{column}'.",
                        subject=f"{view}, endpoint.{key}",
                        remedy=_nearest(column, own) or f"Its columns are: {', '.join(own)}.",
                    )
        if endpoint.base is not None:
            _require_base(session, view, endpoint.base, relations)


def _require_base(session: Session, view: str, base: str, relations: Mapping[str, Collection[str]]) -> None:
    subject = f"{view}, endpoint.base"
    if base not in relations:
        others = [name for name in relations if name != view]
        raise ConfigurationError(
            f"{session.server} has no relation {base}.",
            subject=subject,
            remedy=_nearest(base, others) or "Create it first, or take the key out.",
        )
    if lacking := [column for column in relations[view] if column not in relations[base]]:
        raise ConfigurationError(
            f"{base} has no column {', '.join(lacking)}.",
            subject=subject,
            remedy="Name a relation with all columns of the view: whoever reads gets rows of the one or the other.",
        )


def _nearest(written: str, known: Collection[str]) -> str | None:
    near = difflib.get_close_matches(written, known, n=1)
    return f"Did you mean '{near[0]}'?" if near else None
