"""A refresh that fails leaves the last good rows, and what changed waits for the next one."""

from __future__ import annotations

from tests.fix_database import Database
from tests.fix_steps import run_step
from tests.fix_views import last_log, make_view
from tests.integration.incremental.refresh.kept import Kept, KeptView, Reads, keep


def _fails(view: KeptView) -> tuple[str, str, str]:
    view.database.execute("SELECT bi_refresh.distribute_changes()")
    before = view.database.rows(f"SELECT t::text FROM {view.name} AS t ORDER BY 1")
    entry = run_step(view.database, view.name)
    assert entry["status"] == "failed"
    assert view.database.rows(f"SELECT t::text FROM {view.name} AS t ORDER BY 1") == before
    return entry["sqlstate"], entry["error"], entry["remedy"]


def test_rows_with_the_same_key_are_named(database: Database) -> None:
    """Within a slice, between slices, and where all is computed: also of equal rows, which no comparison sees."""
    database.execute("CREATE TABLE source (id integer, a integer, label text); INSERT INTO source VALUES (1, 1, 'one')")
    view = keep(
        database,
        "kept",
        Kept(
            "SELECT id, a, label FROM source",
            (Reads("source", ("a",)),),
            slices=(("a",),),
        ),
    )
    for rows, changes in (
        ("(1, 1, 'other')", "incremental"),
        ("(1, 2, 'one')", "incremental"),
        ("(5, 2, 'one'), (5, 3, 'other')", "incremental"),
        ("(1, 1, 'one')", "difference"),
        ("(1, 9, 'other')", "difference"),
    ):
        database.execute(f"INSERT INTO source VALUES {rows}")
        database.execute("UPDATE bi_refresh.view_policy SET refresh_mode = %s", {"difference": "full"}.get(changes))
        sqlstate, error, remedy = _fails(view)
        assert sqlstate in ("21000", "23505"), rows
        assert '"id": ' in error or "Key (id)=(" in error, error
        assert "SELECT * FROM bi_refresh.duplicate_keys('public.kept')" in remedy
        found = database.rows("SELECT * FROM bi_refresh.duplicate_keys('public.kept')")
        assert [count for _, count in found] == [2]
        database.execute("DELETE FROM source WHERE ctid <> (SELECT min(ctid) FROM source)")
        view.refresh()
        assert view.is_equal()


def test_a_failure_keeps_what_was_claimed(database: Database) -> None:
    database.execute(
        "CREATE TABLE source (id integer PRIMARY KEY, n integer); INSERT INTO source VALUES (1, 1), (2, 2)"
    )
    view = keep(database, "kept", Kept("SELECT id, 10 / n AS n FROM source", (Reads("source", ("id",)),)))
    database.execute("UPDATE source SET n = 5 WHERE id = 1; UPDATE source SET n = 0 WHERE id = 2")
    sqlstate, error, remedy = _fails(view)
    assert (sqlstate, error) == ("22012", "division by zero")
    assert "public.kept" in remedy
    database.execute("UPDATE source SET n = 1 WHERE id = 2")
    assert view.refresh()["strategy"] == "incremental"
    assert view.is_equal()


def test_a_definition_that_is_gone(totals: KeptView) -> None:
    totals.database.execute("INSERT INTO orders VALUES (1000, 3, 5); DROP VIEW bi_refresh_incremental.definition_1")
    sqlstate, error, remedy = _fails(totals)
    assert sqlstate == "42P01"
    assert "public.totals" in error
    assert "vistafresca incremental" in remedy


def test_checks_are_made_before_anybody_sees_the_rows(totals: KeptView) -> None:
    totals.database.execute(
        "UPDATE bi_refresh.view_policy SET max_row_drop_percent = 10,"
        " custom_checks = ARRAY['SELECT count(*) > 5 FROM public.totals']"
    )
    totals.database.execute("INSERT INTO orders VALUES (1000, 3, 5)")
    totals.refresh()
    totals.database.execute("DELETE FROM orders WHERE customer < 4")
    sqlstate, error, _ = _fails(totals)
    assert (sqlstate, "max_row_drop_percent: 20 rows would become 17" in error) == ("VF001", True), error


def test_what_somebody_hides_from_the_view_is_an_error(totals: KeptView) -> None:
    """A trigger that swallows rows would leave other rows than were computed."""
    totals.database.execute(
        "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
        "CREATE TRIGGER swallow BEFORE UPDATE ON totals FOR EACH ROW EXECUTE FUNCTION swallow();"
        "INSERT INTO orders VALUES (1000, 3, 5)"
    )
    sqlstate, error, _ = _fails(totals)
    assert (sqlstate, "a trigger or a rule of somebody's interferes" in error) == ("09000", True), error


def test_a_group_is_of_one_moment_and_all_or_nothing(totals: KeptView) -> None:
    """With a materialized view that reads the table, and with a view that fails."""
    database = totals.database
    downstream = make_view(database, "downstream", query="SELECT count(*) AS id, sum(orders) AS orders FROM totals")
    database.execute("INSERT INTO orders VALUES (1000, 3, 5)")
    with database.connect() as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        statuses = connection.execute(
            "SELECT vista_nombre, status FROM bi_refresh.refresh_bi_views(%s::text[])", [[downstream, totals.name]]
        ).fetchall()
        assert statuses == [(totals.name, "SUCCESS"), (downstream, "SUCCESS")]
        connection.execute("COMMIT")
    assert database.value("SELECT orders FROM downstream") == 201
    assert database.rows(
        "SELECT DISTINCT global_data_timestamp = data_timestamp, data_timestamp FROM bi_refresh.view_state"
    ) == [(True, last_log(database, totals.name)["data_timestamp"])]

    database.execute("INSERT INTO orders VALUES (1001, 3, 5)")
    with database.connect() as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        connection.execute("SELECT FROM bi_refresh.refresh_bi_views(%s::text[])", [[totals.name]])
        connection.execute("ROLLBACK")
    assert database.value("SELECT orders FROM totals WHERE id = 3") == 11
    assert totals.refresh()["strategy"] == "incremental"
    assert totals.is_equal()


def test_callers_without_a_snapshot_and_policies_of_full_get_the_whole(totals: KeptView) -> None:
    database = totals.database
    database.execute("INSERT INTO orders VALUES (1000, 3, 5)")
    database.execute("SELECT bi_refresh.refresh_bi_views()")
    entry = last_log(database, totals.name)
    assert (entry["status"], entry["strategy"], entry["changed_keys"]) == ("completed", "difference", None)
    assert str(entry["reason"]).startswith("in full: the transaction is READ COMMITTED")
    assert totals.is_equal()
    database.execute("UPDATE bi_refresh.view_policy SET refresh_mode = 'full'; INSERT INTO orders VALUES (1001, 3, 5)")
    entry = totals.refresh()
    assert (entry["strategy"], entry["reason"]) == ("difference", 'in full: its policy says refresh_mode = "full"')
    assert (entry["rows_inserted"], entry["rows_deleted"], entry["rows_total"]) == (1, 1, 20)
    assert totals.is_equal()


def test_a_row_that_came_and_went_and_names_no_slice(database: Database) -> None:
    """The definition never looks at it; which slice it was in cannot be told, and the whole is computed."""
    database.execute(
        "CREATE TABLE source (id integer PRIMARY KEY, code text NOT NULL); INSERT INTO source VALUES (1, '7'), (2, '8')"
    )
    view = keep(
        database,
        "kept",
        Kept(
            "SELECT code::integer AS id, count(*) AS n FROM source WHERE code ~ '^[0-9]+$' GROUP BY code::integer",
            (Reads("source", ("code::integer",)),),
        ),
    )
    database.execute("INSERT INTO source VALUES (3, 'none'), (4, '8'); DELETE FROM source WHERE id = 3")
    entry = view.refresh()
    assert entry["strategy"] == "difference"
    assert "which rows were touched cannot be told (invalid input syntax for type integer" in entry["reason"]
    assert view.is_equal()
    database.execute("INSERT INTO source VALUES (5, '7')")
    assert view.refresh()["strategy"] == "incremental"
    assert view.is_equal()
