"""What else there is besides the views: jobs, policies, transactions; and what the current role may not see of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from refresh_task.database import Session
from refresh_task.inspection.facts import CronJob, Facts, Incremental, Transaction
from refresh_task.model import IncrementalStatus, RefreshMode


def with_surroundings(session: Session, facts: Facts) -> Facts:
    """Add it. A missing privilege leaves one thing out and says which grant would not."""
    server, not_checked = facts.server, []
    jobs: Sequence[Mapping[str, Any]] = []
    if server.reads_cron:
        jobs = session.fetch_all("inspect_cron_jobs")
    elif server.has_cron:
        not_checked.append(
            f"pg_cron's jobs: GRANT USAGE ON SCHEMA cron TO {server.role_name}; "
            f"GRANT SELECT ON cron.job TO {server.role_name};"
        )
    installation: dict[str, Any] = {"revisions": [], "managed": None}
    if server.reads_policies:
        installation = session.fetch_one("inspect_installation")
    elif server.is_installed:
        not_checked.append(f"the policies and migrations of bi_refresh: GRANT bi_refresh_reader TO {server.role_name};")
    if not server.sees_all_sessions:
        not_checked.append(f"transactions of other roles: GRANT pg_read_all_stats TO {server.role_name};")
    unread = sum(not view.is_readable for view in facts.views)
    if unread:
        not_checked.append(
            f"candidate keys and NULLs in the keys of {unread} of {len(facts.views)} views: grant SELECT on them to "
            f"{server.role_name}."
        )
    incremental = _incremental(session)
    history = (
        {row["view_name"]: row["p95_s"] for row in session.fetch_all("inspect_history")}
        if incremental is not None
        else {}
    )
    return replace(
        facts,
        views=tuple(
            replace(view, incremental=(incremental or {}).get(view.name), refresh_s=history.get(view.name))
            for view in facts.views
        ),
        transactions=tuple(
            Transaction(f"{row['application']}, process {row['pid']}", row["role_name"], row["age_s"])
            for row in session.fetch_all("inspect_transactions")
        ),
        prepared=tuple(
            Transaction(row["gid"], row["role_name"], row["age_s"]) for row in session.fetch_all("inspect_prepared")
        ),
        cron_jobs=tuple(CronJob(**job) for job in jobs),
        revisions=tuple(installation["revisions"]),
        managed=None if installation["managed"] is None else tuple(installation["managed"]),
        edges={
            view: tuple(dict.fromkeys((*upstream, *(installation["managed"] or {}).get(view, ()))))
            for view, upstream in facts.edges.items()
        },
        not_checked=tuple(not_checked),
        displaced=_displaced(facts, incremental or {}),
    )


def _displaced(facts: Facts, incremental: Mapping[str, Incremental]) -> tuple[str, ...]:
    views = {view.name for view in facts.views}
    return tuple(
        name
        for name, known in incremental.items()
        if known.status in (IncrementalStatus.ENABLED, IncrementalStatus.DISTRUSTED) and name not in views
    )


def _incremental(session: Session) -> dict[str, Incremental] | None:
    """By view, of those that were enabled or are meant to be; None: not for the current role to see, if there is any
    such thing here."""
    if not session.reads_maintained:
        return None
    return {
        row["view"]: Incremental(
            **{
                **{name: value for name, value in row.items() if name != "view"},
                "refresh_mode": RefreshMode(row["refresh_mode"]),
                "status": None if row["status"] is None else IncrementalStatus(row["status"]),
                "missing": tuple(row["missing"]),
                "problems": tuple(row["problems"]),
            }
        )
        for row in session.fetch_all("inspect_incremental")
    }
