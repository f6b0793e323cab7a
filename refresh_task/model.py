"""The values that cross between the rooms. All frozen; times are aware datetimes in UTC, durations are in the unit
named."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any

_NO_VIEW = ("42P01", "42704", "42809")  # gone, not managed, not a materialized view


class TriggerType(StrEnum):
    """What made a run happen. Failures of manual ones are not counted against a view."""

    CRON = "cron"
    EVENT = "event"
    MANUAL = "manual"


class RunKind(StrEnum):
    """Which views a run is about."""

    SCHEDULED = "scheduled"  # all that are due
    REQUESTED = "requested"  # those that the event queue asks for
    MANUAL = "manual"  # those that somebody named


class Priority(StrEnum):
    """Among views that could begin now, the higher one begins first."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Higher is more urgent."""
        return list(Priority).index(self)


class ChangeDetection(StrEnum):
    """How the task finds out that nothing changed beneath a view (its policy)."""

    FINGERPRINT = "fingerprint"  # reads the tables
    TOUCH = "touch"  # triggers on the tables
    NONE = "none"


class RefreshMode(StrEnum):
    """What a view's policy says of incremental refresh (docs/incremental.md)."""

    AUTO = "auto"  # incremental where it was enabled
    FULL = "full"  # never
    INCREMENTAL = "incremental"  # it is to be enabled; until then as before, and said


class IncrementalStatus(StrEnum):
    """Of a view that somebody enabled; incremental_view.status says which transition each records."""

    ENABLING = "enabling"
    ENABLED = "enabled"
    DISTRUSTED = "distrusted"
    DISABLING = "disabling"


class Fingerprinting(StrEnum):
    """What a step does about its view's fingerprint (docs/change-detection.md)."""

    CHECK = "check"  # take it, leave the view alone if it is the one of its contents, keep the new one otherwise
    KEEP = "keep"  # take it and refresh all the same, so that the next step can check
    NONE = "none"  # not worth its cost, or not possible


class DueBy(StrEnum):
    """Why a view is in a plan."""

    NEVER_REFRESHED = "never refreshed"  # or of unknown age
    TARGET_LAG = "target lag"
    SCHEDULE = "schedule"
    REQUEST = "request"  # the event queue
    DOWNSTREAM = "downstream"  # a due view reads it
    GROUP = "group"  # another view of its group is due
    AUDIT = "audit"  # not made anew for the audit interval
    PROBE = "probe"  # suspended, and tried once more
    NAMED = "named"  # a manual run names it


class Strategy(StrEnum):
    """How a step brings its view up to date."""

    SKIP = "skip"
    CONCURRENT = "concurrent"  # REFRESH … CONCURRENTLY: readers go on
    EXCLUSIVE = "exclusive"  # plain REFRESH: readers wait; only if not populated yet, or in the policy's window
    INCREMENTAL = "incremental"  # only what changed is computed anew: of views that were enabled
    DIFFERENCE = "difference"  # of these, too: computed in full, and only rows that differ are written


class Status(StrEnum):
    """What a step came to; mv_refresh_log.status says which transition each records."""

    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    ABANDONED = "abandoned"
    UPSTREAM_FAILED = "upstream_failed"


class Freshness(StrEnum):
    """A view's lag against its target lag."""

    FRESH = "fresh"  # within the target
    STALE = "stale"  # up to twice the target
    VERY_STALE = "very_stale"  # older, or of unknown age


class Interruption(StrEnum):
    """Why a run stops before its plan is carried out."""

    SIGTERM = "SIGTERM"  # ECS stops the task
    SIGINT = "SIGINT"  # Ctrl-C
    DEADLINE = "run deadline"


class RunStatus(StrEnum):
    """How a run ended; all but SKIPPED are written to mv_refresh_run.status."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"  # a view failed, or is late
    CANCELLED = "cancelled"  # SIGTERM or the run deadline
    SKIPPED = "skipped"  # another run holds the run lock


class ExitCode(IntEnum):
    """The task's exit codes (docs/exit-codes.md)."""

    OK = 0
    VIEWS_FAILED = 1
    UNUSABLE = 2
    CANCELLED = 3


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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one step came to. `message` and `remedy` are for people; rows are None where nothing was refreshed.

    `attempts` counts tries within the run; `requests_served` the entries of the event queue that it answered.
    """

    view: str
    status: Status
    strategy: Strategy | None
    reason: str | None
    duration_s: float
    rows_inserted: int | None = None
    rows_deleted: int | None = None
    rows_total: int | None = None
    sqlstate: str | None = None
    message: str | None = None
    remedy: str | None = None
    attempts: int = 1
    requests_served: int | None = None
    changed_keys: int | None = None  # slices that an incremental refresh computed

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Outcome:
        """Of a row of mv_refresh_log."""
        strategy = None if row["strategy"] is None else Strategy(row["strategy"])
        return cls(**{**row, "status": Status(row["status"]), "strategy": strategy})

    @property
    def explanation(self) -> str:
        """Why it came to this, and what to do about it, in sentences."""
        if self.message is None:
            return self.reason or ""
        sentences = [self.message.rstrip(".") + "."]
        has_data = self.strategy is not Strategy.EXCLUSIVE and self.sqlstate not in _NO_VIEW
        if self.status is Status.FAILED and has_data:
            sentences.append("The view keeps its last good data.")
        return " ".join(sentences + ([self.remedy] if self.remedy else []))


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step's first try begins; its Outcome follows."""

    step: Step


@dataclass(frozen=True, slots=True)
class StepRetried:
    """A try failed for a reason that may pass, and another one follows after `wait_s` seconds.

    `attempt` is the number of the try that failed, from 1. Of a consistency group, `view` is the member that failed.
    """

    view: str
    attempt: int
    wait_s: float
    sqlstate: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Delayed:
    """The database is under load, so steps wait (`waited_s` is 0), or waited that long and go on."""

    reason: str
    waited_s: float


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about a run that is said once and changes no outcome. `topic` is a stable name for machines."""

    topic: str
    message: str


@dataclass(frozen=True, slots=True)
class VacuumFinished:
    """A view's dead rows were removed and its statistics gathered, once the run's refreshes were done."""

    view: str
    duration_s: float


Event = StepStarted | StepRetried | Delayed | Remark | VacuumFinished | Outcome


@dataclass(frozen=True, slots=True)
class ViewStatus:
    """A managed view's freshness at one moment.

    `lag_s` is the global lag, from the oldest data among the view and what it was made from; `local_lag_s` counts from
    its own. Both are None where the age is unknown. `target_lag` of a "downstream" view is the smallest among the views
    that read it; None: none does, and it is never late.
    """

    name: str
    enabled: bool
    target_lag: timedelta | None
    data_timestamp: datetime | None
    lag_s: float | None
    local_lag_s: float | None
    freshness: Freshness
    last_success_at: datetime | None
    rows_total: int | None
    consecutive_failures: int
    failing_since: datetime | None
    last_status: str | None
    last_started_at: datetime | None
    last_duration_ms: int | None
    last_message: str | None
    last_remedy: str | None
    refreshed_at: datetime | None
    suspended_at: datetime | None
    probe_at: datetime | None
    waiting_requests: int
    oldest_request_at: datetime | None
    refresh_mode: RefreshMode = RefreshMode.AUTO
    incremental_status: IncrementalStatus | None = None
    incremental_since: datetime | None = None  # of that status
    distrust_reason: str | None = None
    last_strategy: Strategy | None = None  # of its last refresh
    last_changed_keys: int | None = None
    why_full: str | None = None  # why that one was not incremental, though the view is enabled

    @property
    def distrust(self) -> str | None:
        """Since when and why its incremental refresh is off, and how it comes back: a sentence for people; None: it is
        trusted, or was never enabled."""
        if self.incremental_status is not IncrementalStatus.DISTRUSTED:
            return None
        since = "" if self.incremental_since is None else f" since {self.incremental_since:%F %T %Z}"
        found = "" if self.distrust_reason is None else f": {self.distrust_reason.rstrip('.')}"
        view = shlex.quote(self.name)
        return (
            f"{self.name} is distrusted{since}{found}. It is refreshed in full, which mends it. Report what was "
            f"found (bi_refresh.incremental_mismatch has the rows' keys); then: vistafresca incremental enable {view}"
        )

    @property
    def was_just_distrusted(self) -> bool:
        """Whether its last attempt found what it is distrusted for."""
        return (
            self.enabled
            and self.incremental_status is IncrementalStatus.DISTRUSTED
            and self.incremental_since is not None
            and self.last_started_at is not None
            and self.incremental_since >= self.last_started_at
        )

    @property
    def is_not_enabled(self) -> bool:
        """Whether its policy asks for incremental refresh, which nobody has enabled yet."""
        return self.enabled and self.refresh_mode is RefreshMode.INCREMENTAL and self.incremental_status is None

    @property
    def lateness(self) -> str:
        """What is late, by how much, since when, and where to look: a sentence for people."""
        age = "of unknown age" if self.lag_s is None else f"{self.lag_s:.0f} s old"
        last = (
            "never refreshed" if self.last_success_at is None else f"last refreshed at {self.last_success_at:%F %T %Z}"
        )
        failing = "" if self.failing_since is None else f", failing since {self.failing_since:%F %T %Z}"
        suspended = "" if self.suspended_at is None else f", suspended since {self.suspended_at:%F %T %Z}"
        left_alone = self.last_status == "skipped" and self.suspended_at is None and self.last_message
        skipped = f", left alone by its last try: {self.last_message}" if left_alone else ""
        target_s = 0.0 if self.target_lag is None else self.target_lag.total_seconds()
        return (
            f"{self.name} is late: its data is {age}, its target lag is {target_s:.0f} s, "
            f"{last}{failing}{suspended}{skipped}. See why: vistafresca status."
        )

    @property
    def late_since(self) -> datetime | None:
        """When its data became older than its target lag; None: it is not late, or the age of its data is unknown."""
        if (
            not self.is_late
            or self.target_lag is None
            or self.data_timestamp is None
            or self.lag_s is None
            or self.local_lag_s is None
        ):
            return None
        oldest_data = self.data_timestamp - timedelta(seconds=self.lag_s - self.local_lag_s)
        return oldest_data + self.target_lag

    @property
    def suspension(self) -> str | None:
        """Since when and until when it is left alone, and how to end that: a sentence for people; None: it is not."""
        if self.suspended_at is None:
            return None
        again = "" if self.probe_at is None else f"It is tried again at {self.probe_at:%F %T %Z}; "
        return (
            f"{self.name} is suspended since {self.suspended_at:%F %T %Z}, after {self.consecutive_failures} failures "
            f"in a row. {again}once it is mended: vistafresca resume {shlex.quote(self.name)}"
        )

    @property
    def is_late(self) -> bool:
        """Whether someone must be told: a disabled view is never late."""
        return self.enabled and self.freshness is not Freshness.FRESH

    @property
    def conditions(self) -> tuple[str, ...]:
        """What is wrong with it, in words: late, failing, suspended, distrusted; a disabled view is none of these."""
        wrong = {
            "late": self.is_late,
            "failing": self.failing_since is not None,
            "suspended": self.suspended_at is not None,
            "distrusted": self.incremental_status is IncrementalStatus.DISTRUSTED,
        }
        return tuple(word for word, is_so in wrong.items() if self.enabled and is_so)


@dataclass(frozen=True, slots=True)
class RunResult:
    """One run as it ended: what every reporter is handed."""

    run_id: int | None
    status: RunStatus
    interruption: Interruption | None
    duration_s: float
    outcomes: tuple[Outcome, ...]
    views: tuple[ViewStatus, ...]
    kind: RunKind = RunKind.SCHEDULED
    undue: tuple[Undue, ...] = ()
    capture_log_bytes: int | None = None  # of all logs of changes; None: nothing is captured

    def count(self, *statuses: Status) -> int:
        """How many steps came to one of these."""
        return sum(outcome.status in statuses for outcome in self.outcomes)

    @property
    def newly_distrusted(self) -> tuple[ViewStatus, ...]:
        """The views of which a comparison in this run found other rows than their definition gives."""
        attempted = {outcome.view for outcome in self.outcomes}
        return tuple(view for view in self.views if view.was_just_distrusted and view.name in attempted)

    @property
    def late_views(self) -> tuple[ViewStatus, ...]:
        """The views whose data is older than their target lag."""
        return tuple(view for view in self.views if view.is_late)

    @property
    def exit_code(self) -> ExitCode:
        """What the process tells its caller."""
        return _EXIT_CODES[self.status]


_EXIT_CODES = {
    RunStatus.SUCCEEDED: ExitCode.OK,
    RunStatus.SKIPPED: ExitCode.OK,
    RunStatus.FAILED: ExitCode.VIEWS_FAILED,
    RunStatus.CANCELLED: ExitCode.CANCELLED,
}
