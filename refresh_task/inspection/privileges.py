"""Whether who refreshes may do so, and sees all there is to see."""

from __future__ import annotations

from collections.abc import Iterator

from refresh_task.inspection.facts import Facts, ViewFacts
from refresh_task.inspection.finding import Code, Finding, Level
from refresh_task.inspection.words import listing


def examine_privileges(facts: Facts, view: ViewFacts) -> Iterator[Finding]:
    """The right to refresh, to read the sources, and row-level security that hides rows from the view's owner."""
    server = facts.server
    if not view.may_be_refreshed:
        how = (
            f"GRANT MAINTAIN ON {view.name} TO {server.refresher};"
            if server.has_maintain
            else f"GRANT {view.owner} TO {server.refresher};"
        )
        yield Finding(
            Code.CANNOT_REFRESH,
            Level.PROBLEM,
            f"{server.refresher} may not refresh it: it belongs to {view.owner}.",
            "Its refreshes fail (SQLSTATE 42501)."
            + ("" if server.has_maintain else " Before PostgreSQL 17 only its owner, and members of that role, may."),
            view.name,
            how,
        )
    if view.unreadable:
        yield Finding(
            Code.CANNOT_READ_SOURCES,
            Level.ADVICE,
            f"{server.refresher} may not read {listing(view.unreadable)}.",
            "Whether something changed there cannot be found out, so it is refreshed every time it is due.",
            view.name,
            f"GRANT SELECT ON {', '.join(view.unreadable)} TO {server.refresher}; (and USAGE on their schemas)",
        )
    for reader, relation in view.hidden_rows:
        yield Finding(
            Code.ROW_SECURITY,
            Level.PROBLEM,
            f"{relation} is read as {reader}, who is under its row-level security.",
            "A refresh succeeds with only the rows that this role may see, and all who may read the view see those.",
            view.name,
            f"ALTER ROLE {reader} BYPASSRLS; or let a role that sees every row own the view.",
        )
