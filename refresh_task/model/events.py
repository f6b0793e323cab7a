"""What happens while a plan is carried out: a reporter is handed each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from refresh_task.model.plan import Step
from refresh_task.model.terms import Status, Strategy

_NO_VIEW = ("42P01", "42704", "42809")  # gone, not managed, not a materialized view


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
