"""Dates and times that move: windows slide, everything else is computed in full when it moves."""

from __future__ import annotations

from tests.fix_database import Database
from tests.integration.incremental.refresh.kept import Kept, KeptView, Reads, keep

_DAYS = """
    CREATE TABLE events (id serial PRIMARY KEY, a integer NOT NULL, day date NOT NULL);
    CREATE INDEX ON events (day);
    INSERT INTO events (a, day) SELECT n % 10, CURRENT_DATE - n % 12 FROM generate_series(1, 240) AS n;
"""
_WINDOW = "SELECT a AS id, count(*) AS n FROM events WHERE day >= {today} - 5 AND day < {today} GROUP BY a"
_SLIDES = (("day", ">=", "(($1)::date - 5)"), ("day", "<", "($1)::date"))


def _back_to_yesterday(view: KeptView, query: str) -> None:
    """The table as a refresh of yesterday left it."""
    view.database.execute(
        f"TRUNCATE kept; INSERT INTO kept {query.format(today='(CURRENT_DATE - 1)')};"
        "UPDATE bi_refresh.maintained_table SET data_timestamp = data_timestamp - interval '1 day',"
        " moments = jsonb_build_object('the date', (CURRENT_DATE - 1)::text),"
        " structure = (SELECT s.structure FROM bi_refresh.maintained_structures(ARRAY[view_name]) AS s)"
    )


def test_a_window_of_days_slides_at_midnight(database: Database) -> None:
    database.execute(_DAYS)
    view = keep(
        database,
        "kept",
        Kept(_WINDOW.format(today="CURRENT_DATE"), (Reads("events", ("a",), slides=_SLIDES),)),
    )
    assert view.refresh()["strategy"] == "skip", "nothing moves within a day"
    _back_to_yesterday(view, _WINDOW)
    assert not view.is_equal()
    entry = view.refresh()
    assert entry["strategy"] == "incremental", entry["reason"]
    # what is of six days ago, and of yesterday and today, for the ends are included
    assert entry["changed_keys"] == database.value(
        "SELECT count(DISTINCT a) FROM events WHERE CURRENT_DATE - day IN (0, 1, 5, 6)"
    )
    assert view.is_equal()


def test_a_window_without_a_proof_is_computed_in_full_when_it_moves(database: Database) -> None:
    database.execute(_DAYS)
    view = keep(database, "kept", Kept(_WINDOW.format(today="CURRENT_DATE"), (Reads("events", ("a",)),)))
    _back_to_yesterday(view, _WINDOW)
    entry = view.refresh()
    assert (entry["strategy"], entry["reason"]) == ("difference", "in full: the date has moved, and no window is known")
    assert view.is_equal()


def test_a_date_that_is_more_than_a_window(database: Database) -> None:
    database.execute(_DAYS)
    query = "SELECT a AS id, count(*) AS n, {today} AS today FROM events WHERE day >= {today} - 5 GROUP BY a"
    view = keep(
        database,
        "kept",
        Kept(
            query.format(today="CURRENT_DATE"),
            (Reads("events", ("a",), slides=(_SLIDES[0],)),),
            moving=("the date",),
        ),
    )
    database.execute("INSERT INTO events (a, day) VALUES (3, CURRENT_DATE)")
    assert view.refresh()["strategy"] == "incremental"
    _back_to_yesterday(view, query)
    entry = view.refresh()
    assert (entry["strategy"], entry["reason"]) == ("difference", "in full: the date has moved, and it is no window")
    assert view.is_equal()


def test_a_window_over_time_is_never_skipped_and_touches_what_left(database: Database) -> None:
    database.execute(
        "CREATE TABLE events (a integer NOT NULL, at timestamptz NOT NULL);"
        "INSERT INTO events SELECT n, now() - n * interval '1 hour' FROM generate_series(1, 48) AS n"
    )
    query = "SELECT a AS id, at FROM events WHERE at > now() - interval '1 day' - (SELECT shift FROM moved)"
    database.execute("CREATE TABLE moved AS SELECT interval '0' AS shift")
    view = keep(
        database,
        "kept",
        Kept(
            "SELECT a AS id, at FROM events WHERE at > now() - interval '1 day'",
            (Reads("events", ("a",), slides=(("at", ">", "($1 - '1 day'::interval)"),)),),
        ),
    )
    entry = view.refresh()
    assert (entry["strategy"], entry["changed_keys"]) == ("incremental", 0)
    # as a refresh of three hours ago left it
    database.execute(
        f"UPDATE moved SET shift = '3 hours'; TRUNCATE kept; INSERT INTO kept {query};"
        "UPDATE bi_refresh.maintained_table SET data_timestamp = data_timestamp - interval '3 hours',"
        " structure = (SELECT s.structure FROM bi_refresh.maintained_structures(ARRAY[view_name]) AS s)"
    )
    entry = view.refresh()
    assert (entry["strategy"], entry["changed_keys"], entry["rows_deleted"]) == ("incremental", 3, 3)
    assert view.is_equal()
