"""Drives the StepRunner: to its end, or in a thread of its own while the test does something to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from refresh_task.cancellation import Cancellation
from refresh_task.database import Session, connect
from refresh_task.model import Event, Interruption, Outcome, Plan, Remark, Step, Strategy, TriggerType
from refresh_task.refresh import StepRunner
from refresh_task.settings import Settings
from tests.fix_database import WAITING_SESSIONS, Database
from tests.fix_views import make_slow_view, make_view

_PATIENCE_S = 60
_GATE = 7
# Waits that a test does not want to wait; it says so where it does.
_SETTINGS: dict[str, Any] = {"connections": 4, "retry_backoff_s": 0.01, "vacuum": False}


def step(view: str, **changes: Any) -> Step:
    """A step for a view of fix_views, that refreshes it concurrently."""
    usual = {"view": view, "strategy": Strategy.CONCURRENT, "reason": "a test", "statement_timeout_s": 60}
    return Step(**{**usual, **changes})


@dataclass
class Run:
    """A run under way: what it has told so far, and the ways to stop it."""

    cancellation: Cancellation
    events: list[Event] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    was_cut_short: bool = False
    told: threading.Condition = field(default_factory=threading.Condition)
    thread: threading.Thread | None = None

    def wait_for(self, kind: type[Event]) -> Event:
        """The first event of this kind, as soon as it is told."""
        with self.told:
            assert self.told.wait_for(lambda: any(isinstance(e, kind) for e in self.events), timeout=_PATIENCE_S)
            return next(event for event in self.events if isinstance(event, kind))

    def interrupt(self) -> None:
        """What SIGTERM does."""
        self.cancellation.request(Interruption.SIGTERM)

    def end(self) -> list[Event]:
        """All that it told, once it has ended. Raises what ended it."""
        assert self.thread is not None
        self.thread.join(timeout=_PATIENCE_S)
        assert not self.thread.is_alive()
        if self.errors:
            raise self.errors[0]
        return self.events


@dataclass(frozen=True)
class Executor:
    """Carries steps out in one database, as the superuser or as whom `dsn` says."""

    database: Database
    dsn: str | None = None

    def run(self, *steps: Step, **settings: Any) -> list[Event]:
        """All that a run of these steps told."""
        with self.started(*steps, **settings) as run:
            return run.end()

    def outcomes(self, *steps: Step, **settings: Any) -> dict[str, Outcome]:
        """What each view came to."""
        return outcomes(self.run(*steps, **settings))

    @contextmanager
    def started(
        self,
        *steps: Step,
        deadline_s: float = 300,
        trigger_type: TriggerType = TriggerType.CRON,
        open_worker: Callable[[], Session] | None = None,
        worker_dsn: str | None = None,
        **settings: Any,
    ) -> Iterator[Run]:
        """A run of these steps in a thread; when the block ends, it is interrupted if it is still under way."""
        dsn = self.dsn or self.database.dsn
        chosen = Settings(database_url=dsn, **{**_SETTINGS, **settings})
        working = Settings(database_url=worker_dsn or dsn, **{**_SETTINGS, **settings})
        run = Run(Cancellation(deadline_s, on_stuck=lambda _: None))
        with connect(chosen, environment={}) as control:
            runner = StepRunner(
                control=control,
                open_worker=open_worker or partial(connect, working, environment={}, isolation="repeatable read"),
                cancellation=run.cancellation,
                run_id=self.begin_run(),
                trigger_type=trigger_type,
                triggered_by="a test",
                settings=chosen,
            )
            run.thread = threading.Thread(target=_carry_out, args=(run, runner, Plan(steps)))
            run.cancellation.start()
            run.thread.start()
            try:
                yield run
            finally:
                if run.thread.is_alive():
                    run.interrupt()
                run.thread.join(timeout=_PATIENCE_S)
                run.cancellation.stop()
                assert not run.thread.is_alive()

    def worker(self, **settings: Any) -> Session:
        """A working session as the task opens it."""
        chosen = Settings(database_url=self.database.dsn, **{**_SETTINGS, **settings})
        return connect(chosen, environment={}, isolation="repeatable read")

    def begin_run(self) -> int:
        """The row of a run."""
        statement = (
            "INSERT INTO bi_refresh.mv_refresh_run (trigger_type, triggered_by) VALUES ('cron', %s) RETURNING id"
        )
        return int(self.database.value(statement, "a test"))


def make_slow_views(database: Database, *names: str, seconds: float = 30) -> list[str]:
    """Several views as make_slow_view() makes one; none sleeps while the next is being made."""
    made = []
    for name in names:
        database.execute("CREATE TABLE IF NOT EXISTS slowness (seconds double precision); TRUNCATE slowness")
        made.append(make_slow_view(database, name, seconds=seconds))
    return made


def make_gated_view(database: Database, name: str) -> str:
    """A view whose refresh waits while somebody holds the gate (closed_gate)."""
    database.execute(f"""
        CREATE OR REPLACE FUNCTION pass_gate() RETURNS text LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_catalog.pg_advisory_xact_lock_shared({_GATE}); RETURN 'passed'; END $$
    """)
    return make_view(database, name, query="SELECT 1 AS id, public.pass_gate() AS label")


@contextmanager
def closed_gate(database: Database) -> Iterator[Callable[[], int]]:
    """The gate is closed for the block. Yields a function that returns who waits at it, as soon as somebody does."""

    def wait_for_waiter() -> int:
        return int(database.wait_for(f"{WAITING_SESSIONS} AND locktype = 'advisory' AND objid = {_GATE}"))

    with database.connect() as holder:
        holder.execute(f"SELECT pg_advisory_lock({_GATE})".encode())
        yield wait_for_waiter


def outcomes(events: Sequence[Event]) -> dict[str, Outcome]:
    """By view, in the order in which they were told."""
    return {event.view: event for event in events if isinstance(event, Outcome)}


def remarks(events: Sequence[Event]) -> dict[str, str]:
    """By topic."""
    return {event.topic: event.message for event in events if isinstance(event, Remark)}


def _carry_out(run: Run, runner: StepRunner, plan: Plan) -> None:
    try:
        for event in runner.carry_out(plan):
            with run.told:
                run.events.append(event)
                run.told.notify_all()
    except BaseException as error:  # noqa: BLE001  # raised again in the test's own thread
        run.errors.append(error)
    run.was_cut_short = runner.was_cut_short
