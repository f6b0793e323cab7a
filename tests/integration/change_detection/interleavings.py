"""One step of one view, stopped at five points at which one or two writers begin and end their transactions.

Nothing runs at the same time, so nothing is left to chance: the step's server process stands at an advisory lock, which
a trigger on the log takes between fingerprint and refresh, and the writers' statements are run meanwhile, from the
handler of the notice that announces it. Where the step waits for a writer's lock, the server says so in a notice, too,
and the writer ends while it waits. A writer that would wait for the step gives up and begins again at the next point.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tests.fix_database import Database
from tests.integration.change_detection.cases import POINTS, Case, Look
from tests.integration.change_detection.changes import EARLIER_CHANGES, RESTOCK, TABLES, VIEWS
from tests.integration.change_detection.writer import Writer

_AFTER_COMMIT = POINTS[-1]
_GATE = 20
_GATES = f"""
    CREATE SCHEMA gates;
    CREATE FUNCTION gates.stop() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS $$
    BEGIN
        RAISE NOTICE 'between fingerprint and refresh';
        PERFORM pg_advisory_lock_shared({_GATE}), pg_advisory_unlock_shared({_GATE});
        RETURN NEW;
    END $$;
    CREATE TRIGGER stop BEFORE UPDATE ON bi_refresh.mv_refresh_log FOR EACH ROW
        WHEN (OLD.fingerprint_ms IS NULL AND NEW.fingerprint_ms IS NOT NULL) EXECUTE FUNCTION gates.stop();
    CREATE TRIGGER stop_verification BEFORE INSERT ON bi_refresh.mv_refresh_log FOR EACH ROW
        WHEN (NEW.fingerprint_ms IS NOT NULL) EXECUTE FUNCTION gates.stop();
"""
_ANNOUNCE = """
    INSERT INTO bi_refresh.mv_refresh_log (view_name, view_oid, trigger_type, triggered_by, plan, backend_pid)
    VALUES (%s, bi_refresh.view_oid(%s), 'cron', 'the tests', %s, %s)
"""
_STEP = "SELECT status FROM bi_refresh.refresh_bi_views(%s::text[], 'cron', 'the tests')"
_VERIFY = "SELECT 'SKIPPED' FROM bi_refresh.verify_unchanged(%s::text[], 'cron', 'the tests', NULL)"
_KEPT = "SELECT fingerprint IS NOT NULL FROM bi_refresh.view_state WHERE view_name = %s"
_TRIED_AGAIN = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable)


@dataclass
class Stage:
    """A database with its views, the sessions and what came of the cases: `wrong` is to stay empty."""

    database: Database
    worker: psycopg.Connection[Any]
    observer: psycopg.Connection[Any]
    control: psycopg.Connection[Any]
    pens: list[psycopg.Connection[Any]]
    wrong: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    serial: Iterator[int] = field(default_factory=lambda: count(1))
    writers: list[Writer] = field(default_factory=list)
    settled: str = ""  # the view that the last step was skipped for
    errors: list[BaseException] = field(default_factory=list)

    def run(self, case: Case) -> None:
        """From a view that would be skipped, through the step with its writers, to two more steps without."""
        self.counts["interleavings"] += 1
        self._get_ready(case)
        if case.has_changed:
            self.control.execute(EARLIER_CHANGES[case.view].encode())
        before = self._defined(case)
        self.writers = [
            Writer(pen, change, begin, end, {
                "view": case.relation, "serial": next(self.serial), "gid": f"{self.database.name}_{next(self.serial)}",
            })
            for pen, (change, begin, end) in zip(self.pens, case.writers, strict=False)
        ]  # fmt: skip
        self.control.execute(f"SELECT pg_advisory_lock({_GATE})".encode())
        self._reach(0)
        self._announce(case)
        try:
            with self.worker.transaction():
                self.worker.execute("SELECT 1")  # the snapshot
                expected = self._defined(case)
                if expected is None and all(writer.state != "done" for writer in self.writers):
                    expected = before  # who locks everybody out has not committed yet
                self._reach(1)
                row = self.worker.execute(
                    _VERIFY if case.look is Look.VERIFICATION else _STEP, [[case.relation]]
                ).fetchone()
                self._reach(3)
                self._check_outcome(case, (row or ("not verified",))[0].split(":")[0], expected)
        except _TRIED_AGAIN:
            self.counts["tried again"] += 1
        except psycopg.errors.UniqueViolation:
            # whose rows are there already, and not in the step's snapshot
            if not any(change.remakes_view for change, _, _ in case.writers):
                raise
            self.counts["in the way of somebody else's refresh"] += 1
        self.control.execute("SELECT pg_advisory_unlock_all()")
        while any(writer.state != "done" for writer in self.writers):
            self._reach(_AFTER_COMMIT)
        if self.errors:
            raise self.errors[0]
        self.counts["overtaken by the other writer"] += sum(writer.overtaken_by is not None for writer in self.writers)
        self.writers = []
        self._settle(case)

    def hear(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        """The step's server process stands at the gate, or waits for a lock."""
        message = diagnostic.message_primary or ""
        try:
            if message == "between fingerprint and refresh" and self.writers:
                try:
                    self._reach(2)
                finally:
                    self.control.execute(f"SELECT pg_advisory_unlock({_GATE})".encode())
            elif "still waiting for" in message and "advisory lock" not in message:
                self.counts["waited for a writer"] += 1
                for writer in self.writers:
                    writer.end()
        except BaseException as error:  # noqa: BLE001  # a handler's errors are lost: raised again by run()
            self.errors.append(error)

    def _reach(self, point: int) -> None:
        for writer in self.writers:
            writer.advance(point)

    def _get_ready(self, case: Case) -> None:
        attached = any(change.is_attached for change, _, _ in case.writers)
        missing = self.control.execute(RESTOCK, {"attached": attached}).fetchone() or ()
        restocking = [statements for statements in missing if statements is not None]
        for statements in restocking:
            self.control.execute(statements.encode())
        if self.settled == case.relation and not restocking:
            return
        if "SKIPPED" not in (self._step(case), self._step(case)):
            raise AssertionError(f"{case}: it cannot be skipped to begin with")

    def _announce(self, case: Case) -> None:
        plan = {
            "strategy": "concurrent", "reason": "due", "due_by": "target lag", "fingerprinting": "check",
            "change_detection": "fingerprint" if case.look is Look.FINGERPRINT else "touch", "on_error": "raise",
        }  # fmt: skip
        if case.look is not Look.VERIFICATION or not self.writers:
            name = case.relation
            self.control.execute(_ANNOUNCE, [name, name, Jsonb(plan), self.worker.info.backend_pid])

    def _step(self, case: Case) -> str:
        """Without anybody else."""
        self._announce(case)
        (status,) = self.worker.execute(_STEP, [[case.relation]]).fetchone() or ("",)
        return str(status).split(":")[0]

    def _check_outcome(self, case: Case, outcome: str, expected: list[tuple[Any, ...]] | None) -> None:
        """In the step's own transaction, before its commit: `expected` is what the view's definition gave when the
        step took its snapshot, read by another session."""
        self.counts[outcome] += 1
        changes = [change for change, _, _ in case.writers]
        if outcome == "SKIPPED":
            comparable = not any(change.remakes_view for change in changes)
        elif outcome == "SUCCESS":
            (kept,) = self.worker.execute(_KEPT, [case.relation]).fetchone() or (False,)
            comparable = kept and not any(change.outruns_snapshot for change in changes)
        else:
            comparable = False
        if not comparable or expected is None:
            self.counts["not compared"] += 1
        elif sorted(self.worker.execute(f"TABLE {case.relation}".encode()).fetchall()) != expected:
            self.wrong.append(f"{case}: {outcome} with other rows than the snapshot's")

    def _settle(self, case: Case) -> None:
        """Everything is committed: one step finds that out, and a second has nothing left to do."""
        for run in ("first", "second"):
            outcome = self._step(case)
            differing = self._differing_rows(case)
            if differing or outcome not in ("SKIPPED", "SUCCESS") or (run, outcome) == ("second", "SUCCESS"):
                self.wrong.append(f"{case}: {outcome} by the {run} run afterwards, {differing} rows differ")
                # for the cases to come
                self.control.execute("UPDATE bi_refresh.view_state SET fingerprint = NULL")
                self.settled = ""
                return
            if outcome == "SKIPPED":
                self.settled = case.relation
                return

    def _differing_rows(self, case: Case) -> int:
        query = VIEWS[case.view][0]
        (differing,) = self.control.execute(
            f"SELECT (SELECT count(*) FROM (TABLE {case.relation} EXCEPT ALL ({query})) AS a)"
            f" + (SELECT count(*) FROM (({query}) EXCEPT ALL TABLE {case.relation}) AS b)".encode()
        ).fetchone() or (0,)
        return int(differing)

    def _defined(self, case: Case) -> list[tuple[Any, ...]] | None:
        """The rows of the definition as everybody sees them now; None while a writer locks everybody out."""
        try:
            return sorted(self.observer.execute(VIEWS[case.view][0].encode()).fetchall())
        except psycopg.errors.LockNotAvailable:
            return None


@contextmanager
def open_stage(database: Database) -> Iterator[Stage]:
    """Tables, views, gates and sessions."""
    database.execute(TABLES)
    for look in (Look.FINGERPRINT, Look.TOUCH):
        for name, (query, key) in VIEWS.items():
            view = f"{name}_{look}"
            database.execute(f"CREATE MATERIALIZED VIEW {view} AS {query}; CREATE UNIQUE INDEX ON {view} ({key})")
            database.execute(
                "INSERT INTO bi_refresh.view_policy (view_name, change_detection) VALUES (%s, %s)",
                f"public.{view}",
                look,
            )
    database.execute("SELECT bi_refresh.sync_touch_triggers()")
    database.execute(_GATES)
    with ExitStack() as sessions:
        worker, observer, control, *pens = (sessions.enter_context(database.connect()) for _ in range(5))
        worker.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        # it waits for locks, and says so at once
        worker.execute("SET deadlock_timeout = '1ms'")
        worker.execute("SET log_lock_waits = on")
        worker.execute("SET client_min_messages = log")
        worker.execute("SET default_transaction_isolation = 'repeatable read'")
        for session in (observer, *pens):
            # whoever holds the lock is another session of this thread: waiting is in vain
            session.execute("SET lock_timeout = '1ms'")
        stage = Stage(database, worker, observer, control, pens)
        worker.add_notice_handler(stage.hear)
        yield stage
