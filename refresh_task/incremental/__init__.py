"""Views whose rows are kept equal to their definition by computing only what a change touches (docs/incremental.md)."""

from refresh_task.incremental.lifecycle import (
    DisabledView,
    EnabledView,
    ExplainedTable,
    Explanation,
    Gain,
    Mismatch,
    OnProgress,
    Progress,
    Verification,
    disable,
    enable,
    explain,
    redefine,
    verify,
    writers_throughput,
)

__all__ = [
    "DisabledView",
    "EnabledView",
    "ExplainedTable",
    "Explanation",
    "Gain",
    "Mismatch",
    "OnProgress",
    "Progress",
    "Verification",
    "disable",
    "enable",
    "explain",
    "redefine",
    "verify",
    "writers_throughput",
]
