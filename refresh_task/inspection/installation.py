"""bi_refresh itself: is it there, is it this command's, may the current role use it, and what does it manage."""

from __future__ import annotations

import re
from collections.abc import Iterator

from refresh_task.inspection.facts import Facts, ViewFacts
from refresh_task.inspection.finding import Code, Finding, Level
from refresh_task.inspection.words import listing

_REFRESHED = re.compile(r'REFRESH\s+MATERIALIZED\s+VIEW\s+(?:CONCURRENTLY\s+)?([\w$."]+)', re.IGNORECASE)


def examine_installation(facts: Facts) -> Iterator[Finding]:
    """Findings about the schema as a whole."""
    server = facts.server
    if not server.is_installed:
        yield Finding(
            Code.NOT_INSTALLED,
            Level.ADVICE,
            f"{server.database_name} does not have Vistafresca's schema, bi_refresh.",
            "Nothing here needed it. Everything below was judged for the current role as the one that refreshes.",
            remedy="vistafresca migrate",
        )
        return
    if server.reads_policies and not _is_as_new(facts):
        yield Finding(
            Code.SCHEMA_OUTDATED,
            Level.PROBLEM,
            f"bi_refresh is at {', '.join(facts.revisions) or 'no migration'}, and this command needs "
            f"{facts.latest_revision}.",
            "Until then its runs end with exit code 2.",
            remedy="vistafresca migrate",
        )
    if not server.may_refresh:
        yield Finding(
            Code.NOT_GRANTED,
            Level.ADVICE,
            f"{server.role_name} may not call bi_refresh.refresh_bi_views().",
            "As this role, vistafresca run ends with exit code 2; inspecting needs nothing.",
            remedy=f"As the schema's owner, {server.refresher}: GRANT bi_refresh_refresher TO {server.role_name};",
        )


def _is_as_new(facts: Facts) -> bool:
    """Whether the schema is this command's or a newer one, on which it works as it is (sql/bi_refresh/README.md)."""
    branch = facts.latest_revision.rpartition("_")[0]
    return any(
        revision >= facts.latest_revision for revision in facts.revisions if revision.rpartition("_")[0] == branch
    )


def examine_management(facts: Facts, view: ViewFacts) -> Iterator[Finding]:
    """Findings about who keeps one view fresh."""
    if facts.managed is not None:
        if view.name not in facts.managed:
            yield Finding(
                Code.NOT_MANAGED,
                Level.ADVICE,
                "It has no policy, so nobody keeps it fresh.",
                "Its data stays as old as it is until somebody refreshes it.",
                view.name,
                f'Declare it in views.toml ([[view]] name = "{_toml(view.name)}") and run: vistafresca apply',
            )
        elif others := [name for name in view.upstream if name not in facts.managed]:
            yield Finding(
                Code.UNMANAGED_UPSTREAM,
                Level.PROBLEM,
                f"It reads {listing(others)}, which no policy keeps fresh.",
                "Refreshing it copies data of unknown age: its lag looks good and is not.",
                view.name,
                f"Declare {listing(others)} in views.toml and run: vistafresca apply",
            )
    for job in facts.cron_jobs:
        if _is_refreshed_by(job.command, view):
            yield Finding(
                Code.REFRESHED_BY_CRON,
                Level.ADVICE,
                f"pg_cron's job {job.id} ({job.schedule}) refreshes it, too: {job.command.strip()}",
                "The work is done twice, and each refresh makes the other wait for its lock.",
                view.name,
                f"SELECT cron.unschedule({job.id});",
            )


def _is_refreshed_by(command: str, view: ViewFacts) -> bool:
    found = {name.replace('"', "") for name in _REFRESHED.findall(command)}
    return not found.isdisjoint({f"{view.schema_name}.{view.relation}", view.relation})


def _toml(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')
