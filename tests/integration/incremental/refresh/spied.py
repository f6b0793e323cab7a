"""A view whose definition calls a function that writes down who runs it, and the roles that have to do with it."""

from __future__ import annotations

from typing import Any, TypeAlias

import psycopg

from tests.fix_roles import DatabaseAs
from tests.integration.incremental.refresh.kept import Kept, KeptView, Reads, keep

# The owner of bi_refresh, the owner of the view, and whoever refreshes: the database as they see it.
Roles: TypeAlias = tuple[DatabaseAs, DatabaseAs, DatabaseAs]

SPY = """
    CREATE TABLE bi.seen (who name, can_write boolean);
    GRANT USAGE ON SCHEMA bi TO PUBLIC;
    GRANT INSERT ON bi.seen TO PUBLIC;
    CREATE FUNCTION bi.write_down() RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO bi.seen VALUES (current_user, (
            SELECT has_table_privilege(c.oid, 'UPDATE') FROM pg_class AS c WHERE c.relname = 'view_state'
        ));
    END
    $$;
    CREATE FUNCTION bi.spy(value integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
    BEGIN
        PERFORM bi.write_down();
        RETURN value;
    END
    $$;
    CREATE FUNCTION bi.trap() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM bi.write_down();
        RETURN NULL;
    END
    $$;
    CREATE TABLE bi.source (id integer PRIMARY KEY, n integer)
"""


def run_as(database: DatabaseAs, statement: str) -> list[tuple[Any, ...]]:
    """In a session of its own; what it returns."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def keep_spied(roles: Roles) -> KeptView:
    """A view whose definition calls a function that writes down who runs it, as its refresher sees it."""
    as_owner, as_view_owner, as_refresher = roles
    run_as(as_view_owner, SPY)
    view = keep(
        as_owner,
        "kept",
        Kept("SELECT bi.spy(id) AS id, n FROM bi.source", (Reads("bi.source", ("bi.spy(id)",)),)),
        schema="bi",
        owner=as_view_owner.role,
    )
    return KeptView(as_refresher, view.name, view.tables)


def refresh_as_task(view: KeptView, session: psycopg.Connection[Any] | None = None) -> tuple[Any, ...]:
    """As a refresher's task does; the strategy, and what went wrong."""
    if session is None:
        with psycopg.connect(view.database.dsn, autocommit=True) as connection:
            return refresh_as_task(view, connection)
    session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    session.execute("SELECT * FROM bi_refresh.refresh_bi_views(%s::text[])", [[view.name]])
    session.execute("COMMIT")
    return view.database.rows("SELECT strategy, error FROM bi_refresh.mv_refresh_log ORDER BY id DESC LIMIT 1")[0]
