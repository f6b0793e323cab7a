"""Plays a history on a database: the statements of its writers, its refreshes, and after each the comparison."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from refresh_task.errors import VistafrescaError
from tests.fix_database import Database
from tests.integration.incremental.suite import adapter
from tests.integration.incremental.suite.compare import wrong_tables
from tests.integration.incremental.suite.history import Event, History, Keep, Refresh, Run, Write, perform

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
        with self._sessions() as sessions:
            try:
                for number, event in enumerate(history):
                    failure = self._play(number, event, sessions)
                    if failure is not None:
                        return failure
            finally:
                self._end_prepared()
        return None

    @contextmanager
    def _sessions(self) -> Iterator[dict[str, psycopg.Connection[Any]]]:
        """By name, opened when they are first needed."""
        with ExitStack() as stack:

            def opened() -> psycopg.Connection[Any]:
                session = stack.enter_context(self.database.connect())
                _set_up(session)
                return session

            yield defaultdict(opened)

    def _play(self, number: int, event: Event, sessions: dict[str, psycopg.Connection[Any]]) -> Failure | None:
        if isinstance(event, Write):
            self._write(event, sessions[event.session])
        elif isinstance(event, Run):
            try:
                perform(sessions[event.session], event.statement, self.database.name)
            except (*_LOCKED_OUT, psycopg.errors.UndefinedObject):
                self.counts["statements that failed"] += 1
            except psycopg.Error as error:
                return Failure(number, "", _words(error), is_error=True)
        elif isinstance(event, Keep):
            try:
                adapter.keep(self.database)
            except VistafrescaError as error:
                return Failure(number, "", str(error), is_error=True)
        else:
            try:
                return self._refresh(number, event, sessions)
            except psycopg.errors.SerializationFailure:
                # as the task does; without anybody in its way it has to succeed
                self.counts["tried again"] += 1
                try:
                    return self._refresh(number, replace(event, meanwhile=()), sessions, attempts=2)
                except psycopg.errors.SerializationFailure as error:
                    return Failure(number, event.view, _words(error), is_error=True)
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
            self.counts["transactions that failed"] += 1
            self.counts[f"failed: {type(error).__name__}"] += 1

    def _refresh(
        self, number: int, event: Refresh, sessions: dict[str, psycopg.Connection[Any]], *, attempts: int = 1
    ) -> Failure | None:
        worker = sessions["worker"]
        try:
            for setting in event.settings:
                worker.execute(setting.encode())
            if event.isolation == "REPEATABLE READ":
                adapter.announce(sessions["control"], worker, event.view, attempts=attempts)
            worker.execute(f"BEGIN ISOLATION LEVEL {event.isolation}".encode())
            if event.meanwhile:
                worker.execute("SELECT 1")
            for other in event.meanwhile:
                failure = self._play(number, other, sessions)
                if failure is not None:
                    return failure
            status, strategy, reason = adapter.refresh(worker, event.view)
            self.counts[f"{event.view}: {strategy}"] += 1
            self.counts[strategy] += 1
            words = list(wrong_tables(worker, event.view, self.definitions[event.view]))
            worker.execute("COMMIT")
        except _LOCKED_OUT:
            self.counts["locked out"] += 1
            return None
        except psycopg.errors.SerializationFailure:
            raise
        except psycopg.Error as error:
            return Failure(number, event.view, _words(error), is_error=True)
        finally:
            worker.execute("ROLLBACK")
            if event.settings:
                _set_up(worker)
        if status not in ("completed", "skipped"):
            return Failure(number, event.view, f"{status}: {reason}", is_error=True)
        if words:
            return Failure(number, event.view, f"after {strategy} ({reason}): {'; '.join(words)}", is_error=False)
        return None

    def _end_prepared(self) -> None:
        for (gid,) in self.database.rows("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()"):
            self.database.execute(f"ROLLBACK PREPARED '{gid}'")


def _set_up(session: psycopg.Connection[Any]) -> None:
    session.execute("RESET ALL")
    session.execute("SET lock_timeout = '30ms'")
    session.execute("SET client_min_messages = error")


def _words(error: psycopg.Error) -> str:
    return f"{type(error).__name__}: {error.diag.message_primary} {error.diag.context or ''}"
