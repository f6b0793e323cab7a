"""How a run ended: each view's freshness afterwards, and what it all came to."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import datetime, timedelta

from refresh_task.model.events import Outcome
from refresh_task.model.plan import Undue
from refresh_task.model.terms import (
    ExitCode,
    Freshness,
    IncrementalStatus,
    Interruption,
    RefreshMode,
    RunKind,
    RunStatus,
    Status,
    Strategy,
)


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
