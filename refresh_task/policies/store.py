"""Policies in the database: reading them back as they were declared, and writing them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from refresh_task.database import Session
from refresh_task.errors import ConfigurationError
from refresh_task.model import ChangeDetection, ExclusiveWindow, Priority, RefreshMode, Schedule
from refresh_task.policies.endpoint import Publication
from refresh_task.policies.policy import Policy

if TYPE_CHECKING:
    from refresh_task.policies.difference import Difference


def read_policies(session: Session) -> dict[str, Policy]:
    """By view."""
    return {row["view_name"]: _policy(row) for row in session.fetch_all("read_policies")}


def read_patterns(session: Session) -> dict[str, tuple[int, Policy]]:
    """By pattern: its position, from 1 on, and the policy of the views it finds."""
    return {row["own_pattern"]: (row["position"], _policy(row)) for row in session.fetch_all("read_patterns")}


def apply_difference(session: Session, difference: Difference) -> None:
    """Write all changes or none, and set or remove the triggers that the policies ask for. Raises ConfigurationError
    for a role that may not."""
    try:
        with session.transaction():
            for change in difference.patterns:
                _write_pattern(session, change.subject, change.after, change.positions[1])
            for change in difference.views:
                if change.after is None:
                    session.execute("delete_policy", view_name=change.subject)
                else:
                    columns = {"view_name": change.subject, **_columns(change.after)}
                    session.execute("upsert_policy", policy=json.dumps(columns))
            session.execute("adopt_views")
            session.execute("sync_touch_triggers")
    except ConfigurationError as error:
        # The refresher, whom the usual remedy would make of this role, may not write policies either.
        raise ConfigurationError(
            error.message, subject=error.subject, remedy="Connect as the schema's owner: only it changes policies."
        ) from None


def _write_pattern(session: Session, pattern: str, policy: Policy | None, position: int | None) -> None:
    if policy is None:
        session.execute("delete_pattern", pattern=pattern)
    else:
        session.execute("upsert_pattern", pattern=pattern, position=position, policy=json.dumps(_columns(policy)))


def _columns(policy: Policy) -> dict[str, Any]:
    """As JSON that view_policy's row type is made from: intervals in seconds, numbers as they are written."""
    window, drop = policy.exclusive_window, policy.max_row_drop_percent
    return {
        "enabled": policy.enabled,
        "target_lag": _seconds(policy.target_lag),
        "statement_timeout": _seconds(policy.timeout),
        "schedules": [_schedule_columns(schedule) for schedule in policy.schedules],
        "change_detection": policy.change_detection,
        "audit_interval": _seconds(policy.audit_interval),
        "group_name": policy.group,
        "depends_on": list(policy.depends_on),
        "priority": policy.priority,
        "exclusive_window": None
        if window is None
        else {**_schedule_columns(window.schedule), "duration_s": int(window.duration.total_seconds())},
        "must_not_be_empty": policy.not_empty,
        "max_row_drop_percent": None if drop is None else str(drop),
        "custom_checks": list(policy.sql_checks),
        "suspend_after": policy.suspend_after,
        "probe_after": _seconds(policy.probe_after),
        "pattern": policy.pattern,
        "endpoint": None if policy.endpoint is None else policy.endpoint.to_json(),
        # as a release before these keys leaves them where they say nothing
        "refresh_mode": None if policy.refresh_mode is RefreshMode.AUTO else policy.refresh_mode,
        "incremental_key": list(policy.key) or None,
        "incremental_stages": list(policy.stages) or None,
    }


def _policy(row: dict[str, Any]) -> Policy:
    window, endpoint = row["exclusive_window"], row["endpoint"]
    return Policy(
        target_lag=row["target_lag"],
        timeout=row["statement_timeout"],
        enabled=row["enabled"],
        schedules=tuple(Schedule(**schedule) for schedule in row["schedules"]),
        change_detection=ChangeDetection(row["change_detection"]),
        audit_interval=row["audit_interval"],
        group=row["group_name"],
        depends_on=tuple(row["depends_on"]),
        priority=Priority(row["priority"]),
        exclusive_window=None
        if window is None
        else ExclusiveWindow(Schedule(window["cron"], window["time_zone"]), timedelta(seconds=window["duration_s"])),
        not_empty=row["must_not_be_empty"],
        max_row_drop_percent=row["max_row_drop_percent"],
        sql_checks=tuple(row["custom_checks"]),
        suspend_after=row["suspend_after"],
        probe_after=row["probe_after"],
        pattern=row["pattern"],
        endpoint=None if endpoint is None else Publication.from_json(endpoint),
        refresh_mode=RefreshMode(row["refresh_mode"] or RefreshMode.AUTO),
        key=tuple(row["incremental_key"] or ()),
        stages=tuple(row["incremental_stages"] or ()),
    )


def _schedule_columns(schedule: Schedule) -> dict[str, str]:
    return {"cron": schedule.cron, "time_zone": schedule.time_zone}


def _seconds(duration: timedelta | None) -> str | None:
    return None if duration is None else f"{duration.total_seconds():.0f} seconds"
