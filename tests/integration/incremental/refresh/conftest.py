"""The view that most tests of refreshes are about."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from demo.server import EmbeddedServer
from refresh_task.migrations import migrate_up
from tests.fix_database import Database, create_database, drop_database
from tests.fix_roles import DatabaseAs, MakeRole
from tests.integration.incremental.refresh.kept import Kept, KeptView, Reads, keep
from tests.integration.incremental.refresh.spied import Roles

ORDERS = """
    CREATE TABLE customers (id integer PRIMARY KEY, name text);
    CREATE TABLE orders (id integer PRIMARY KEY, customer integer NOT NULL, amount numeric NOT NULL);
    CREATE INDEX ON orders (customer);
    INSERT INTO customers SELECT n, 'customer ' || n FROM generate_series(1, 20) AS n;
    INSERT INTO orders SELECT n, n % 20 + 1, n FROM generate_series(1, 200) AS n
"""
TOTALS = Kept(
    "SELECT o.customer AS id, count(*) AS orders, sum(o.amount) AS amount, max(c.name) AS name"
    " FROM public.orders AS o LEFT JOIN public.customers AS c ON c.id = o.customer GROUP BY o.customer",
    (Reads("orders", ("customer",)), Reads("customers", ("id",))),
)


@pytest.fixture
def totals(database: Database) -> KeptView:
    """Orders by customer: 200 orders of 20 customers."""
    database.execute(ORDERS)
    return keep(database, "totals", TOTALS)


@pytest.fixture
def roles(
    server: EmbeddedServer,
    make_role: MakeRole,
    migrated_template: Database,  # noqa: ARG001 - its migration has made the group roles
) -> Iterator[Roles]:
    """A database as its three roles see it: bi_refresh's owner, the view's owner, a refresher."""
    database = create_database(server)
    view_owner = make_role()
    owner = make_role(view_owner)
    refresher = make_role()
    database.execute(
        f'GRANT CREATE ON DATABASE "{database.name}" TO "{owner}"; GRANT ALL ON SCHEMA public TO "{owner}";'
        f'CREATE SCHEMA bi AUTHORIZATION "{view_owner}"'
    )
    as_owner, as_view_owner, as_refresher = (
        DatabaseAs(database.server, database.name, role=role) for role in (owner, view_owner, refresher)
    )
    try:
        with as_owner.session() as session:
            migrate_up(session)
        database.execute(f'GRANT bi_refresh_refresher TO "{refresher}"')
        yield as_owner, as_view_owner, as_refresher
    finally:
        drop_database(database)
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            for role in (refresher, owner, view_owner):
                connection.execute(f'DROP OWNED BY "{role}"'.encode())
