"""From a materialized view to tables kept fresh, and back."""

from refresh_task.incremental.lifecycle.disabling import disable
from refresh_task.incremental.lifecycle.enabling import enable
from refresh_task.incremental.lifecycle.estimate import Gain, writers_throughput
from refresh_task.incremental.lifecycle.explaining import ExplainedTable, Explanation, explain
from refresh_task.incremental.lifecycle.outcome import (
    DisabledView,
    EnabledView,
    Mismatch,
    OnProgress,
    Progress,
    Verification,
)
from refresh_task.incremental.lifecycle.redefining import redefine
from refresh_task.incremental.lifecycle.verifying import verify

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
