"""A view with one slice, kept by what changed."""

from __future__ import annotations

from tests.fix_database import Database
from tests.integration.incremental.refresh.kept import Kept, KeptView, Reads, keep

# What is done, how many slices that touches, and how many rows of the view are inserted and deleted.
_CHANGES = (
    ("INSERT INTO orders VALUES (1000, 3, 5)", 1, (1, 1)),
    ("INSERT INTO orders VALUES (1001, 77, 5)", 1, (1, 0)),
    ("DELETE FROM orders WHERE customer = 4", 1, (0, 1)),
    ("UPDATE orders SET customer = 5 WHERE customer = 6", 2, (1, 2)),
    ("UPDATE orders SET amount = amount * 1.00 WHERE id = 7", 1, (1, 1)),
    ("UPDATE orders SET id = -id WHERE id = 7", 1, (0, 0)),
    ("UPDATE customers SET name = 'other' WHERE id IN (1, 2); INSERT INTO orders VALUES (1002, 2, 1)", 2, (2, 2)),
    ("INSERT INTO customers VALUES (99, 'without orders')", 1, (0, 0)),
    ("BEGIN; INSERT INTO orders VALUES (1003, 9, 1); ROLLBACK", 0, None),
)


def test_only_touched_slices_are_computed(totals: KeptView) -> None:
    for change, keys, rows in _CHANGES:
        totals.database.execute(change)
        entry = totals.refresh()
        if rows is None:
            assert entry["strategy"] == "skip", change
            continue
        assert (entry["status"], entry["strategy"], entry["changed_keys"]) == ("completed", "incremental", keys), change
        assert (entry["rows_inserted"], entry["rows_deleted"]) == rows, change
        assert entry["rows_total"] == totals.database.value("SELECT count(*) FROM totals"), change
        assert totals.is_equal(), change


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


def test_a_statement_over_very_many_rows_is_one_entry(totals: KeptView) -> None:
    totals.database.execute("INSERT INTO orders SELECT n, 3, 1 FROM generate_series(2000, 102001) AS n")
    entry = totals.refresh()
    assert entry["strategy"] == "difference"
    assert entry["reason"] == "in full: public.orders was truncated, or changed by more rows than are kept"
    assert (entry["rows_inserted"], entry["rows_deleted"]) == (1, 1)
    assert totals.is_equal()


def test_a_view_that_is_computed_quickly_is_spared_very_many_entries(totals: KeptView) -> None:
    """Handing them out and reading them would take longer than the whole."""
    for full_ms, strategy in ((1000, "incremental"), (10, "difference")):
        totals.database.execute("UPDATE bi_refresh.maintained_table SET full_ms = %s", full_ms)
        totals.database.execute("DELETE FROM orders WHERE id >= 2000")
        totals.refresh()
        totals.database.execute("UPDATE bi_refresh.maintained_table SET full_ms = %s", full_ms)
        totals.database.execute("INSERT INTO orders SELECT n, 3, 1 FROM generate_series(2000, 22001) AS n")
        assert totals.refresh()["strategy"] == strategy
        assert totals.is_equal()


def test_values_that_change_places_beneath_a_further_unique_index(database: Database) -> None:
    """In the midst of an UPDATE two rows would have one seat. Slice by slice, and in full."""
    database.execute(
        "CREATE TABLE places (id integer PRIMARY KEY, seat integer);"
        "INSERT INTO places SELECT n, n FROM generate_series(1, 9) AS n"
    )
    view = keep(
        database,
        "kept",
        Kept(
            "SELECT id, seat FROM places",
            (Reads("places", ("id",)),),
            indexes=("CREATE UNIQUE INDEX ON {table} (seat)",),
        ),
    )
    for mode, strategy in ((None, "incremental"), ("full", "difference")):
        database.execute("UPDATE bi_refresh.view_policy SET refresh_mode = %s", mode)
        database.execute("UPDATE places SET seat = 10 - seat")
        entry = view.refresh()
        assert (entry["strategy"], entry["rows_inserted"], entry["rows_deleted"]) == (strategy, 8, 8)
        assert view.is_equal()
