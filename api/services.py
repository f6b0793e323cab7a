"""What the routes need, handed in: nothing of the API is global."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from api.database import ApiDatabase
from api.identity import Identify, Principal
from refresh_task.settings import Settings

__all__ = ["Refreshed", "Refresher", "Runner", "Scheduler", "Services"]


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh on demand came to. Not `refreshed`: it was started elsewhere, or nothing had to be done;
    `status_url` then says where to look (None: it is done)."""

    view: str
    refreshed: bool
    message: str
    duration_ms: int | None = None
    rows_affected: int | None = None
    status_url: str | None = None


class Refresher(Protocol):
    """Refreshes a view because somebody asks for it (api/control/refresh.py)."""

    def refresh(self, view: str, principal: Principal, *, force: bool = False) -> Refreshed:
        """Of a managed view, by full name. Raises Problem: 403, 409 (disabled), 429 with Retry-After, 503."""


class Runner(Protocol):
    """Starts the task: in a process of its own locally, in a container on AWS."""

    def start(self, arguments: Sequence[str], *, triggered_by: str) -> str:
        """Start `vistafresca <arguments>`; returns how the run is known there. Raises Problem 503."""


class Scheduler(Protocol):
    """What starts the task by the clock: APScheduler locally, EventBridge on AWS."""

    def status(self) -> Mapping[str, Any]:
        """Its state, its jobs or rules, and when each is next due."""

    def reschedule_daily(self, hour: int, minute: int, time_zone: str) -> Mapping[str, Any]:
        """Move the daily job, and only that, to this minute."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything outside a request. What a server does not offer is None, and its routes answer 501."""

    database: ApiDatabase
    identify: Identify
    settings: Settings
    refresher: Refresher | None = None
    runner: Runner | None = None
    scheduler: Scheduler | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
