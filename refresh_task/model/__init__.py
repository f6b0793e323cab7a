"""The values that cross between the rooms. All frozen; times are aware datetimes in UTC, durations are in the unit
named."""

from refresh_task.model.events import (
    Delayed,
    Event,
    Outcome,
    Remark,
    StepRetried,
    StepStarted,
    VacuumFinished,
)
from refresh_task.model.plan import (
    ExclusiveWindow,
    Plan,
    Schedule,
    Step,
    Undue,
    View,
)
from refresh_task.model.result import (
    RunResult,
    ViewStatus,
)
from refresh_task.model.terms import (
    ChangeDetection,
    DueBy,
    ExitCode,
    Fingerprinting,
    Freshness,
    IncrementalStatus,
    Interruption,
    Priority,
    RefreshMode,
    RunKind,
    RunStatus,
    Status,
    Strategy,
    TriggerType,
)

__all__ = [
    "ChangeDetection",
    "Delayed",
    "DueBy",
    "Event",
    "ExclusiveWindow",
    "ExitCode",
    "Fingerprinting",
    "Freshness",
    "IncrementalStatus",
    "Interruption",
    "Outcome",
    "Plan",
    "Priority",
    "RefreshMode",
    "Remark",
    "RunKind",
    "RunResult",
    "RunStatus",
    "Schedule",
    "Status",
    "Step",
    "StepRetried",
    "StepStarted",
    "Strategy",
    "TriggerType",
    "Undue",
    "VacuumFinished",
    "View",
    "ViewStatus",
]
