"""Three roles: the owner of bi_refresh, the owner of the view, and whoever refreshes. What the view's owner wrote runs
with the view owner's rights and no others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from demo.server import EmbeddedServer
from refresh_task.migrations import migrate_up
from tests.fix_database import Database, create_database, drop_database
from tests.fix_roles import DatabaseAs, MakeRole
from tests.integration.incremental.refresh.kept import Kept, KeptView, Reads, keep

_SPY = """
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


@pytest.fixture
def roles(
    server: EmbeddedServer,
    make_role: MakeRole,
    migrated_template: Database,  # noqa: ARG001 - its migration has made the group roles
) -> Iterator[tuple[DatabaseAs, DatabaseAs, DatabaseAs]]:
    """A database as its three roles see it: bi_refresh's owner, the view's owner, a refresher."""
    database = create_database(server)
    view_owner = make_role()
    owner = make_role(view_owner)
    refresher = make_role()
    database.execute(
        f'GRANT CREATE ON DATABASE "{database.name}" TO "{owner}"; GRANT ALL ON SCHEMA public TO "{owner}";'
        f'CREATE SCHEMA bi AUTHORIZATION "{view_owner}"'
    )
    as_owner, as_view_owner, as_refresher = (
        DatabaseAs(database.server, database.name, role=role) for role in (owner, view_owner, refresher)
    )
    try:
        with as_owner.session() as session:
            migrate_up(session)
        database.execute(f'GRANT bi_refresh_refresher TO "{refresher}"')
        yield as_owner, as_view_owner, as_refresher
    finally:
        drop_database(database)
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            for role in (refresher, owner, view_owner):
                connection.execute(f'DROP OWNED BY "{role}"'.encode())


def _as(database: DatabaseAs, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def _keep(roles: tuple[DatabaseAs, DatabaseAs, DatabaseAs]) -> KeptView:
    as_owner, as_view_owner, as_refresher = roles
    _as(as_view_owner, _SPY)
    view = keep(
        as_owner,
        "kept",
        Kept("SELECT bi.spy(id) AS id, n FROM bi.source", (Reads("bi.source", ("bi.spy(id)",)),)),
        schema="bi",
        owner=as_view_owner.role,
    )
    return KeptView(as_refresher, view.name, view.tables)


def test_what_the_views_owner_wrote_runs_as_the_views_owner(
    roles: tuple[DatabaseAs, DatabaseAs, DatabaseAs],
) -> None:
    """Definition, key expressions, triggers and index expressions; slice by slice, in full, and for samples."""
    _, as_view_owner, _ = roles
    view = _keep(roles)
    _as(
        as_view_owner,
        "CREATE INDEX ON bi.kept (bi.spy(n));"
        "CREATE TRIGGER trap AFTER INSERT OR UPDATE ON bi.kept FOR EACH STATEMENT EXECUTE FUNCTION bi.trap();"
        "CREATE CONSTRAINT TRIGGER later AFTER INSERT OR UPDATE ON bi.kept DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION bi.trap();"
        "TRUNCATE bi.seen; INSERT INTO bi.source SELECT g, g FROM generate_series(1, 50) AS g; ANALYZE bi.kept",
    )
    for strategy, change in (
        ("incremental", "INSERT INTO bi.source VALUES (100, 1)"),
        ("incremental", "UPDATE bi.source SET n = 7 WHERE id < 4"),
        ("difference", "TRUNCATE bi.source; INSERT INTO bi.source VALUES (5, 5)"),
    ):
        _as(as_view_owner, change)
        _as(as_view_owner, "DELETE FROM bi.seen")
        _distribute(roles)
        entry = _refresh(view)
        assert entry == (strategy, None), roles[0].rows("SELECT reason FROM bi_refresh.mv_refresh_log")
        assert _as(as_view_owner, "SELECT DISTINCT who, can_write FROM bi.seen") == [(as_view_owner.role, False)]
    assert _as(as_view_owner, "SELECT count(*) FROM bi.kept") == [(1,)]


_REPLACE = """
    CREATE OR REPLACE FUNCTION bi_refresh_as_owner.maintain_1(statement text, returns_value boolean) RETURNS jsonb
    LANGUAGE sql AS 'SELECT NULL::jsonb'
"""
_ATTEMPTS = (
    "ALTER FUNCTION bi_refresh_as_owner.maintain_1(text, boolean) SECURITY INVOKER",
    _REPLACE,
    "SELECT bi_refresh_as_owner.maintain_1('SELECT 1', false)",
    "DELETE FROM bi_refresh_incremental.pending_1",
    "SELECT bi_refresh.execute_as_owner(1, 'SELECT 1')",
    "CREATE TABLE bi_refresh_incremental.mine ()",
)


def test_the_views_owner_reaches_nothing_of_it(roles: tuple[DatabaseAs, DatabaseAs, DatabaseAs]) -> None:
    _keep(roles)
    for attempt in _ATTEMPTS:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            _as(roles[1], attempt)


def test_what_would_act_with_other_rights_is_not_called(roles: tuple[DatabaseAs, DatabaseAs, DatabaseAs]) -> None:
    view = _keep(roles)
    _as(roles[1], "INSERT INTO bi.source VALUES (1, 1)")
    _as(roles[0], "GRANT USAGE ON SCHEMA bi_refresh_as_owner TO PUBLIC")
    assert "may use the schema bi_refresh_as_owner" in _refresh(view)[1]
    _as(roles[0], "REVOKE USAGE ON SCHEMA bi_refresh_as_owner FROM PUBLIC")
    _as(roles[0], "ALTER FUNCTION bi_refresh_as_owner.maintain_1(text, boolean) SECURITY INVOKER")
    assert "nothing allows refreshes of bi.kept to act as" in _refresh(view)[1]
    superuser = Database(roles[0].server, roles[0].name)
    superuser.execute("ALTER FUNCTION bi_refresh_as_owner.maintain_1(text, boolean) SECURITY DEFINER")
    superuser.execute("ALTER TABLE bi.kept OWNER TO postgres")
    assert "nothing allows refreshes of bi.kept to act as postgres, who owns it now" in _refresh(view)[1]


def _distribute(roles: tuple[DatabaseAs, DatabaseAs, DatabaseAs]) -> None:
    _as(roles[0], "SELECT bi_refresh.distribute_changes()")


def _refresh(view: KeptView) -> tuple[Any, ...]:
    """As a refresher's task does; what became of it and what went wrong."""
    with psycopg.connect(view.database.dsn, autocommit=True) as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        connection.execute("SELECT * FROM bi_refresh.refresh_bi_views(%s::text[])", [[view.name]])
        connection.execute("COMMIT")
    return view.database.rows("SELECT strategy, error FROM bi_refresh.mv_refresh_log ORDER BY id DESC LIMIT 1")[0]
