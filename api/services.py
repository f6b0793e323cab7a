"""What the routes need, handed in: nothing of the API is global."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from api.database import ApiDatabase
from api.identity import Identify, Principal
from api.scheduling import Runner, Scheduler
from refresh_task.settings import Settings

__all__ = ["GuardLimits", "Refreshed", "Refresher", "Services"]


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh on demand came to. Not `refreshed`: it was started elsewhere, and `status_url` says where to look;
    or nothing had to be done; or, among several views, it failed: `error` says why and what to do."""

    view: str
    refreshed: bool
    message: str
    duration_ms: int | None = None
    rows_affected: int | None = None
    status_url: str | None = None
    error: str | None = None


class Refresher(Protocol):
    """Refreshes a view because somebody asks for it (api/control/refresh.py)."""

    def refresh(self, view: str, principal: Principal, *, force: bool = False) -> Refreshed:
        """Of a managed view, by full name. Raises Problem: 403, 409 (disabled), 429 with Retry-After, 500, 503."""

    def refresh_each(self, views: Sequence[str], principal: Principal) -> list[Refreshed]:
        """Of several views, fresh or not, which count as one; a failing one leaves the others as they are. Raises
        Problem as refresh() does, but for 500."""

    def start(self, views: Sequence[str], principal: Principal) -> list[Refreshed]:
        """Of several views, by the task. Raises Problem as refresh() does."""


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """Of one view's base relation. Seconds are of this process's clock.

    `timeout_s` ends a query; `queries` run at once; whoever finds them all running waits `patience_s` for one to end;
    after `failures` in a row nothing is asked for `rest_s`.
    """

    timeout_s: float = 25.0
    queries: int = 2
    patience_s: float = 2.0
    failures: int = 3
    rest_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Services:
    """Everything outside a request. What a server does not offer is None, and its routes answer 501."""

    database: ApiDatabase
    identify: Identify
    settings: Settings
    refresher: Refresher | None = None
    runner: Runner | None = None
    scheduler: Scheduler | None = None
    guard_limits: GuardLimits = GuardLimits()
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
