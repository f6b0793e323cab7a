"""A database with driver_matrix, a connection to it, and a fleet in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from demo.server import EmbeddedServer
from refresh_task.migrations import migrate_up
from tests.fix_database import Database, create_database, drop_database
from tests.integration.driver_matrix.fleet import Fleet
from tests.integration.driver_matrix.system import REFRESH, Connection, generate


@pytest.fixture(scope="session")
def matrix_template(server: EmbeddedServer) -> Iterator[Database]:
    """Migrated with the driver_matrix system; to be cloned, never used."""
    database = create_database(server)
    with database.session() as session:
        migrate_up(session, systems=["driver_matrix"])
    yield database
    drop_database(database)


@pytest.fixture
def matrix_database(matrix_template: Database) -> Iterator[Database]:
    """A database with bi_refresh and driver_matrix, without any row."""
    database = create_database(matrix_template.server, template=matrix_template.name)
    yield database
    drop_database(database)


@pytest.fixture(scope="session")
def _kept_database(matrix_template: Database) -> Iterator[Database]:
    database = create_database(matrix_template.server, template=matrix_template.name)
    yield database
    drop_database(database)


@pytest.fixture
def connection(_kept_database: Database) -> Iterator[Connection]:
    """A transaction that is undone: for tests that need no other session, and so no database of their own."""
    with _kept_database.connect() as opened, opened.transaction(force_rollback=True):
        yield opened


@pytest.fixture(scope="session")
def _filled_database(matrix_template: Database) -> Iterator[Database]:
    database = create_database(matrix_template.server, template=matrix_template.name)
    with database.connect() as connection:
        generate(connection, 300)
        connection.execute(REFRESH)
        connection.execute("ANALYZE")
    yield database
    drop_database(database)


@pytest.fixture
def filled(_filled_database: Database) -> Iterator[Connection]:
    """A transaction that is undone, in a database with 300 drivers, whose materialized view is as its query."""
    with _filled_database.connect() as opened, opened.transaction(force_rollback=True):
        yield opened


@pytest.fixture
def fleet(connection: Connection) -> Fleet:
    """Driver 1, whom the partner pays 25, 35 and 100 soles for, 14 days after each milestone."""
    fleet = Fleet(connection)
    fleet.driver(1)
    fleet.rule("cabinet", 1, "25.00")
    fleet.rule("cabinet", 5, "35.00")
    fleet.rule("cabinet", 25, "100.00")
    return fleet
