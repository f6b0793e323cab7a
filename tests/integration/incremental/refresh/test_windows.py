"""Changes inside and outside of a window that moves with time."""

from __future__ import annotations

from tests.fix_database import Database
from tests.integration.incremental.refresh.kept import Kept, Reads, keep

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
