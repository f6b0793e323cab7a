"""Which slicings are kept, of those that hold."""

from __future__ import annotations

from collections.abc import Callable

from refresh_task.incremental.model import Proof

# Two orders of each customer: little of the whole, and much for each of very many changed orders.
_TABLES = """
    CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL);
    CREATE TABLE orders (id integer PRIMARY KEY, customer integer NOT NULL REFERENCES customers);
    INSERT INTO customers SELECT n, 'customer ' || n FROM generate_series(1, 15000) AS n;
    INSERT INTO orders SELECT n, 1 + n % 15000 FROM generate_series(1, 30000) AS n;
    ANALYZE customers, orders
"""
_QUERY = "SELECT o.id, o.customer, c.name FROM orders AS o JOIN customers AS c ON o.customer = c.id"


def test_a_changed_row_touches_its_own_and_not_all_of_its_customer_s(proved: Callable[..., Proof]) -> None:
    proof = proved(_TABLES, _QUERY, key="id")
    touched = {source.name: (source.slice and proof.slices[source.slice - 1]) for source in proof.sources}
    assert touched == {"public.orders": ("id",), "public.customers": ("customer",)}
