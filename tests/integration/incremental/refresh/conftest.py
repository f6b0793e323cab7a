"""The view that most tests of refreshes are about."""

from __future__ import annotations

import pytest

from tests.fix_database import Database
from tests.integration.incremental.refresh.kept import Kept, KeptView, Reads, keep

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
