"""Small views with the properties that refreshing has to deal with."""

from __future__ import annotations

import psycopg

from tests.fix_database import Database

REFRESH_ALL = "SELECT vista_nombre, status FROM bi_refresh.refresh_bi_views()"


def make_view(
    database: Database, name: str, *, query: str = "SELECT id, label FROM source", key: str | None = "id"
) -> str:
    """A populated, managed view in schema public with a unique index on `key`. Returns its full name."""
    database.execute("CREATE TABLE IF NOT EXISTS source (id integer, label text)")
    database.execute(f"CREATE MATERIALIZED VIEW {name} AS {query}")
    if key is not None:
        database.execute(f"CREATE UNIQUE INDEX {name}_key ON {name} ({key})")
    database.manage(f"public.{name}")
    return f"public.{name}"


def make_slow_view(database: Database, name: str, *, seconds: float = 30) -> str:
    """A managed view whose refresh sleeps; filled while it was still quick."""
    database.execute("CREATE TABLE IF NOT EXISTS slowness (seconds double precision)")
    view = make_view(
        database,
        name,
        query="SELECT 1 AS id, pg_sleep(coalesce((SELECT max(seconds) FROM slowness), 0))::text AS slept",
    )
    database.execute("INSERT INTO slowness VALUES (%s)", seconds)
    return view


def make_view_with_duplicate_keys(database: Database, name: str) -> str:
    """A managed view whose next refresh violates its unique index: key 7 stands twice."""
    database.execute("CREATE TABLE twice (id integer, label text)")
    view = make_view(database, name, query="SELECT id, label FROM twice")
    database.execute("INSERT INTO twice VALUES (7, 'one'), (7, 'other'), (8, 'only')")
    return view


def wait_until_sleeping(database: Database) -> int:
    """Return the server process that refreshes a slow view of this database, as soon as there is one."""
    return int(
        database.wait_for(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
        )
    )


def last_log(database: Database, view: str) -> dict[str, object]:
    """A view's newest log row."""
    with database.connect(row_factory=psycopg.rows.dict_row) as connection:
        row = connection.execute(
            "SELECT * FROM bi_refresh.mv_refresh_log WHERE view_name = %s ORDER BY id DESC LIMIT 1", [view]
        ).fetchone()
    assert row is not None
    return dict(row)


def last_statuses(database: Database) -> dict[str, str]:
    """The status of each view's newest log row."""
    return dict(
        database.rows(
            "SELECT DISTINCT ON (view_name) view_name, status FROM bi_refresh.mv_refresh_log ORDER BY 1, id DESC"
        )
    )
