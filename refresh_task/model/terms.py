"""The closed sets of words that a run, its policies and its log use."""

from __future__ import annotations

from enum import IntEnum, StrEnum


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
