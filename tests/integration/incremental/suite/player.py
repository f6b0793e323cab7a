"""Plays a history on a database: the statements of its writers, its refreshes, and after each the comparison."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import psycopg

from tests.fix_database import Database
from tests.integration.incremental.suite import adapter
from tests.integration.incremental.suite.compare import wrong_tables
from tests.integration.incremental.suite.history import History, Refresh, Run, Write, perform

# Of a prepared transaction that nobody has ended yet.
_LOCKED_OUT = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)


@dataclass(frozen=True, slots=True)
class Failure:
    """The first thing that went wrong, at which event."""

    event: int
    view: str
    words: str
    is_error: bool


@dataclass
class Player:
    """`definitions` are the views' queries; `counts` says what happened: strategies by view, transactions, statements
    that did not fit."""

    database: Database
    definitions: dict[str, str]
    counts: Counter[str] = field(default_factory=Counter)

    def play(self, history: History) -> Failure | None:
        """The first failure, if there is one."""
        with ExitStack() as sessions:
            writer, control, worker = (sessions.enter_context(self.database.connect()) for _ in range(3))
            for session in (writer, control, worker):
                session.execute("SET lock_timeout = '30ms'")
                session.execute("SET client_min_messages = error")
            try:
                for number, event in enumerate(history):
                    failure = self._play(number, event, writer, control, worker)
                    if failure is not None:
                        return failure
            finally:
                self._end_prepared()
        return None

    def _play(
        self,
        number: int,
        event: Write | Run | Refresh,
        writer: psycopg.Connection[Any],
        control: psycopg.Connection[Any],
        worker: psycopg.Connection[Any],
    ) -> Failure | None:
        if isinstance(event, Write):
            self._write(event, writer)
        elif isinstance(event, Run):
            try:
                perform(writer, event.statement, self.database.name)
            except (*_LOCKED_OUT, psycopg.errors.UndefinedObject):
                self.counts["statements that failed"] += 1
            except psycopg.Error as error:
                return Failure(number, "", _words(error), is_error=True)
        else:
            return self._refresh(number, event, control, worker)
        return None

    def _write(self, write: Write, writer: psycopg.Connection[Any]) -> None:
        try:
            writer.execute(f"BEGIN ISOLATION LEVEL {write.isolation}".encode())
            for statement in write.statements:
                perform(writer, statement, self.database.name)
            perform(writer, write.ending, self.database.name)
            self.counts["transactions"] += 1
        except psycopg.Error as error:
            writer.execute("ROLLBACK")
            self.counts["statements that failed"] += 1
            self.counts[f"failed: {type(error).__name__}"] += 1

    def _refresh(
        self, number: int, event: Refresh, control: psycopg.Connection[Any], worker: psycopg.Connection[Any]
    ) -> Failure | None:
        for setting in event.settings:
            worker.execute(setting.encode())
        try:
            worker.execute(f"BEGIN ISOLATION LEVEL {event.isolation}".encode())
            status, strategy, reason = adapter.refresh(
                control, worker, event.view, announced=event.isolation == "REPEATABLE READ"
            )
            self.counts[f"{event.view}: {strategy}"] += 1
            self.counts[strategy] += 1
            words = list(wrong_tables(worker, event.view, self.definitions[event.view]))
            worker.execute("COMMIT")
        except _LOCKED_OUT:
            worker.execute("ROLLBACK")
            self.counts["locked out"] += 1
            return None
        except psycopg.Error as error:
            worker.execute("ROLLBACK")
            return Failure(number, event.view, _words(error), is_error=True)
        finally:
            if event.settings:
                worker.execute("RESET ALL")
                worker.execute("SET lock_timeout = '30ms'")
        if status not in ("completed", "skipped"):
            return Failure(number, event.view, f"{status}: {reason}", is_error=True)
        if words:
            return Failure(number, event.view, f"after {strategy} ({reason}): {'; '.join(words)}", is_error=False)
        return None

    def _end_prepared(self) -> None:
        for (gid,) in self.database.rows("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()"):
            self.database.execute(f"ROLLBACK PREPARED '{gid}'")


def _words(error: psycopg.Error) -> str:
    return f"{type(error).__name__}: {error.diag.message_primary} {error.diag.context or ''}"
