"""The two sides that are compared: two relations of one definition over the same tables, each refreshed its own way."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any, Protocol

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from benchmarks.incremental.subjects import Subject
from demo.server import EmbeddedServer

# Where the side that is refreshed concurrently stands.
_PLAIN = "plain"
# A step's row in the log, as the task begins it.
_LOG = """
    INSERT INTO bi_refresh.mv_refresh_log (view_name, view_oid, trigger_type, triggered_by, plan, backend_pid)
    VALUES (%s, bi_refresh.view_oid(%s), 'cron', 'the benchmark', %s, %s)
"""
_OUTCOME = """
    SELECT status, strategy, reason FROM bi_refresh.mv_refresh_log WHERE view_name = %s ORDER BY id DESC LIMIT 1
"""


class Side(Protocol):
    """One way of refreshing. `relation` is what readers read."""

    relation: str

    def refresh(self) -> tuple[float, str]:
        """Refresh it; seconds, and how it was done."""
        ...


class Concurrently:
    """PostgreSQL's own: a materialized view of the same definition and indexes, in another schema."""

    def __init__(self, connection: psycopg.Connection[Any], subject: Subject) -> None:
        self._connection = connection
        schema, name = subject.view.split(".")
        self.relation = f"{_PLAIN}.{name}"
        (definition,) = _row(connection, "SELECT pg_get_viewdef(%s::regclass)", subject.view)
        self.definition = str(definition).rstrip().rstrip(";")
        indexes = connection.execute(
            "SELECT replace(indexdef, %s, %s) FROM pg_indexes WHERE schemaname = %s AND tablename = %s",
            [f" ON {subject.view} ", f" ON {self.relation} ", schema, name],
        ).fetchall()
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {_PLAIN}".encode())
        connection.execute(f"CREATE MATERIALIZED VIEW {self.relation} AS {self.definition}".encode())
        for (index,) in indexes:
            connection.execute(index.encode())
        connection.execute(f"ANALYZE {self.relation}".encode())

    def refresh(self) -> tuple[float, str]:
        """The statement alone, without what the task adds to it."""
        started = time.perf_counter()
        self._connection.execute(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {self.relation}".encode())
        return time.perf_counter() - started, "concurrent"


class Incrementally:
    """Ours, as the task does it: changes are handed out, then one statement under REPEATABLE READ refreshes."""

    def __init__(self, control: psycopg.Connection[Any], worker: psycopg.Connection[Any], subject: Subject) -> None:
        self._control = control
        self._worker = worker
        self.relation = subject.view
        worker.execute("SET default_transaction_isolation = 'repeatable read'")

    def refresh(self) -> tuple[float, str]:
        """Both statements, and all that they record."""
        self._control.execute(_LOG, [self.relation, self.relation, Jsonb({}), self._worker.info.backend_pid])
        started = time.perf_counter()
        self._control.execute("SELECT bi_refresh.distribute_changes()")
        self._worker.execute(
            "SELECT status FROM bi_refresh.refresh_bi_views(ARRAY[%s], 'cron', 'the benchmark')", [self.relation]
        ).fetchall()
        seconds = time.perf_counter() - started
        status, strategy, reason = _row(
            self._control,
            _OUTCOME,
            self.relation,
        )
        if status not in {"completed", "skipped"}:
            raise SystemExit(f"the refresh of {self.relation} ended as {status}: {reason}")
        return seconds, f"{strategy}: {reason}"


def enable(server: EmbeddedServer, database: str, subject: Subject) -> float:
    """Have the view refreshed incrementally; seconds."""
    started = time.perf_counter()
    stages = ["--stages", ",".join(subject.stages)] if subject.stages else []
    command(server, database, "incremental", "enable", subject.view, *stages)
    return time.perf_counter() - started


def differing_rows(connection: psycopg.Connection[Any], subject: Subject, relation: str, definition: str) -> int:
    """Rows that are not, bit by bit, what the definition gives in the same snapshot; either way round."""
    (number,) = _row(
        connection,
        # *<> is strict: without the tests for NULL the join would not be outer.
        sql.SQL(
            "SELECT count(*) FROM {relation} AS held FULL JOIN ({definition}) AS meant USING ({key}) "
            "WHERE held IS NULL OR meant IS NULL OR held OPERATOR(pg_catalog.*<>) meant"
        ).format(
            relation=sql.Identifier(*relation.split(".")),
            definition=sql.SQL(definition),
            key=sql.SQL(", ").join(map(sql.Identifier, subject.key)),
        ),
    )
    return int(number)


def new_database(server: EmbeddedServer, name: str, *systems: str) -> str:
    """A database with everything installed, and the tables of these systems; its connection string."""
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    command(server, name, "migrate", *(argument for system in systems for argument in ("--system", system)))
    return server.dsn(name)


def command(server: EmbeddedServer, database: str, *arguments: str) -> None:
    """A command as people type it."""
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": server.dsn(database), "PYTHONPATH": os.getcwd()}  # noqa: PTH109
    done = subprocess.run(
        [sys.executable, "-m", "refresh_task", *arguments], check=False, env=environment, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise SystemExit(f"vistafresca {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def _row(connection: psycopg.Connection[Any], query: Any, *parameters: Any) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(query, parameters or None).fetchone()
    if row is None:
        raise SystemExit(f"no row: {query}")
    return row
