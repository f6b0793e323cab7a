"""A database of its own for each test, cloned from one that was migrated once per worker."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg import sql

from demo.server import EmbeddedServer
from refresh_task.database import Session, connect
from refresh_task.migrations import migrate_up
from refresh_task.settings import Settings

_ALONE = """
    SELECT true WHERE NOT EXISTS (
        SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
    )
"""
# Statistics views show one moment per transaction unless the snapshot is cleared. No temporary function: dropping it
# when the client has gone would be a transaction of its own, which other sessions of the test still see.
_WAIT_FOR = """
DO $$
DECLARE
    found_value text;
BEGIN
    LOOP
        EXECUTE current_setting('test.query') INTO found_value;
        EXIT WHEN found_value IS NOT NULL;
        PERFORM pg_stat_clear_snapshot(), pg_sleep(0.01);
    END LOOP;
    PERFORM set_config('test.found', found_value, false);
END $$
"""
_HAS_STRATEGIES = 150000
# Who waits for a lock in this database, for conditions to be added; pg_locks is of the whole server, where other tests
# run beside this one, in clones whose relations have the same OIDs.
WAITING_SESSIONS = """
    SELECT pid FROM pg_locks
    WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@dataclass(frozen=True)
class Database:
    """A database of the session's server."""

    server: EmbeddedServer
    name: str

    @property
    def dsn(self) -> str:
        """Its libpq connection string, as the superuser."""
        return self.server.dsn(self.name)

    def connect(self, **parameters: Any) -> psycopg.Connection[Any]:
        """A connection in autocommit mode; close it or use it as a context manager."""
        return psycopg.connect(self.dsn, **{"autocommit": True, **parameters})

    def execute(self, statement: str, *parameters: Any) -> None:
        """Run statements on a connection of their own."""
        with self.connect() as connection:
            connection.execute(statement.encode(), parameters or None)

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query on a connection of its own."""
        with self.connect() as connection:
            return connection.execute(statement.encode(), parameters or None).fetchall()

    def value(self, statement: str, *parameters: Any) -> Any:
        """The only value of a query."""
        ((value,),) = self.rows(statement, *parameters)
        return value

    def wait_for(self, query: str, *, timeout_s: float = 20) -> Any:
        """The first value of the query as soon as it has a row; the server asks itself again and again.

        Raises psycopg.errors.QueryCanceled after `timeout_s`.
        """
        with self.connect() as connection:
            connection.execute("SELECT set_config('statement_timeout', %s, false)", [f"{timeout_s}s"])
            connection.execute("SELECT set_config('test.query', %s, false)", [query])
            connection.execute(_WAIT_FOR)
            (value,) = connection.execute("SELECT current_setting('test.found')").fetchone() or (None,)
            return value

    def wait_until_alone(self, *, timeout_s: float = 20) -> None:
        """Return when no other client is connected here: a server process outlives its client by a moment."""
        self.wait_for(_ALONE, timeout_s=timeout_s)

    def session(self, **settings: Any) -> Session:
        """A session as the task opens it."""
        return connect(Settings(database_url=self.dsn, **settings), environment={}, schema_required=False)

    def manage(self, *views: str) -> None:
        """Give views a policy."""
        for view in views:
            self.execute("INSERT INTO bi_refresh.view_policy (view_name) VALUES (%s)", view)


def create_database(server: EmbeddedServer, *, template: str = "template1") -> Database:
    """A new database; drop it in the end."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        if connection.info.server_version >= _HAS_STRATEGIES:
            statement += sql.SQL(" STRATEGY file_copy")  # half the work of the default where nothing is synced
        connection.execute(statement)
    return Database(server, name)


def drop_database(database: Database) -> None:
    """Drop it, whoever is connected."""
    with psycopg.connect(database.server.dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database.name)))


@pytest.fixture(scope="session")
def migrated_template(server: EmbeddedServer) -> Iterator[Database]:
    """Migrated, with nothing else in it; to be cloned, never used."""
    database = create_database(server)
    with database.session() as session:
        migrate_up(session)
    yield database
    drop_database(database)


@pytest.fixture(scope="session")
def fluxion_template(server: EmbeddedServer) -> Iterator[Database]:
    """Migrated with the fluxion system; to be cloned, never used."""
    database = create_database(server)
    with database.session() as session:
        migrate_up(session, systems=["fluxion"])
    yield database
    drop_database(database)


@pytest.fixture
def empty_database(server: EmbeddedServer) -> Iterator[Database]:
    """A database that has never seen Vistafresca."""
    database = create_database(server)
    yield database
    drop_database(database)


@pytest.fixture
def database(migrated_template: Database) -> Iterator[Database]:
    """A migrated database without any view."""
    database = create_database(migrated_template.server, template=migrated_template.name)
    yield database
    drop_database(database)


@pytest.fixture
def fluxion_database(fluxion_template: Database) -> Iterator[Database]:
    """A database with bi_refresh and fluxion, without any row."""
    database = create_database(fluxion_template.server, template=fluxion_template.name)
    yield database
    drop_database(database)
