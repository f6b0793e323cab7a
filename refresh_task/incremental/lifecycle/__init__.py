"""From a materialized view to tables kept fresh, and back."""

from refresh_task.incremental.lifecycle.disabling import disable
from refresh_task.incremental.lifecycle.enabling import enable
from refresh_task.incremental.lifecycle.outcome import DisabledView, EnabledView, Mismatch, Progress, Verification
from refresh_task.incremental.lifecycle.redefining import redefine
from refresh_task.incremental.lifecycle.verifying import verify

__all__ = [
    "DisabledView",
    "EnabledView",
    "Mismatch",
    "Progress",
    "Verification",
    "disable",
    "enable",
    "redefine",
    "verify",
]
