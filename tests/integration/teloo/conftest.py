"""A database with teloo, a connection to it, and a marketplace in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from demo.server import EmbeddedServer
from refresh_task.migrations import migrate_up
from tests.fix_database import Database, create_database, drop_database
from tests.integration.teloo.market import Market
from tests.integration.teloo.system import Connection, today_in_bogota


@pytest.fixture(scope="session")
def teloo_template(server: EmbeddedServer) -> Iterator[Database]:
    """Migrated with the teloo system; to be cloned, never used."""
    database = create_database(server)
    with database.session() as session:
        migrate_up(session, systems=["teloo"])
    yield database
    drop_database(database)


@pytest.fixture
def teloo_database(teloo_template: Database) -> Iterator[Database]:
    """A database with bi_refresh and teloo, without any row."""
    database = create_database(teloo_template.server, template=teloo_template.name)
    yield database
    drop_database(database)


@pytest.fixture(scope="module")
def shared_database(teloo_template: Database) -> Iterator[Database]:
    """One for all tests of a module, each of which rolls back what it does."""
    database = create_database(teloo_template.server, template=teloo_template.name)
    yield database
    drop_database(database)


@pytest.fixture
def connection(teloo_database: Database) -> Iterator[Connection]:
    with teloo_database.connect() as opened:
        yield opened


@pytest.fixture
def market(shared_database: Database) -> Iterator[Market]:
    """One client; in a transaction that is rolled back."""
    with shared_database.connect() as opened, opened.transaction(force_rollback=True):
        opened.execute("INSERT INTO teloo.clientes VALUES (1, 'Ana', '+573000000001', 'Bogotá', 'Bogotá D.C.')")
        yield Market(opened, today_in_bogota(opened))
