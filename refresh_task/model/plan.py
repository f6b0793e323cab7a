"""What a plan is made from and what it says: views with their policies, steps, and what is left alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from refresh_task.model.terms import (
    ChangeDetection,
    DueBy,
    Fingerprinting,
    IncrementalStatus,
    Priority,
    RefreshMode,
    Strategy,
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A crontab line of five fields, in the wall-clock time of an IANA time zone."""

    cron: str
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class ExclusiveWindow:
    """When a view may be refreshed while its readers wait: from each point of the schedule, for `duration`."""

    schedule: Schedule
    duration: timedelta


@dataclass(frozen=True, slots=True)
class View:
    """One enabled view as the catalog has it now, with its policy, its state and its history.

    `oid` is None where the view is gone. `upstream` names the managed, enabled views that it reads, directly or through
    anything else, and those its policy says it depends on. Durations ending in _s are seconds.
    """

    name: str
    oid: int | None = None
    is_populated: bool = True
    unique_index: str | None = None
    # policy
    target_lag: timedelta | None = timedelta(minutes=15)  # None: "downstream"
    schedules: tuple[Schedule, ...] = ()
    statement_timeout: timedelta | None = None
    change_detection: ChangeDetection = ChangeDetection.FINGERPRINT
    audit_interval: timedelta = timedelta(hours=24)
    group: str | None = None
    priority: Priority = Priority.NORMAL
    exclusive_window: ExclusiveWindow | None = None
    refresh_mode: RefreshMode = RefreshMode.AUTO
    # graph
    upstream: tuple[str, ...] = ()
    # state; what is not known is None
    data_timestamp: datetime | None = None
    global_data_timestamp: datetime | None = None
    refreshed_at: datetime | None = None  # of an enabled view: compared as a whole
    has_fingerprint: bool = False
    fingerprint_s: float | None = None
    unchanged_ratio: float | None = None
    checks_passed_over: int = 0
    suspended_at: datetime | None = None
    probe_at: datetime | None = None
    incremental_status: IncrementalStatus | None = None
    is_maintained: bool = False  # tables of ours stand under its name, or beneath it, and are refreshed by what changed
    distrust_reason: str | None = None
    # history: of its last refreshes that were completed
    p50_s: float | None = None
    p95_s: float | None = None
    last_attempt: int = 0  # the log entry; 0: none. The smaller, the longer ago
    # evidence
    changes_wait: bool | None = None  # captured ones, for an enabled view
    changed_tables: tuple[str, ...] = ()  # by the statistics' counters: certainly written to since its last refresh
    requests: int = 0  # waiting in the event queue
    oldest_request_at: datetime | None = None
    request_priority: Priority | None = None  # the highest of them


@dataclass(frozen=True, slots=True)
class Step:
    """One view in a plan: what will be done, and why, in words.

    `upstream` names the steps of the same plan that must have ended before; `estimate_s` is the median duration, None
    where it was never refreshed. A step that cannot be begun has `problem` and `remedy`: it is recorded as failed.
    """

    view: str
    strategy: Strategy
    reason: str
    statement_timeout_s: float
    due_by: DueBy = DueBy.TARGET_LAG
    fingerprinting: Fingerprinting = Fingerprinting.NONE
    change_detection: ChangeDetection = ChangeDetection.FINGERPRINT
    group: str | None = None
    upstream: tuple[str, ...] = ()
    priority: Priority = Priority.NORMAL
    estimate_s: float | None = None
    problem: str | None = None
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class Undue:
    """A view that a run leaves alone, why, and when it will be due if nothing happens (None: that cannot be known)."""

    view: str
    reason: str
    next_due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will do: its steps, each after all it depends on, and the views that it leaves alone.

    `waves` are the names of the steps by the length of the longest chain beneath them: those of one wave do not depend
    on each other.
    """

    steps: tuple[Step, ...] = ()
    waves: tuple[tuple[str, ...], ...] = ()
    undue: tuple[Undue, ...] = ()
