"""Whether a refresh can be left out where nothing changed, in words."""

from __future__ import annotations

import threading

import pytest

from refresh_task.database import connection
from tests.fix_database import WAITING_SESSIONS, Database
from tests.integration.doctor.conftest import Diagnose, codes, only


@pytest.fixture
def shop(empty_database: Database) -> Database:
    empty_database.execute(
        "CREATE TABLE sales (id integer, at timestamptz, amount numeric); INSERT INTO sales VALUES (1, now(), 2);"
        "CREATE VIEW recent AS SELECT * FROM sales; CREATE SEQUENCE numbers"
    )
    return empty_database


def _view(database: Database, query: str) -> None:
    database.execute(f"CREATE MATERIALIZED VIEW v AS {query}; CREATE UNIQUE INDEX ON v (id)")


def test_what_is_looked_at_and_what_that_costs(shop: Database, diagnose: Diagnose) -> None:
    shop.execute("INSERT INTO sales SELECT n, now(), n FROM generate_series(2, 100000) AS n; ANALYZE sales")
    _view(shop, "SELECT id, amount FROM recent")
    found = only(diagnose(shop), "change_detection")
    assert (found["level"], found["what"]) == (
        "ok", "It is skipped when nothing changed in public.sales (about 0.0 s to look).",
    )  # fmt: skip


def test_a_table_that_was_never_analyzed_is_not_taken_for_an_empty_one(shop: Database, diagnose: Diagnose) -> None:
    """As after a restore. 100,000 rows of 32 bytes and more take 4 to 6 MB: 40,000 to 60,000 by our guess."""
    shop.execute("ALTER TABLE sales SET (autovacuum_enabled = off)")
    shop.execute("INSERT INTO sales SELECT n, now(), n FROM generate_series(2, 100000) AS n")
    _view(shop, "SELECT id, amount FROM recent")
    report = diagnose(shop)
    assert only(report, "change_detection")["what"] == (
        "It is skipped when nothing changed in public.sales (about 0.0 s to look; public.sales: never analyzed, "
        "guessed by the size)."
    )
    found = only(report, "never_analyzed")
    assert (found["level"], found["what"], found["remedy"]) == (
        "advice", "It reads public.sales, never analyzed, as after a restore.", "ANALYZE public.sales;",
    )  # fmt: skip
    shop.execute(found["remedy"])
    report = diagnose(shop)
    assert "never_analyzed" not in codes(report)
    assert only(report, "change_detection")["what"].endswith("public.sales (about 0.0 s to look).")


def test_of_a_small_table_nobody_needs_the_statistics(shop: Database, diagnose: Diagnose) -> None:
    _view(shop, "SELECT id, amount FROM recent")
    assert "never_analyzed" not in codes(diagnose(shop))


def test_the_size_of_a_table_that_is_locked_is_not_waited_for(shop: Database, diagnose: Diagnose) -> None:
    """Held, and awaited behind a reader, which holds up whoever comes then."""
    shop.execute("ALTER TABLE sales SET (autovacuum_enabled = off)")
    _view(shop, "SELECT id, amount FROM recent")
    words = "public.sales: never analyzed, and locked now, so left out"
    assert words not in only(diagnose(shop), "change_detection")["what"]
    with shop.connect(autocommit=False) as other:
        other.execute("LOCK TABLE sales IN ACCESS EXCLUSIVE MODE")
        assert words in only(diagnose(shop), "change_detection")["what"]
    with shop.connect(autocommit=False) as reader, shop.connect(autocommit=False) as waiter:
        reader.execute("SELECT FROM sales")
        waiting = threading.Thread(target=waiter.execute, args=("LOCK TABLE sales IN ACCESS EXCLUSIVE MODE",))
        waiting.start()
        shop.wait_for(f"{WAITING_SESSIONS} AND relation = 'public.sales'::regclass")
        assert words in only(diagnose(shop), "change_detection")["what"]
        reader.rollback()
        waiting.join()


def test_a_lock_that_comes_in_between_is_not_waited_for_either(
    shop: Database, diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the locks and the question, as if the lock had not been seen."""
    query = (connection._QUERIES / "measure_relations.sql").read_text()  # no other way in between
    blind = query.partition("    AND c.oid NOT IN")[0].encode()
    assert blind.count(b"pg_locks") == 0
    known = connection._statement
    monkeypatch.setattr(connection, "_statement", lambda name: blind if name == "measure_relations" else known(name))
    shop.execute("ALTER TABLE sales SET (autovacuum_enabled = off)")
    _view(shop, "SELECT id, amount FROM recent")
    with shop.connect(autocommit=False) as other:
        other.execute("LOCK TABLE sales IN ACCESS EXCLUSIVE MODE")
        assert "locked now" in only(diagnose(shop), "change_detection")["what"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT id, now() - at AS age FROM sales", "uses the current time"),
        ("SELECT id, random() AS r FROM recent", "uses random()"),
        ("SELECT id, current_user AS who FROM sales", "uses the current user"),
        ("SELECT oid AS id, relname FROM pg_class WHERE relname = 'sales'", "reads pg_catalog.pg_class"),
    ],
)
def test_a_view_that_is_never_skipped_says_why(shop: Database, diagnose: Diagnose, query: str, words: str) -> None:
    _view(shop, query)
    found = only(diagnose(shop), "never_skipped")
    assert found["what"].startswith("It is never skipped, because it ")
    assert words in found["what"]


def test_row_security_and_foreign_tables_are_among_the_reasons(shop: Database, diagnose: Diagnose) -> None:
    shop.execute("ALTER TABLE sales ENABLE ROW LEVEL SECURITY")
    _view(shop, "SELECT id FROM sales")
    assert "row-level security" in only(diagnose(shop), "never_skipped")["what"]


@pytest.mark.parametrize(
    ("query", "until"),
    [
        ("SELECT id FROM sales WHERE at >= CURRENT_DATE", "midnight America/Caracas"),
        (
            "SELECT id FROM sales WHERE at >= date_trunc('month', now() AT TIME ZONE 'America/Bogota')",
            "the end of the current month America/Bogota",
        ),
    ],
)
def test_a_view_that_moves_with_the_calendar_is_skippable_until_then(
    shop: Database, diagnose: Diagnose, query: str, until: str
) -> None:
    shop.execute(f"ALTER DATABASE {shop.name} SET TimeZone = 'America/Caracas'")
    _view(shop, query)
    assert only(diagnose(shop), "changes_at_midnight")["what"].endswith(f": it is skippable until {until}.")


def test_a_view_that_depends_on_settings_says_on_what(shop: Database, diagnose: Diagnose) -> None:
    _view(shop, "SELECT id, to_char(at, 'HH24:MI') AS at FROM sales")
    report = diagnose(shop)
    assert only(report, "depends_on_settings")["level"] == "advice"
    found = only(report, "time_zone_not_pinned")
    assert "public.v" in found["why"]

    # The remedy as it is written, for this database alone: other tests share the role.
    shop.execute(found["remedy"].replace("ALTER ROLE postgres", f"ALTER ROLE postgres IN DATABASE {shop.name}"))
    assert "time_zone_not_pinned" not in codes(diagnose(shop))


def test_the_time_zone_matters_only_where_it_is_used(shop: Database, diagnose: Diagnose) -> None:
    _view(shop, "SELECT id FROM sales")
    assert "time_zone_not_pinned" not in codes(diagnose(shop))
