"""Writers, refreshers and checks that run at the same time, for the race and crash suites."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg

from tests.fix_database import Database
from tests.fix_steps import announce, differing_rows, run_step_on, watch
from tests.integration.change_detection.random_writer import RandomWriter

SETUP = """
    CREATE TABLE facts (id integer PRIMARY KEY, kind integer NOT NULL, amount integer NOT NULL);
    CREATE TABLE details (id integer PRIMARY KEY, fact integer REFERENCES facts ON DELETE CASCADE, n integer NOT NULL);
    CREATE TABLE parted (id integer NOT NULL, region text NOT NULL, n integer NOT NULL) PARTITION BY LIST (region);
    CREATE TABLE parted_a PARTITION OF parted FOR VALUES IN ('a');
    CREATE TABLE parted_b PARTITION OF parted FOR VALUES IN ('b');
    CREATE TABLE parted_c (id integer NOT NULL, region text NOT NULL, n integer NOT NULL);
    CREATE TABLE quiet (id integer PRIMARY KEY, n integer NOT NULL);
    CREATE UNLOGGED TABLE scratch (id integer PRIMARY KEY, n integer NOT NULL);
    INSERT INTO facts SELECT i, i % 5, i FROM generate_series(1, 50) AS i;
    INSERT INTO details SELECT i, i, i FROM generate_series(1, 50) AS i;
    INSERT INTO parted SELECT i, 'a', i FROM generate_series(1, 20) AS i;
    INSERT INTO parted_c SELECT i, 'c', i FROM generate_series(1, 20) AS i;
    INSERT INTO quiet SELECT i, i FROM generate_series(1, 20) AS i;
    INSERT INTO scratch SELECT i, i FROM generate_series(1, 20) AS i;
    CREATE VIEW joined AS
        SELECT f.id, f.kind, f.amount, d.n FROM facts AS f LEFT JOIN details AS d ON f.id = d.fact AND d.id = f.id;
"""
_BY_REGION = "SELECT region, count(*) AS rows, sum(n) AS n FROM parted GROUP BY region"
# name → definition, key, change detection
VIEWS = {
    "by_reading": ("SELECT id, kind, amount, n FROM joined", "id", "fingerprint"),
    "by_touch": ("SELECT id, kind, amount, n FROM joined", "id", "touch"),
    "summed": ("SELECT kind, count(*) AS facts, sum(amount) AS amount FROM facts GROUP BY kind", "kind", "fingerprint"),
    "parts_by_reading": (_BY_REGION, "region", "fingerprint"),
    "parts_by_touch": (_BY_REGION, "region", "touch"),
    "leaf_by_touch": ("SELECT id, n, count(*) AS rows FROM parted_a GROUP BY id, n", "id, n", "touch"),
    "downstream": ("SELECT kind, facts FROM summed", "kind", "fingerprint"),
    "rarely": ("SELECT q.id, q.n, s.n AS scratch FROM quiet AS q LEFT JOIN scratch AS s ON q.id = s.id", "id", "touch"),
}  # fmt: skip

_RETRIED = (
    psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable,
    psycopg.errors.ObjectInUse,
    # somebody else's refresh has brought the same rows after the step's snapshot: the views' keys are unique
    psycopg.errors.UniqueViolation,
)  # fmt: skip
_LOST = (psycopg.OperationalError, psycopg.InterfaceError)
# What the planner sees and the snapshot does not, or the other way round: the comparison itself is not of one moment.
_NOT_COMPARABLE = """
    SELECT
        bi_refresh.moved_relation(
            ARRAY(SELECT relation FROM bi_refresh.view_sources(ARRAY[%s::regclass])) || %s::regclass::oid
        ) IS NOT NULL
        OR (
            EXISTS (SELECT FROM bi_refresh.view_sources(ARRAY[%s::regclass]) AS s WHERE s.relation = 'parted'::regclass)
            AND ARRAY(SELECT relid::oid FROM pg_partition_tree('parted') WHERE isleaf ORDER BY 1)
            <> ARRAY(SELECT inhrelid FROM pg_inherits WHERE inhparent = 'parted'::regclass ORDER BY 1)
        )
"""
_STEP = "SELECT status FROM bi_refresh.refresh_bi_views(%s::text[], 'cron', 'the race')"
_VERIFY = "SELECT view_name FROM bi_refresh.verify_unchanged(%s::text[], 'cron', 'the race', NULL)"


@dataclass
class Race:
    """A database under fire. `wrong` collects what must not be; `counts` what happened."""

    database: Database
    seed: int
    wrong: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    stopped: threading.Event = field(default_factory=threading.Event)

    def set_up(self) -> None:
        """Tables, views, triggers."""
        self.database.execute(SETUP)
        for name, (query, key, change_detection) in VIEWS.items():
            self.database.execute(f"CREATE MATERIALIZED VIEW {name} AS {query}; CREATE UNIQUE INDEX ON {name} ({key})")
            self.database.execute(
                "INSERT INTO bi_refresh.view_policy (view_name, change_detection) VALUES (%s, %s)",
                f"public.{name}",
                change_detection,
            )
        watch(self.database)

    def run(self, *, steps: int, writers: int = 3, refreshers: int = 2) -> None:
        """Until the refreshers have made so many steps altogether. Errors of the threads are raised here."""
        errors: list[BaseException] = []

        def guarded(work: Callable[[random.Random], None], seed: int) -> threading.Thread:
            def run() -> None:
                try:
                    work(random.Random(seed))  # noqa: S311  # reproducible, not secret
                except BaseException as error:  # noqa: BLE001  # raised again below
                    errors.append(error)
                    self.stopped.set()

            return threading.Thread(target=run)

        self.stopped.clear()
        writing = [guarded(self.write, self.seed * 100 + i) for i in range(writers)] + [
            guarded(self.move_partition, self.seed * 100 + 50)
        ]
        refreshing = [
            guarded(lambda choice: self.refresh(choice, steps // refreshers), self.seed * 100 + 70 + i)
            for i in range(refreshers)
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
        """Transactions of every kind, committed sooner or later, with pauses in which nothing happens."""
        with self.database.connect(autocommit=True) as connection:
            connection.execute("SET lock_timeout = '300ms'")
            writer = RandomWriter(connection, choice, self.database.name, tuple(VIEWS))
            while not self.stopped.wait(choice.choice([0, 0, 0, 0.005, 0.02, 0.1])):
                try:
                    writer.write()
                    self.counts["written"] += 1
                except _LOST as error:
                    if connection.closed:
                        return
                    self._give_way(connection, error)
                except psycopg.Error as error:
                    self._give_way(connection, error)
            writer.end_prepared()

    def _give_way(self, connection: psycopg.Connection[Any], error: psycopg.Error) -> None:
        self.counts[f"writer: {type(error).__name__}"] += 1
        connection.execute("ROLLBACK")

    def move_partition(self, choice: random.Random) -> None:
        """Attaches and detaches one, and changes it while it is neither here nor there."""
        with self.database.connect() as connection:
            connection.execute("SET lock_timeout = '300ms'")
            while not self.stopped.wait(choice.choice([0, 0.01, 0.05])):
                # after a crash it may be there already
                with suppress(*_RETRIED, psycopg.errors.WrongObjectType):
                    connection.execute("ALTER TABLE parted ATTACH PARTITION parted_c FOR VALUES IN ('c')")
                if choice.random() < 0.5:
                    self.stopped.wait(choice.choice([0, 0.01]))
                detached = False
                while not detached and not connection.closed:
                    with suppress(*_RETRIED, psycopg.errors.UndefinedTable, psycopg.errors.InvalidObjectDefinition):
                        connection.execute("ALTER TABLE parted DETACH PARTITION parted_c")
                    detached = not connection.execute(
                        "SELECT 1 FROM pg_inherits WHERE inhrelid = 'parted_c'::regclass"
                    ).fetchall()
                with suppress(*_RETRIED):
                    connection.execute("UPDATE parted_c SET n = n + 1 WHERE id = %s", [choice.randint(1, 20)])
                self.counts["attached"] += 1

    def refresh(self, choice: random.Random, steps: int) -> None:
        """Steps for views at random; each checks in its own snapshot that the view is equal to its definition. Some
        come one right after the other, with few changes between them: those are the ones that can be overlooked."""
        names: list[str] = []
        with self.database.connect() as worker:
            for _ in range(steps):
                if self.stopped.is_set():
                    return
                names = names or [choice.choice(list(VIEWS))] * choice.choice([1, 2, 4])
                name, pause = names.pop(), choice.choice([0, 0, 0.005, 0.02])
                if VIEWS[name][2] == "touch" and choice.random() < 0.3:
                    self.verify(worker, pause=pause)
                else:
                    self.step(worker, name, pause=pause)

    def step(self, worker: psycopg.Connection[Any], name: str, *, pause: float = 0) -> None:
        """One try of one step, with a look at the outcome before the commit. `pause` lies between the snapshot and the
        work."""
        announce(
            self.database, f"public.{name}", backend_pid=worker.info.backend_pid, change_detection=VIEWS[name][2],
            on_error="raise",
        )  # fmt: skip
        with self._one_snapshot(worker, pause):
            (status,) = worker.execute(_STEP, [[f"public.{name}"]]).fetchone() or ("",)
            self._check(worker, name, str(status))

    def verify(self, worker: psycopg.Connection[Any], *, pause: float = 0) -> None:
        """What a run asks of all views with touch triggers before its first wave."""
        views = [f"public.{name}" for name, (_, _, change_detection) in VIEWS.items() if change_detection == "touch"]
        with self._one_snapshot(worker, pause):
            for (view,) in worker.execute(_VERIFY, [views]).fetchall():
                self._check(worker, view.removeprefix("public."), "SKIPPED: verified")
                self.counts["verified"] += 1

    @contextmanager
    def _one_snapshot(self, worker: psycopg.Connection[Any], pause: float) -> Iterator[None]:
        try:
            with worker.transaction():
                worker.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                worker.execute("SELECT 1")
                time.sleep(pause)
                yield
        except _RETRIED as error:
            self.counts[f"tried again: {type(error).__name__}"] += 1

    def _check(self, worker: psycopg.Connection[Any], name: str, status: str) -> None:
        """That the view is equal to its definition, in the snapshot of the step that came to this."""
        differing = differing_rows(worker, name)
        (not_comparable,) = worker.execute(_NOT_COMPARABLE, [name, name, name]).fetchone() or (True,)
        outcome, _, _ = status.partition(":")
        self.counts[outcome] += 1
        if not_comparable:
            self.counts["not comparable"] += 1
        elif outcome == "ERROR" or (differing and "another session" not in status):
            self.wrong.append(f"{name}: {differing} rows differ after {status}")

    def settle(self) -> None:
        """Two runs, after which every view is to be equal to its definition; a third finds nothing to do."""
        with self.database.connect() as worker:
            worker.execute("SET default_transaction_isolation = 'repeatable read'")
            for _ in range(2):
                last = {
                    name: run_step_on(worker, self.database, f"public.{name}", change_detection=VIEWS[name][2])[
                        "status"
                    ]
                    for name in VIEWS
                }
            self.wrong += [f"{name}: {status} when settled" for name, status in last.items() if status != "skipped"]
            self.wrong += [
                f"{name}: {differing} rows differ when settled"
                for name in VIEWS
                if (differing := differing_rows(worker, name))
            ]
