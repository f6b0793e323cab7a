"""What has to change in the database for it to have what is declared."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from datetime import timedelta
from typing import Any

from refresh_task.database import Session
from refresh_task.errors import UnknownViewError
from refresh_task.model import ExclusiveWindow, IncrementalStatus, Schedule
from refresh_task.policies.endpoint import Publication
from refresh_task.policies.policy import Declared, Policy
from refresh_task.policies.published import require_what_endpoints_name
from refresh_task.policies.store import read_patterns, read_policies
from refresh_task.policies.wording import in_words

_ALWAYS_SHOWN = ("target_lag", "timeout", "enabled")
# fields whose keys have other names in views.toml
_KEYS = {
    "schedules": "schedule",
    "not_empty": "checks.not_empty",
    "max_row_drop_percent": "checks.max_row_drop_percent",
    "sql_checks": "checks.sql",
}
_NOTHING = {
    "timeout": "as the task's setting",
    "target_lag": "downstream",
    "pattern": "none, declared by name",
    "endpoint": "not published",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: what the database has (`before`) and what the file declares (`after`); None: no policy.

    `positions` are those of a pattern among the others, before and after.
    """

    subject: str
    before: Policy | None
    after: Policy | None
    positions: tuple[int | None, int | None] = (None, None)

    @property
    def description(self) -> str:
        """In words, for people."""
        if self.after is None:
            return "no longer declared: it will not be refreshed any more; its data and its log stay"
        parts = []
        for one in fields(Policy):
            key = _KEYS.get(one.name, one.name)
            new, default = getattr(self.after, one.name), one.default
            if self.before is None:
                if one.name in _ALWAYS_SHOWN or new != default:
                    parts.append(f"{key} {_written(one.name, new)}")
            elif (old := getattr(self.before, one.name)) != new:
                parts.append(f"{key} {_written(one.name, old)} → {_written(one.name, new)}")
        if self.before is not None and self.positions[0] != self.positions[1]:
            parts.append(f"position among the patterns {self.positions[0]} → {self.positions[1]}")
        return ", ".join(parts)

    @property
    def sign(self) -> str:
        """+ added, ~ changed, - removed."""
        return "+" if self.before is None else "-" if self.after is None else "~"


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes; what the policies are then, by view; the views that each pattern finds now; and those that were
    enabled for incremental refresh."""

    views: tuple[Change, ...]
    patterns: tuple[Change, ...]
    after: Mapping[str, Policy]
    found: Mapping[str, tuple[str, ...]]
    incremental: Mapping[str, IncrementalStatus] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.views or self.patterns)


def compare(session: Session, declared: Declared) -> Difference:
    """What has to change. Raises UnknownViewError for a view that the database does not have, ConfigurationError for a
    column or a base relation of an endpoint that it does not have."""
    existing = {row["view_name"] for row in session.fetch_all("read_materialized_views")}
    for view in declared.views:
        _require(session, view, existing, subject=view)
    for view, policy in {**declared.views, **declared.patterns}.items():
        for upstream in policy.depends_on:
            _require(session, upstream, existing, subject=f"{view}, depends_on {upstream}")
    require_what_endpoints_name(session, declared.views)

    rows = session.fetch_all("read_views_by_pattern", patterns=list(declared.patterns))
    after = {row["view_name"]: replace(declared.patterns[row["pattern"]], pattern=row["pattern"]) for row in rows}
    after |= declared.views
    before = read_policies(session)
    patterns_before = read_patterns(session)
    patterns_after = {
        pattern: (number, declared.patterns[pattern]) for number, pattern in enumerate(declared.patterns, 1)
    }
    return Difference(
        views=tuple(
            Change(view, before.get(view), after.get(view))
            for view in sorted(before.keys() | after.keys())
            if before.get(view) != after.get(view)
        ),
        patterns=tuple(
            _pattern_change(pattern, patterns_before.get(pattern), patterns_after.get(pattern))
            for pattern in [*patterns_after, *sorted(patterns_before.keys() - patterns_after.keys())]
            if patterns_before.get(pattern) != patterns_after.get(pattern)
        ),
        after=after,
        found={
            pattern: tuple(sorted(view for view, policy in after.items() if policy.pattern == pattern))
            for pattern in declared.patterns
        },
        incremental={
            row["view_name"]: IncrementalStatus(row["status"]) for row in session.fetch_all("read_incremental_views")
        },
    )


def _pattern_change(pattern: str, before: tuple[int, Policy] | None, after: tuple[int, Policy] | None) -> Change:
    return Change(
        pattern,
        before and before[1],
        after and after[1],
        positions=(before and before[0], after and after[0]),
    )


def _require(session: Session, view: str, existing: Collection[str], *, subject: str) -> None:
    if view not in existing:
        near = difflib.get_close_matches(view, existing, n=1)
        raise UnknownViewError(
            f"{session.server} has no such materialized view.",
            subject=subject,
            remedy=f"Did you mean {near[0]}?" if near else "Create it first, or take it out of views.toml.",
        )


def _written(key: str, value: object) -> str:  # noqa: PLR0911  # one for each kind of value
    match value:
        case None:
            return _NOTHING.get(key, "none")
        case Schedule():
            return f"{value.cron} ({value.time_zone})"
        case ExclusiveWindow():
            return f"{_written(key, value.schedule)} for {_written(key, value.duration)}"
        case timedelta():
            return in_words(value)
        case Publication():
            keys = [f"{own.name} {_written(own.name, getattr(value, own.name))}" for own in _not_default(value)]
            return f"published ({'; '.join(keys) or 'to every authenticated caller'})"
        case tuple():
            return ", ".join(_written(key, each) for each in value) or "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _not_default(publication: Publication) -> list[Field[Any]]:
    return [one for one in fields(publication) if getattr(publication, one.name) != one.default]
