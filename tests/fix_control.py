"""The API with something that refreshes: what it hands to the task is noted down, and started when the test says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from api.control.refresh import DatabaseRefresher
from api.daily import DailyTime
from api.database import ApiDatabase
from api.database.connections import OneConnection
from api.database.database import open_api_session
from api.identity import Principal
from api.problems import Problem
from api.scheduling import Job
from refresh_task.settings import Settings
from tests.fix_api import CLIENTS, Client
from tests.fix_database import Database
from tests.fix_task import RunTask

CEO = Principal("ceo@company.com", frozenset({"admin"}))
CFO = Principal("cfo@company.com", frozenset({"cfo"}))
READER = Principal("reader@company.com", frozenset({"reader"}))


@dataclass
class RecordingRunner:
    """Starts nothing; `refuses` is what start() raises."""

    started: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    refuses: Problem | None = None

    def start(self, arguments: Sequence[str], *, triggered_by: str) -> str:
        if self.refuses is not None:
            raise self.refuses
        self.started.append((tuple(arguments), triggered_by))
        return f"task {len(self.started)}"

    def carry_out(self, run: RunTask, database: Database) -> None:
        """Run what was started, to its end."""
        while self.started:
            arguments, triggered_by = self.started.pop(0)
            run(database, *arguments, VISTAFRESCA_TRIGGERED_BY=triggered_by)


@dataclass
class RecordingScheduler:
    """Has one run every 10 minutes and a daily one; notes down where that is moved to."""

    kind: str = "apscheduler"
    moved_to: list[DailyTime] = field(default_factory=list)
    refuses: Problem | None = None

    def jobs(self) -> tuple[Job, ...]:
        return (
            Job(
                "scheduled",
                "every 10 minutes",
                "*/10 * * * *",
                is_enabled=True,
                next_at=datetime(2026, 1, 1, tzinfo=UTC),
            ),
            Job("daily", "daily", "0 1 * * * America/Bogota", is_enabled=True),
        )

    def set_daily(self, time: DailyTime) -> Job:
        if self.refuses is not None:
            raise self.refuses
        self.moved_to.append(time)
        return Job("daily", "daily", f"{time.cron} {time.time_zone}", is_enabled=True)


@dataclass
class Control:
    """The API's client, and what it started. Close it."""

    client: Client
    runner: RecordingRunner
    scheduler: RecordingScheduler
    refreshers_database: ApiDatabase

    def post(self, path: str, query: Any = None, **how: Any) -> Any:
        """POST as the CEO, unless told otherwise."""
        return self.client.ask("POST", path, query, **{"principal": CEO, **how})

    def get(self, path: str, query: Any = None, **how: Any) -> Any:
        """GET as a reader, unless told otherwise."""
        return self.client.ask("GET", path, query, **{"principal": READER, **how})

    def close(self) -> None:
        self.client.close()
        self.refreshers_database.close()


def make_control(kind: str, database: Database, *, now: Callable[[], datetime] | None = None) -> Control:
    """`kind`: lambda or http."""
    settings = Settings(database_url=database.dsn)
    own = ApiDatabase(OneConnection(lambda: open_api_session(settings, {})))
    runner, scheduler = RecordingRunner(), RecordingScheduler()
    refresher = DatabaseRefresher(database=own, runner=runner, settings=settings)
    clock = {} if now is None else {"now": now}
    client = CLIENTS[kind](database, refresher=refresher, runner=runner, scheduler=scheduler, **clock)
    return Control(client, runner, scheduler, own)
