"""Slices or the whole, by what each is known to take; and the quick look at many views."""

from __future__ import annotations

import re

import psycopg
import pytest

from tests.fix_database import Database
from tests.integration.incremental.refresh.kept import Kept, KeptView, Reads, keep

_LEARNED = "SELECT key_us[1], full_ms FROM bi_refresh.maintained_table"


@pytest.fixture
def many(database: Database) -> KeptView:
    """4,000 slices of a row each."""
    database.execute(
        "CREATE TABLE source (id integer PRIMARY KEY, n integer);"
        "INSERT INTO source SELECT n, n FROM generate_series(1, 4000) AS n; ANALYZE source"
    )
    return keep(database, "kept", Kept("SELECT id, n FROM source", (Reads("source", ("id",)),)))


def test_what_is_known_to_take_longer_is_not_begun(many: KeptView) -> None:
    """Or nearly as long: three quarters of the whole are for the slices, the rest for writing and for wrong guesses."""
    many.database.execute("UPDATE bi_refresh.maintained_table SET key_us = '{1000}', full_ms = 350")
    many.database.execute("UPDATE source SET n = n + 1 WHERE id <= 300")
    entry = many.refresh()
    assert (entry["strategy"], entry["changed_keys"]) == ("difference", None)
    # with the slices that are only compared, as many as the table's size, as far as it is known, asks for
    assert re.fullmatch(
        r"in full: 30[0-3] changed slices would take 30[0-3] ms, the whole takes 350 ms", str(entry["reason"])
    )
    assert many.is_equal()
    key_us, full_ms = many.database.rows(_LEARNED)[0]
    assert key_us == 900, "what was learned on a bad day is forgotten little by little"
    assert full_ms < 350

    many.database.execute("UPDATE bi_refresh.maintained_table SET full_ms = 200")
    many.database.execute("UPDATE source SET n = n + 1 WHERE id <= 100")
    entry = many.refresh()
    assert (entry["strategy"], entry["changed_keys"]) == ("incremental", 100)
    assert many.database.rows(_LEARNED)[0][0] < 900
    assert many.is_equal()


def test_what_turns_out_to_take_longer_is_given_up(database: Database) -> None:
    """No machine counts to a thousand 2,000 times in the 10 ms that nobody notices."""
    database.execute(
        "CREATE TABLE source (id integer PRIMARY KEY, n integer);"
        "INSERT INTO source SELECT n, n FROM generate_series(1, 2000) AS n; ANALYZE source"
    )
    query = "SELECT id, n, (SELECT count(*) FROM generate_series(1, 1000 + id % 2)) AS counted FROM source"
    slow = keep(database, "kept", Kept(query, (Reads("source", ("id",)),)))
    database.execute("UPDATE bi_refresh.maintained_table SET key_us = NULL, full_ms = 0.1")
    database.execute("UPDATE source SET n = n + 1")
    entry = slow.refresh()
    assert entry["strategy"] == "difference"
    assert entry["reason"].startswith("in full: 2000 changed slices would take ")
    assert slow.is_equal()
    assert database.rows(_LEARNED)[0][0] > 0, "and is known from then on"
    assert database.rows("SELECT count(*) FROM pg_class WHERE relname ~ '^(dirty|new|differences)_'") == [(0,)]


def test_all_slices_are_computed_in_as_many_batches_as_it_takes(many: KeptView) -> None:
    many.database.execute("UPDATE bi_refresh.maintained_table SET key_us = '{1}', full_ms = 1e6")
    many.database.execute("UPDATE source SET n = n + 1")
    entry = many.refresh()
    assert (entry["strategy"], entry["changed_keys"], entry["rows_inserted"]) == ("incremental", 4000, 4000)
    many.database.execute("UPDATE bi_refresh.maintained_table SET key_us = '{100}', full_ms = 530")
    many.database.execute("UPDATE source SET n = n + 1")
    many.refresh()
    assert many.is_equal()


def test_unchanged_views_are_verified_together(many: KeptView) -> None:
    """One statement for all: what changed, is due for a comparison or is distrusted is left to a step of its own."""
    database = many.database
    other = keep(database, "other", Kept("SELECT id FROM source WHERE n > 5", (Reads("source", ("id",)),)))
    database.execute("UPDATE source SET n = n + 1 WHERE id = 1")
    for view in (many, other):
        view.refresh()
    database.execute("SELECT bi_refresh.distribute_changes()")

    def verified() -> set[str]:
        with database.connect(row_factory=psycopg.rows.dict_row) as connection:
            connection.execute("SET default_transaction_isolation = 'repeatable read'")
            entries = connection.execute(
                "SELECT * FROM bi_refresh.verify_unchanged(%s::text[], 'cron', 'the tests', NULL)",
                [[many.name, other.name]],
            ).fetchall()
        for entry in entries:
            assert (entry["status"], entry["strategy"]) == ("skipped", "skip")
            assert "(captured changes of 1 table, " in entry["reason"]
        return {entry["view_name"] for entry in entries}

    assert verified() == {many.name, other.name}
    assert database.value(
        "SELECT bool_and(data_timestamp = global_data_timestamp AND now() - data_timestamp < '1 minute')"
        " FROM bi_refresh.view_state"
    )
    for change, undone, left in (
        (
            "UPDATE bi_refresh.view_policy SET audit_interval = '1 us' WHERE view_name ~ 'kept'",
            "'24 hours'",
            other.name,
        ),
        ("UPDATE bi_refresh.incremental_view SET status = 'distrusted' WHERE view_name ~ 'kept'", "", other.name),
        ("UPDATE bi_refresh.maintained_table SET structure = '?' WHERE view_name ~ 'other'", "", None),
    ):
        database.execute(change)
        assert verified() == ({left} if left else set())
        if undone:
            database.execute(f"UPDATE bi_refresh.view_policy SET audit_interval = {undone}")
    database.execute("UPDATE bi_refresh.incremental_view SET status = 'enabled'; UPDATE source SET n = 1 WHERE id = 1")
    assert verified() == set()
