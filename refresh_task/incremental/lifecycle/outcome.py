"""What the commands of the life cycle say while they go on, and what they come to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

# What stands under the name of a view that is refreshed incrementally; a materialized view: over stages.
Output = Literal["table", "materialized_view"]


@dataclass(frozen=True, slots=True)
class Progress:
    """A step that begins, or has been waiting for something: `message` is a sentence for people."""

    view: str
    step: str
    message: str


OnProgress = Callable[[Progress], None]


def say_nothing(progress: Progress) -> None:
    """For callers that show no progress."""


@dataclass(frozen=True, slots=True)
class EnabledView:
    """A view that is refreshed incrementally from now on. `captured` are the tables whose changes are captured for it;
    `direct` those of them whose changes cost what they touch, in all that reads them. Where an indirect stage changed,
    what reads it is made anew in full."""

    view: str
    output: Output
    stages: tuple[str, ...]
    captured: tuple[str, ...]
    direct: tuple[str, ...]
    indirect_stages: tuple[str, ...]
    duration_s: float
    swap_attempts: int


@dataclass(frozen=True, slots=True)
class DisabledView:
    """A view that is a plain materialized view again. `released` are the tables that nobody captures any more;
    `restored`: its table was gone, and with it indexes and grants."""

    view: str
    released: tuple[str, ...]
    restored: bool
    duration_s: float


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One row that a maintained table and its definition do not agree on. `stage` is None for the output; `difference`
    is missing (the table lacks it), surplus (the definition lacks it) or other (they differ in a value)."""

    stage: str | None
    difference: str
    row_key: Any


@dataclass(frozen=True, slots=True)
class Verification:
    """A comparison of all that is maintained for a view with its definitions, in one snapshot."""

    view: str
    tables: int
    mismatches: tuple[Mismatch, ...]
    duration_s: float
