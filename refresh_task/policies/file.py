"""views.toml as it may be written."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from refresh_task.cron import longest_gap
from refresh_task.errors import ConfigurationError
from refresh_task.model import ChangeDetection, ExclusiveWindow, Priority, RefreshMode, Schedule
from refresh_task.policies.endpoint import Endpoint
from refresh_task.policies.explanation import explain
from refresh_task.policies.policy import Declared, Policy
from refresh_task.policies.tables import Checks, Schedules, Table, Window
from refresh_task.policies.values import (
    DOWNSTREAM,
    Duration,
    Group,
    Names,
    Pattern,
    TargetLag,
    Timeout,
    TimeZone,
    ViewName,
)

_LATE_AFTER = timedelta(minutes=30)  # a point of a view's schedule


class ViewEntry(Table):
    """One [[view]]."""

    name: ViewName | None = None
    pattern: Pattern | None = None
    target_lag: TargetLag = timedelta(minutes=15)
    schedule: Schedules = ()
    time_zone: TimeZone = "UTC"
    timeout: Timeout | None = None
    enabled: bool = True
    change_detection: ChangeDetection = ChangeDetection.FINGERPRINT
    audit_interval: Duration = timedelta(hours=24)
    group: Group | None = None
    depends_on: tuple[ViewName, ...] = ()
    priority: Priority = Priority.NORMAL
    exclusive_window: Window | None = None
    checks: Checks = Checks()
    suspend_after: int = Field(default=5, ge=1, le=1_000)
    probe_after: Duration = timedelta(hours=1)
    endpoint: Endpoint | None = None
    refresh_mode: RefreshMode = RefreshMode.AUTO
    key: Names = ()
    stages: Names = ()


class Defaults(Table):
    """[defaults]: for the views of the same file that say nothing themselves."""

    target_lag: TargetLag | None = None
    schedule: Schedules | None = None
    time_zone: TimeZone | None = None
    timeout: Timeout | None = None
    change_detection: ChangeDetection | None = None
    audit_interval: Duration | None = None
    priority: Priority | None = None
    exclusive_window: Window | None = None
    checks: Checks | None = None
    suspend_after: int | None = Field(default=None, ge=1, le=1_000)
    probe_after: Duration | None = None
    refresh_mode: RefreshMode | None = None


class ViewsFile(Table):
    """All of it."""

    defaults: Defaults = Defaults()
    view: tuple[ViewEntry, ...] = ()


def read_views_files(files: Sequence[Path]) -> Declared:
    """What all files declare together. Raises ConfigurationError naming the file, the view, the key and the remedy."""
    views: dict[str, Policy] = {}
    patterns: dict[str, Policy] = {}
    for file in files:
        parsed = _parse(file)
        for number, entry in enumerate(parsed.view, start=1):
            subject = entry.name or entry.pattern
            if subject is None or (entry.name and entry.pattern):
                raise ConfigurationError(
                    f"has {'neither of' if subject is None else 'both'} the keys 'name' and 'pattern'.",
                    subject=f"{file}, view {subject or number}",
                    remedy="Write one of them: a view's full name, or a pattern such as sales.mv_*.",
                )
            place = views if entry.name else patterns
            if subject in place:
                raise ConfigurationError(
                    f"{subject} is declared twice.",
                    subject=str(file),
                    remedy="Keep one of the two [[view]] entries.",
                )
            if subject in entry.depends_on:
                raise ConfigurationError(
                    "depends_on: it names the view itself.", subject=f"{file}, view {subject}", remedy="Take it out."
                )
            _require_single_view(entry, subject=f"{file}, view {subject}")
            if entry.endpoint is not None:
                _require_publishable(entry.endpoint, entry.name, subject=f"{file}, view {subject}")
            place[subject] = _policy(entry, parsed.defaults)
    return Declared(views, patterns)


def _require_single_view(entry: ViewEntry, *, subject: str) -> None:
    for key in ("key", "stages"):
        if entry.name is None and getattr(entry, key):
            raise ConfigurationError(
                f"{key}: views that a pattern finds have columns and queries of their own.",
                subject=subject,
                remedy="Give the view an entry of its own, with its name.",
            )


def _require_publishable(endpoint: Endpoint, name: str | None, *, subject: str) -> None:
    if name is None:
        raise ConfigurationError(
            "endpoint: a pattern cannot be published, for nobody knows what it will find.",
            subject=subject,
            remedy="Give the view an entry of its own, with its name.",
        )
    if endpoint.base == name:
        raise ConfigurationError(
            "endpoint.base: it names the view itself.",
            subject=subject,
            remedy="Name the relation that the view is made from, or take the key out.",
        )


def _parse(file: Path) -> ViewsFile:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"cannot be read: {error.strerror}.", subject=str(file), remedy="Name another with --file."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"is not TOML: {error}.", subject=str(file), remedy="Correct that line.") from None
    try:
        return ViewsFile.model_validate(content)
    except ValidationError as error:
        raise explain(file, content, error, ViewsFile) from None


def _policy(entry: ViewEntry, defaults: Defaults) -> Policy:
    values: dict[str, Any] = dict(entry) | {
        key: value for key, value in defaults if value is not None and key not in entry.model_fields_set
    }
    zone, window, checks = values["time_zone"], values["exclusive_window"], values["checks"]
    schedules = tuple(dict.fromkeys(Schedule(cron, own_zone or zone) for cron, own_zone in values["schedule"]))
    policy = Policy(
        target_lag=None if values["target_lag"] == DOWNSTREAM else values["target_lag"],
        timeout=values["timeout"],
        enabled=values["enabled"],
        schedules=schedules,
        change_detection=values["change_detection"],
        audit_interval=values["audit_interval"],
        group=values["group"],
        depends_on=tuple(dict.fromkeys(values["depends_on"])),
        priority=values["priority"],
        exclusive_window=None
        if window is None
        else ExclusiveWindow(Schedule(window.cron, window.time_zone or zone), window.duration),
        not_empty=checks.not_empty,
        max_row_drop_percent=checks.max_row_drop_percent,
        sql_checks=checks.sql,
        suspend_after=values["suspend_after"],
        probe_after=values["probe_after"],
        endpoint=None if entry.endpoint is None else entry.endpoint.publication(),
        refresh_mode=values["refresh_mode"],
        key=entry.key,
        stages=entry.stages,
    )
    return replace(policy, target_lag=longest_gap(schedules) + _LATE_AFTER) if _by_schedule(entry, defaults) else policy


def _by_schedule(entry: ViewEntry, defaults: Defaults) -> bool:
    """Whether the schedule says how old the data may get: it is written nearer to the view than any target lag. So
    lateness means one thing for all views, and a point that was missed is made up for."""
    if "schedule" in entry.model_fields_set:
        return bool(entry.schedule) and "target_lag" not in entry.model_fields_set
    return bool(defaults.schedule) and defaults.target_lag is None and "target_lag" not in entry.model_fields_set
