"""A view with one slice, kept by what changed."""

from __future__ import annotations

import pytest

from tests.fix_database import Database
from tests.integration.incremental.refresh.kept import Kept, KeptView, Reads, keep

_QUERY = """
    SELECT o.customer AS id, count(*) AS orders, sum(o.amount) AS amount, max(c.name) AS name
    FROM orders AS o LEFT JOIN customers AS c ON c.id = o.customer
    GROUP BY o.customer
"""


@pytest.fixture
def totals(database: Database) -> KeptView:
    """Orders by customer: 200 orders of 20 customers."""
    database.execute(
        "CREATE TABLE customers (id integer PRIMARY KEY, name text);"
        "CREATE TABLE orders (id integer PRIMARY KEY, customer integer NOT NULL, amount numeric NOT NULL);"
        "CREATE INDEX ON orders (customer);"
        "INSERT INTO customers SELECT n, 'customer ' || n FROM generate_series(1, 20) AS n;"
        "INSERT INTO orders SELECT n, n % 20 + 1, n FROM generate_series(1, 200) AS n"
    )
    return keep(
        database, "totals", Kept(_QUERY, (Reads("orders", ("customer",)), Reads("customers", ("id",))))
    )


@pytest.mark.parametrize(
    ("change", "keys", "rows"),
    [
        ("INSERT INTO orders VALUES (1000, 3, 5)", 1, (1, 1)),
        ("INSERT INTO orders VALUES (1000, 77, 5)", 1, (1, 0)),
        ("DELETE FROM orders WHERE customer = 4", 1, (0, 1)),
        ("UPDATE orders SET customer = 5 WHERE customer = 4", 2, (1, 2)),
        ("UPDATE orders SET amount = amount * 1.00 WHERE id = 7", 1, (1, 1)),
        ("UPDATE orders SET id = -id WHERE id = 7", 1, (0, 0)),
        ("UPDATE customers SET name = 'other' WHERE id IN (1, 2); INSERT INTO orders VALUES (1000, 2, 1)", 2, (2, 2)),
        ("INSERT INTO customers VALUES (99, 'without orders')", 1, (0, 0)),
    ],
)
def test_only_touched_slices_are_computed(
    totals: KeptView, change: str, keys: int, rows: tuple[int, int]
) -> None:
    totals.database.execute(change)
    entry = totals.refresh()
    assert (entry["status"], entry["strategy"], entry["changed_keys"]) == ("completed", "incremental", keys)
    assert (entry["rows_inserted"], entry["rows_deleted"]) == rows
    assert entry["rows_total"] == totals.database.value("SELECT count(*) FROM totals")
    assert totals.is_equal()


def test_nothing_changed(totals: KeptView) -> None:
    totals.database.execute("INSERT INTO orders VALUES (1000, 3, 5)")
    totals.refresh()
    entry = totals.refresh()
    assert (entry["status"], entry["strategy"]) == ("skipped", "skip"), entry
    assert entry["reason"].startswith("nothing changed since ")
    assert totals.is_equal()


def test_what_was_truncated_is_computed_in_full(totals: KeptView) -> None:
    totals.database.execute("TRUNCATE orders")
    entry = totals.refresh()
    assert (entry["status"], entry["strategy"]) == ("completed", "difference"), entry
    assert totals.is_equal()
    totals.database.execute("INSERT INTO orders VALUES (1000, 3, 5)")
    assert totals.refresh()["strategy"] == "incremental"
    assert totals.is_equal()
