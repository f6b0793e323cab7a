"""Views whose rows are kept equal to their definition by computing only what a change touches (docs/incremental.md)."""

from refresh_task.incremental.lifecycle import (
    DisabledView,
    EnabledView,
    Mismatch,
    Progress,
    Verification,
    disable,
    enable,
    redefine,
    verify,
)

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
