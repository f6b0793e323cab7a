"""The values that cross between the rooms. All frozen; times are aware datetimes in UTC, durations are in the unit
named."""

from __future__ import annotations

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


class Strategy(StrEnum):
    """How a step brings its view up to date."""

    SKIP = "skip"
    CONCURRENT = "concurrent"  # REFRESH … CONCURRENTLY: readers go on
    EXCLUSIVE = "exclusive"  # plain REFRESH: readers wait; only for a view that is not populated yet


class Status(StrEnum):
    """What a step came to; mv_refresh_log.status says which transition each records."""

    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    ABANDONED = "abandoned"


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
class View:
    """One managed view as the catalog has it now, with its policy. `oid` is None where the view is gone."""

    name: str
    oid: int | None
    is_populated: bool
    unique_index: str | None
    statement_timeout: timedelta | None


@dataclass(frozen=True, slots=True)
class Step:
    """One view in a plan: what will be done, and why, in words."""

    view: str
    strategy: Strategy
    reason: str
    statement_timeout_s: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will do: its steps in the order of execution, upstream views first."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one step came to. `message` and `remedy` are for people; rows are None where nothing was refreshed."""

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
class ViewStatus:
    """A managed view's freshness at one moment. `lag_s` is None where the age of its data is unknown."""

    name: str
    enabled: bool
    target_lag: timedelta
    data_timestamp: datetime | None
    lag_s: float | None
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

    @property
    def lateness(self) -> str:
        """What is late, by how much, since when, and where to look: a sentence for people."""
        age = "of unknown age" if self.lag_s is None else f"{self.lag_s:.0f} s old"
        last = (
            "never refreshed" if self.last_success_at is None else f"last refreshed at {self.last_success_at:%F %T %Z}"
        )
        failing = "" if self.failing_since is None else f", failing since {self.failing_since:%F %T %Z}"
        return (
            f"{self.name} is late: its data is {age}, its target lag is {self.target_lag.total_seconds():.0f} s, "
            f"{last}{failing}. See why: vistafresca status."
        )

    @property
    def is_late(self) -> bool:
        """Whether someone must be told: a disabled view is never late."""
        return self.enabled and self.freshness is not Freshness.FRESH


@dataclass(frozen=True, slots=True)
class RunResult:
    """One run as it ended: what every reporter is handed."""

    run_id: int | None
    status: RunStatus
    interruption: Interruption | None
    duration_s: float
    outcomes: tuple[Outcome, ...]
    views: tuple[ViewStatus, ...]

    def count(self, *statuses: Status) -> int:
        """How many steps came to one of these."""
        return sum(outcome.status in statuses for outcome in self.outcomes)

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
