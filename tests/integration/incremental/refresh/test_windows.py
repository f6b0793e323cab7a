"""Changes inside and outside of a window that moves with time."""

from __future__ import annotations

import psycopg
import pytest

from tests.fix_database import Database
from tests.integration.incremental.refresh.kept import Kept, KeptView, Reads, keep

_WINDOW = Kept(
    "SELECT a AS id, count(*) AS n FROM items WHERE at > now() - interval '1 hour' GROUP BY a",
    (Reads("items", ("a",), slides=(("at", ">", "($1 - '01:00:00'::interval)"),)),),
)
_TABLE = """
    CREATE TABLE items (id serial PRIMARY KEY, a integer NOT NULL, at timestamptz NOT NULL DEFAULT now());
    CREATE INDEX ON items (at);
    INSERT INTO items (a) SELECT n % 7 FROM generate_series(1, 60) AS n;
"""
_SOON_OUT = "INSERT INTO items (a, at) VALUES (100, clock_timestamp() - interval '1 hour' + interval '500 ms')"
# until time has taken it out of the window
_OUT = "SELECT pg_sleep(extract(epoch FROM max(at) + interval '1 hour' - clock_timestamp())) FROM items WHERE a = 100"


def test_a_change_outside_of_the_window_touches_nothing(database: Database) -> None:
    database.execute(_TABLE)
    view = keep(database, "kept", _WINDOW)
    database.execute("INSERT INTO items (a, at) SELECT n, now() - interval '2 hours' FROM generate_series(1, 5) AS n")
    assert view.refresh()["changed_keys"] == 0
    database.execute("UPDATE items SET at = now() WHERE at < now() - interval '1 hour' AND a = 3")
    assert view.refresh()["changed_keys"] == 1
    assert view.is_equal()


def test_what_was_inside_and_is_gone_touches_its_slice_though_it_would_be_outside_now(database: Database) -> None:
    """The window has no row to be found by that time moved it out."""
    database.execute(_TABLE)
    view = keep(database, "kept", _WINDOW)
    database.execute(_SOON_OUT)
    view.refresh()
    assert database.value("SELECT count(*) FROM kept WHERE id = 100") == 1
    database.execute(f"{_OUT}; DELETE FROM items WHERE a = 100")
    view.refresh()
    assert view.is_equal()


# Up to the moment of the contents: what is later enters as time passes.
_PAST = Kept(
    "SELECT a AS id, count(*) AS n FROM items WHERE at < now() GROUP BY a",
    (Reads("items", ("a",), slides=(("at", "<", "$1"),), is_absolute=True),),
)
_LATER = "INSERT INTO items (a, at) VALUES (101, clock_timestamp() + interval '%s')"
_NOW = "SELECT pg_sleep(extract(epoch FROM max(at) - clock_timestamp())) FROM items WHERE a = 101"


@pytest.fixture
def past(database: Database) -> KeptView:
    database.execute(_TABLE)
    return keep(database, "kept", _PAST)


def _waiting(view: KeptView) -> int:
    """Entries that were handed out to it."""
    return int(view.database.value("SELECT count(*) FROM bi_refresh_incremental.pending_1"))


def _distribute(view: KeptView) -> int:
    """How many entries were taken from the log."""
    return int(view.database.value("SELECT bi_refresh.distribute_changes(ARRAY[1])"))


def test_what_is_outside_of_the_window_is_not_handed_out(past: KeptView) -> None:
    past.database.execute(_LATER % "1 day")
    past.database.execute("INSERT INTO items (a, at) VALUES (103, now() - interval '1 day')")
    assert (_distribute(past), _waiting(past)) == (2, 1)
    assert past.refresh()["changed_keys"] == 1
    assert past.is_equal()


def test_what_was_not_handed_out_is_found_when_the_window_comes_to_it(past: KeptView) -> None:
    past.database.execute(_LATER % "500 ms")
    assert (_distribute(past), _waiting(past)) == (1, 0)
    past.database.execute(_NOW)
    past.refresh()
    assert past.database.value("SELECT n FROM kept WHERE id = 101") == 1
    assert past.is_equal()


def test_very_many_outside_of_the_window_do_not_mean_everything(past: KeptView) -> None:
    past.database.execute("UPDATE bi_refresh.maintained_table SET full_ms = 1")
    past.database.execute(
        "INSERT INTO items (a, at) SELECT n, now() + interval '1 day' FROM generate_series(1, 6000) AS n;"
        "INSERT INTO items (a, at) VALUES (103, now() - interval '1 day')",
    )
    assert (_distribute(past), _waiting(past)) == (6001, 1)
    assert past.refresh()["strategy"] == "incremental"


def test_a_refresh_that_does_not_see_what_was_passed_over_begins_anew(past: KeptView) -> None:
    """It would move the window over it."""
    with past.database.connect() as earlier:
        past.database.execute(_LATER % "0 s")
        earlier.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        earlier.execute("SELECT FROM bi_refresh.view_state")
        past.database.execute("INSERT INTO items (a, at) VALUES (101, now())")
        assert (_distribute(past), _waiting(past)) == (2, 0)
        with pytest.raises(psycopg.errors.SerializationFailure):
            earlier.execute("SELECT bi_refresh.lock_claims(ARRAY['public.kept'], 'public.kept')")
    past.refresh()
    assert past.database.value("SELECT n FROM kept WHERE id = 101") == 2


def test_nothing_is_passed_over_while_a_refresh_is_running(past: KeptView) -> None:
    with past.database.connect() as running, past.database.connect() as handing_out:
        running.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        running.execute("SELECT bi_refresh.lock_claims(ARRAY['public.kept'], 'public.kept')")
        past.database.execute(_LATER % "1 day")
        handing_out.execute("SET lock_timeout = '5s'")  # and it does not wait
        assert handing_out.execute("SELECT bi_refresh.distribute_changes(ARRAY[1])").fetchall() == [(1,)]
        assert _waiting(past) == 1


def test_nothing_is_passed_over_in_a_transaction_with_a_snapshot_of_its_own(past: KeptView) -> None:
    past.database.execute(_LATER % "1 day")
    with past.database.connect() as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        connection.execute("SELECT bi_refresh.distribute_changes(ARRAY[1])")
        connection.execute("COMMIT")
    assert _waiting(past) == 1
