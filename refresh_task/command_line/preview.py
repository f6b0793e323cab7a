"""What the next run would do: the catalog, the policies and the planner put together without changing anything."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from refresh_task.catalog import read_now, read_views
from refresh_task.database import Session
from refresh_task.errors import SchemaMissingError, UnknownViewError
from refresh_task.inspection import Dependencies, Edge, Node, read_dependencies
from refresh_task.model import ChangeDetection, Fingerprinting, Plan, Step, Strategy, View
from refresh_task.plan import make_plan
from refresh_task.policies import Policy, read_views_files
from refresh_task.policies.store import read_patterns, read_policies
from refresh_task.settings import Settings

__all__ = ["Basis", "Preview", "look_for_changes", "make_preview", "wave_numbers"]


class Basis(StrEnum):
    """Whose policies are planned by."""

    DATABASE = "database"
    FILES = "files"
    DEFAULTS = "defaults"


@dataclass(frozen=True, slots=True)
class Preview:
    """A plan with all that explains it. `views` are the enabled ones by name; `adopted` those that the run would first
    give a policy, by their pattern. `is_installed`: state and history are known."""

    plan: Plan
    views: Mapping[str, View]
    dependencies: Dependencies
    now: datetime
    basis: Basis
    is_installed: bool
    adopted: tuple[str, ...] = ()

    @property
    def edges(self) -> tuple[Edge, ...]:
        """Those of the catalog, and those that are only declared."""
        known = self.dependencies.beneath()
        return self.dependencies.edges + tuple(
            Edge(view.name, upstream, is_declared=True)
            for view in self.views.values()
            for upstream in view.upstream
            if upstream not in known.get(view.name, ())
        )


def make_preview(session: Session, settings: Settings, files: Sequence[Path]) -> Preview:
    """As a run that started now would plan; with `files`, as if they had been applied. In a READ ONLY transaction.

    Raises UnknownViewError for a view of a file that the database does not have, SchemaMissingError for a schema older
    than this command.
    """
    with session.read_only():
        is_installed = _is_installed(session)
        now = read_now(session)
        dependencies = read_dependencies(session)
        known = {view.name: view for view in read_views(session)} if is_installed else {}
        adopted: tuple[str, ...] = ()
        if files:
            basis, policies = Basis.FILES, _policies_of(session, files, dependencies)
        elif is_installed:
            basis = Basis.DATABASE
            policies, adopted = _policies_after_adoption(session, dependencies)
        else:
            basis, policies = Basis.DEFAULTS, dict.fromkeys(dependencies.nodes, Policy())
    views = _views(policies, known, dependencies)
    plan = make_plan(
        views.values(), now=now, interval_s=settings.interval_s, default_timeout_s=settings.statement_timeout_s
    )
    return Preview(plan, views, dependencies, now, basis, is_installed, adopted)


def look_for_changes(view: View, step: Step) -> str | None:
    """What is decided only in the step's own snapshot, or is certain already; None: it is refreshed at any rate."""
    if step.strategy is Strategy.INCREMENTAL:
        return _look_at_captures(view)
    if view.changed_tables:
        return f"certainly changed: {', '.join(view.changed_tables)}"
    if step.fingerprinting is not Fingerprinting.CHECK:
        return None
    if step.change_detection is ChangeDetection.TOUCH:
        return "skipped if no statement has touched what it reads"
    cost = "" if view.fingerprint_s is None else f" (about {view.fingerprint_s:.1f} s to look)"
    return f"skipped if its fingerprint is unchanged{cost}"


def _look_at_captures(view: View) -> str | None:
    match view.changes_wait:
        case None:
            return None
        case False:
            return "unchanged: no change waits"
        case True:
            return "changes wait"


def wave_numbers(plan: Plan) -> dict[str, int]:
    """Of each step's view, from 1 on."""
    return {view: number for number, wave in enumerate(plan.waves, start=1) for view in wave}


def _is_installed(session: Session) -> bool:
    if not session.fetch_one("inspect_schema")["is_there"]:
        return False
    if not session.fetch_one("schema_exists")["schema_exists"]:
        raise SchemaMissingError(
            "its bi_refresh schema is older than this command.",
            subject=session.server,
            remedy="Run: vistafresca migrate",
        )
    return True


def _policies_of(session: Session, files: Sequence[Path], dependencies: Dependencies) -> dict[str, Policy]:
    declared = read_views_files(files)
    for view, policy in declared.views.items():
        for name in (view, *policy.depends_on):
            if name not in dependencies.nodes:
                near = difflib.get_close_matches(name, dependencies.nodes, n=1)
                raise UnknownViewError(
                    f"{session.server} has no such materialized view.",
                    subject=name,
                    remedy=f"Did you mean {near[0]}?" if near else "Create it first, or take it out of views.toml.",
                )
    return {**_fitting(session, declared.patterns, dependencies), **declared.views}


def _policies_after_adoption(session: Session, dependencies: Dependencies) -> tuple[dict[str, Policy], tuple[str, ...]]:
    """The policies as they will be once the run has adopted what the patterns find; and what it will adopt."""
    patterns = {
        pattern: policy for pattern, (_, policy) in sorted(read_patterns(session).items(), key=lambda it: it[1][0])
    }
    fitting = _fitting(session, patterns, dependencies)
    stored = {
        view: policy for view, policy in read_policies(session).items() if policy.pattern is None or view in fitting
    }
    return {**fitting, **stored}, tuple(sorted(fitting.keys() - stored.keys()))


def _fitting(session: Session, patterns: Mapping[str, Policy], dependencies: Dependencies) -> dict[str, Policy]:
    return {
        row["view_name"]: replace(patterns[row["pattern"]], pattern=row["pattern"])
        for row in session.fetch_portable("views_by_pattern", list(patterns))
        if row["view_name"] in dependencies.nodes
    }


def _views(policies: Mapping[str, Policy], known: Mapping[str, View], dependencies: Dependencies) -> dict[str, View]:
    """The enabled ones. State and history are those of the database; a view without any counts as never refreshed."""
    enabled = {name for name, policy in policies.items() if policy.enabled}
    declared = [
        Edge(name, upstream, is_declared=True) for name, policy in policies.items() for upstream in policy.depends_on
    ]
    beneath = dependencies.beneath(declared)
    views = {}
    for name in sorted(enabled):
        policy, node = policies[name], dependencies.nodes.get(name)
        views[name] = replace(
            known.get(name, _never_refreshed(name, node)),
            target_lag=policy.target_lag,
            schedules=policy.schedules,
            statement_timeout=policy.timeout,
            change_detection=policy.change_detection,
            audit_interval=policy.audit_interval,
            group=policy.group,
            priority=policy.priority,
            exclusive_window=policy.exclusive_window,
            refresh_mode=policy.refresh_mode,
            upstream=tuple(sorted(beneath.get(name, frozenset()) & enabled - {name})),
        )
    return views


def _never_refreshed(name: str, node: Node | None) -> View:
    if node is None:
        return View(name)
    return View(name, oid=node.oid, is_populated=node.is_populated, unique_index=node.unique_index)
