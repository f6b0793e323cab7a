"""A database with the system, its policy and the document's names; and one customer in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from demo.server import EmbeddedServer
from refresh_task import policies
from refresh_task.migrations import create_public_aliases, migrate_up
from tests.fix_database import Database, create_database, drop_database
from tests.integration.universal_transactions.system import SCHEMA, SYSTEM, Connection


@pytest.fixture(scope="session")
def transactions_template(server: EmbeddedServer) -> Iterator[Database]:
    """As `vistafresca migrate --system universal_transactions --public-aliases` and `apply` leave it; to be cloned."""
    database = create_database(server)
    with database.session() as session:
        migrate_up(session, systems=[SCHEMA])
        create_public_aliases(session)
    with database.session() as session:
        declared = policies.read_views_files([SYSTEM / "views.toml"])
        policies.apply_difference(session, policies.compare(session, declared))
    database.execute(f"INSERT INTO {SCHEMA}.clientes VALUES (1, 'Abarrotes La Esperanza', 'empresa', 'Puebla')")
    yield database
    drop_database(database)


@pytest.fixture
def transactions_database(transactions_template: Database) -> Iterator[Database]:
    """A database of the test's own, with one customer and no transaction."""
    database = create_database(transactions_template.server, template=transactions_template.name)
    yield database
    drop_database(database)


@pytest.fixture
def connection(transactions_database: Database) -> Iterator[Connection]:
    with transactions_database.connect() as opened:
        yield opened


@pytest.fixture(scope="session")
def _kept_database(transactions_template: Database) -> Iterator[Database]:
    database = create_database(transactions_template.server, template=transactions_template.name)
    yield database
    drop_database(database)


@pytest.fixture
def rolled_back(_kept_database: Database) -> Iterator[Connection]:
    """A transaction that is undone: for tests that need no other session, and so no database of their own."""
    with _kept_database.connect() as opened, opened.transaction(force_rollback=True):
        yield opened


@pytest.fixture
def emptied(rolled_back: Connection) -> Connection:
    """The same, without the customer: for the generator."""
    rolled_back.execute(f"DELETE FROM {SCHEMA}.clientes")
    return rolled_back
