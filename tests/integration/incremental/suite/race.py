"""Writers, refreshers and the task's upkeep at the same time. Each refresh is compared in its own snapshot, before its
transaction commits."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from tests.fix_database import Database
from tests.integration.incremental.shapes import Shape
from tests.integration.incremental.suite import adapter
from tests.integration.incremental.suite.compare import wrong_tables
from tests.integration.incremental.suite.generator import random_transaction
from tests.integration.incremental.suite.history import perform
from tests.integration.incremental.suite.statements import Statements

# Another try is in order.
_RETRIED = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable)
# One that was taken away and given back is another row.
_CHILDREN = "SELECT inhrelid, xmin::text FROM pg_inherits ORDER BY 1"
# The comparison itself is not of the snapshot: a file that was moved since is empty in it.
_MOVED = """
    SELECT bi_refresh.moved_relation(ARRAY(
        SELECT s.relation FROM bi_refresh.maintained_table AS m
        CROSS JOIN LATERAL bi_refresh.view_sources(ARRAY[m.definition]) AS s WHERE m.view_name = %s
    )) IS NOT NULL
"""


@dataclass
class Race:
    """A database under fire. `wrong` collects what must not be; `counts` what happened."""

    database: Database
    shapes: Sequence[Shape]
    seed: int
    wrong: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    stopped: threading.Event = field(default_factory=threading.Event)
    latest: str = ""

    def run(self, *, refreshes: int, writers: int = 3, refreshers: int = 3) -> None:
        """Until the refreshers have made so many altogether. Errors of the threads are raised here."""
        errors: list[BaseException] = []

        def guarded(work: Callable[[random.Random], None], number: int) -> threading.Thread:
            def run() -> None:
                try:
                    work(random.Random(f"{self.seed}/{number}"))  # noqa: S311  # reproducible, not secret
                except BaseException as error:  # noqa: BLE001  # raised again below
                    errors.append(error)
                    self.stopped.set()

            return threading.Thread(target=run)

        writing = [guarded(self.write, number) for number in range(writers)] + [guarded(self.keep, 50)]
        refreshing = [
            guarded(lambda choice: self.refresh(choice, refreshes // refreshers), 70 + number)
            for number in range(refreshers)
        ]
        for thread in writing + refreshing:
            thread.start()
        for thread in refreshing:
            thread.join()
        self.stopped.set()
        for thread in writing:
            thread.join()
        if errors:
            raise errors[0]

    def write(self, choice: random.Random) -> None:
        """Transactions that stay open for a while, some of them prepared and ended later by whoever comes first."""
        tables = frozenset(table for shape in self.shapes for table in shape.tables)
        with self._session() as session:
            statement = Statements(choice, tables, server_version=session.info.server_version)
            number = 0
            while not self.stopped.wait(choice.choice([0, 0, 0, 0.005, 0.02, 0.1])):
                number += 1
                write = random_transaction(choice, statement, gid=f"{{gid}}_{id(session)}_{number}")
                try:
                    session.execute(f"BEGIN ISOLATION LEVEL {write.isolation}".encode())
                    for item in write.statements:
                        perform(session, item, self.database.name)
                        self.stopped.wait(choice.choice([0, 0, 0, 0.002, 0.03]))
                    perform(session, write.ending, self.database.name)
                    self.counts["transactions"] += 1
                except psycopg.Error as error:
                    session.execute("ROLLBACK")
                    self.counts[f"writer: {type(error).__name__}"] += 1

    def keep(self, choice: random.Random) -> None:
        """What the task does besides; and prepared transactions come to their end."""
        with self._session() as session:
            while not self.stopped.wait(choice.choice([0, 0.01, 0.05])):
                try:
                    session.execute(f"SELECT bi_refresh.{choice.choice(['distribute_changes', 'sync_captures'])}()")
                except _RETRIED as error:
                    self.counts[f"upkeep: {type(error).__name__}"] += 1
                self.end_prepared(session, choice)

    def end_prepared(self, session: psycopg.Connection[Any], choice: random.Random) -> None:
        """Commit or roll back what is prepared by now."""
        for (gid,) in session.execute(
            "SELECT gid FROM pg_prepared_xacts WHERE database = current_database()"
        ).fetchall():
            session.execute(f"{'COMMIT' if choice.random() < 0.7 else 'ROLLBACK'} PREPARED '{gid}'".encode())
            self.counts["prepared"] += 1

    def refresh(self, choice: random.Random, tries: int) -> None:
        """Of views at random, some one right after the other."""
        names: list[str] = []
        by_name = {shape.name: shape for shape in self.shapes}
        with self._session() as worker, self.database.connect() as control:
            worker.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            for _ in range(tries):
                if self.stopped.is_set():
                    return
                names = names or [choice.choice(list(by_name))] * choice.choice([1, 1, 2, 4])
                self.refresh_once(worker, control, by_name[names.pop()], pause=choice.choice([0, 0, 0.005, 0.02]))

    def refresh_once(
        self, worker: psycopg.Connection[Any], control: psycopg.Connection[Any], shape: Shape, *, pause: float = 0
    ) -> str:
        """One try, with a look at the outcome before the commit. `pause` lies between the snapshot and the work."""
        view = shape.view
        try:
            adapter.announce(control, worker, view)
            with worker.transaction():
                worker.execute("SELECT 1")
                self.stopped.wait(pause)
                status, strategy, reason = adapter.refresh(worker, view)
                self.counts[strategy] += 1
                self.latest = f"{strategy} ({reason})"
                if status not in ("completed", "skipped"):
                    self.wrong.append(f"{view}: {status}: {reason}")
                if "another session" in reason:
                    return strategy
                words = list(wrong_tables(worker, view, shape.query))
                if not self._is_comparable(worker, control, view):
                    self.counts["not comparable"] += 1
                elif words:
                    self.wrong.append(f"{view} after {strategy} ({reason}): {'; '.join(words)}")
        except _RETRIED as error:
            self.counts[f"tried again: {type(error).__name__}"] += 1
            return "tried again"
        return strategy

    def _is_comparable(self, worker: psycopg.Connection[Any], control: psycopg.Connection[Any], view: str) -> bool:
        """Planner and executor see children as they are now, whatever the snapshot."""
        (moved,) = worker.execute(_MOVED, [view]).fetchone() or (True,)
        return not moved and worker.execute(_CHILDREN).fetchall() == control.execute(_CHILDREN).fetchall()

    def settle(self) -> None:
        """Everybody has committed: one refresh brings equality, and the next has nothing to do."""
        with self._session() as worker, self.database.connect() as control:
            worker.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            worker.execute("SET lock_timeout = '20s'")  # autovacuum may be about, and gives way only after a second
            self.end_prepared(control, random.Random(0))  # noqa: S311  # reproducible, not secret
            control.execute("SELECT bi_refresh.sync_captures()")
            control.execute("SELECT bi_refresh.distribute_changes()")
            for shape in self.shapes:
                strategies = [self.refresh_once(worker, control, shape) for _ in range(2)]
                if strategies[1] != "skip" and shape.moves != "time":
                    self.wrong.append(f"{shape.name}: {' and then '.join(strategies)} when settled: {self.latest}")

    @contextmanager
    def _session(self) -> Iterator[psycopg.Connection[Any]]:
        with self.database.connect() as session:
            session.execute("SET lock_timeout = '300ms'")
            session.execute("SET client_min_messages = error")
            yield session
