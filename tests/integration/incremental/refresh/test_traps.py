"""What the code of a view's owner may leave behind in a session, and what a refresh does to the caller's transaction.
Plain REFRESH MATERIALIZED VIEW forbids or undoes all of it."""

from __future__ import annotations

import psycopg
import pytest

from refresh_task.incremental import enable
from refresh_task.incremental.proofs import keep_proofs
from tests.fix_database import Database
from tests.fix_roles import MakeRole
from tests.integration.incremental.refresh.kept import Kept, KeptView, Reads, keep
from tests.integration.incremental.refresh.spied import SPY, Roles, keep_spied, refresh_as_task, run_as

# Operators that our own code uses, by the path that the owner leaves.
_OPERATORS = """
    CREATE FUNCTION bi.sprung(a integer, b integer) RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM bi.write_down();
        RETURN a OPERATOR(pg_catalog.=) b;
    END $$;
    CREATE OPERATOR bi.= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = bi.sprung);
    CREATE FUNCTION bi.sprung(a bigint, b integer) RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM bi.write_down();
        RETURN a OPERATOR(pg_catalog.>) b;
    END $$;
    CREATE OPERATOR bi.> (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = bi.sprung);
"""
_TRIGGER = """
    CREATE FUNCTION bi.trick() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN NULL; END $$;
    CREATE TRIGGER trick AFTER INSERT OR UPDATE ON bi.kept FOR EACH STATEMENT EXECUTE FUNCTION bi.trick();
    INSERT INTO bi.source SELECT g, g FROM generate_series(1, 50) AS g
"""


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("PERFORM set_config('search_path', 'bi, pg_catalog', false)", "changed search_path and did not put it back"),
        (
            "PERFORM set_config('TimeZone', 'Asia/Tokyo', false)",
            "changed a setting and did not put it back: TimeZone is now Asia/Tokyo",
        ),
        ("EXECUTE 'DECLARE c CURSOR WITH HOLD FOR SELECT bi.write_down()'", "declared a cursor WITH HOLD"),
        ("CREATE DOMAIN pg_temp.word AS text CHECK (VALUE <> '')", "left something temporary behind: type"),
        ("CREATE TEMP TABLE audit (at timestamptz)", "left something temporary behind: table audit"),
    ],
)
def test_what_the_owners_code_leaves_behind_is_an_error_and_is_undone(roles: Roles, body: str, words: str) -> None:
    _, as_view_owner, as_refresher = roles
    view = keep_spied(roles)
    run_as(as_view_owner, _OPERATORS + _TRIGGER.format(body=body))
    run_as(roles[0], "SELECT bi_refresh.distribute_changes()")
    run_as(as_view_owner, "DELETE FROM bi.seen")
    with psycopg.connect(as_refresher.dsn, autocommit=True) as session:
        before = session.execute("SELECT current_setting('search_path'), current_setting('TimeZone')").fetchall()
        _, error = refresh_as_task(view, session)
        assert words in error
        (remedy,) = run_as(roles[0], "SELECT remedy FROM bi_refresh.mv_refresh_log ORDER BY id DESC LIMIT 1")[0]
        assert "vistafresca incremental disable bi.kept" in remedy
        assert "GRANT" not in remedy
        assert (
            session.execute("SELECT current_setting('search_path'), current_setting('TimeZone')").fetchall() == before
        )
        assert session.execute("SELECT count(*) FROM pg_cursors WHERE is_holdable").fetchall() == [(0,)]
        assert session.execute("SELECT to_regclass('pg_temp.audit')").fetchall() == [(None,)]
    assert {who for (who,) in run_as(as_view_owner, "SELECT who FROM bi.seen")} <= {as_view_owner.role}
    assert run_as(as_view_owner, "SELECT count(*) FROM bi.kept") == [(0,)]
    run_as(as_view_owner, "DROP TRIGGER trick ON bi.kept")
    assert refresh_as_task(view)[1] is None


def test_an_immutable_function_of_the_definition_is_no_way_around(roles: Roles) -> None:
    _, as_view_owner, _ = roles
    view = keep_spied(roles)
    run_as(
        as_view_owner,
        """CREATE OR REPLACE FUNCTION bi.spy(value integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
        BEGIN PERFORM set_config('search_path', 'bi, pg_catalog', false); RETURN value; END $$;
        INSERT INTO bi.source VALUES (1, 1)""",
    )
    run_as(roles[0], "SELECT bi_refresh.distribute_changes()")
    assert "changed search_path" in refresh_as_task(view)[1]


def test_a_run_proves_anew_with_the_owners_rights(roles: Roles) -> None:
    """Planning folds functions that are marked IMMUTABLE."""
    as_owner, as_view_owner, _ = roles
    run_as(
        as_view_owner,
        f"""{SPY}; INSERT INTO bi.source SELECT g, g FROM generate_series(1, 50) AS g;
        CREATE MATERIALIZED VIEW bi.mv AS SELECT id, n FROM bi.source WHERE n <> bi.spy(7);
        CREATE UNIQUE INDEX ON bi.mv (id)""",
    )
    run_as(as_owner, "INSERT INTO bi_refresh.view_policy (view_name) VALUES ('bi.mv')")
    with as_owner.session() as session:
        enable(session, "bi.mv")
    run_as(as_view_owner, "ALTER TABLE bi.source ALTER n SET NOT NULL; TRUNCATE bi.seen")
    with as_owner.session() as session:
        (remark,) = keep_proofs(session)
    assert "was proved anew" in remark.message
    assert run_as(as_view_owner, "SELECT DISTINCT who FROM bi.seen") == [(as_view_owner.role,)]


def test_what_changes_no_result_may_be_set(roles: Roles) -> None:
    _, as_view_owner, _ = roles
    view = keep_spied(roles)
    run_as(as_view_owner, _TRIGGER.format(body="PERFORM set_config('work_mem', '8MB', true)"))
    run_as(roles[0], "SELECT bi_refresh.distribute_changes()")
    assert refresh_as_task(view)[1] is None


def test_settings_that_a_library_brings_along_are_no_change(database: Database) -> None:
    """One that is loaded by the first refresh of a session."""
    with database.connect() as session:
        session.execute(
            "CREATE TABLE kept AS SELECT settings - 'TimeZone' AS settings, objects FROM bi_refresh.session_state()"
        )
        session.execute("SELECT bi_refresh.require_session_state(k) FROM kept AS k")
        session.execute("SET TimeZone = 'Asia/Tokyo'")
        session.execute("SELECT bi_refresh.require_session_state(k) FROM kept AS k")
        session.execute("SET DateStyle = 'German'")
        with pytest.raises(psycopg.errors.ProhibitedSqlStatementAttempted, match="DateStyle is now German"):
            session.execute("SELECT bi_refresh.require_session_state(k) FROM kept AS k")


def test_callers_own_cursors_and_temporary_tables_are_his_own(database: Database) -> None:
    view = _simple(database)
    with database.connect() as session:
        session.execute("CREATE TEMP TABLE mine (i integer)")
        session.execute("DECLARE c CURSOR WITH HOLD FOR SELECT 1")
        assert refresh_as_task(view, session) == ("incremental", None)


def test_callers_deferred_constraints_stay_deferred(database: Database) -> None:
    view = _simple(database)
    database.execute("CREATE TABLE p (id integer PRIMARY KEY)")
    database.execute("CREATE TABLE c (id integer REFERENCES p DEFERRABLE INITIALLY DEFERRED)")
    with database.connect() as session:
        session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        session.execute("INSERT INTO c VALUES (1)")
        ((_, _, status),) = session.execute(
            "SELECT * FROM bi_refresh.refresh_bi_views(ARRAY['public.kept'])"
        ).fetchall()
        assert status == "SUCCESS"
        session.execute("INSERT INTO c VALUES (2)")
        session.execute("INSERT INTO p VALUES (1), (2)")
        session.execute("COMMIT")
    assert view.differing() == {}


def test_a_callers_deferred_trigger_does_not_run_as_the_owner(roles: Roles) -> None:
    """From PostgreSQL 18 on it runs as whoever it waited for."""
    _, as_view_owner, as_refresher = roles
    view = keep_spied(roles)
    run_as(as_view_owner, "INSERT INTO bi.source VALUES (1, 1)")
    run_as(roles[0], "SELECT bi_refresh.distribute_changes()")
    with psycopg.connect(as_refresher.dsn, autocommit=True) as session:
        session.execute(
            "CREATE TEMP TABLE seen (who name); GRANT ALL ON seen TO PUBLIC; CREATE TEMP TABLE mine (i integer)"
        )
        session.execute(
            "CREATE FUNCTION pg_temp.look() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN INSERT INTO pg_temp.seen VALUES (current_user); RETURN NULL; END'"
        )
        session.execute(
            "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON mine DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION pg_temp.look()"
        )
        session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        session.execute("INSERT INTO mine VALUES (1)")
        if session.info.server_version < 180000:
            with pytest.raises(psycopg.errors.ActiveSqlTransaction, match="runs code of its owner's"):
                session.execute("SELECT * FROM bi_refresh.refresh_bi_views(%s::text[])", [[view.name]])
            session.execute("ROLLBACK")
        else:
            session.execute("SELECT * FROM bi_refresh.refresh_bi_views(%s::text[])", [[view.name]])
            session.execute("COMMIT")
            assert session.execute("SELECT who FROM seen").fetchall() == [(as_refresher.role,)]


def test_the_owners_code_sees_changes_of_no_columns_but_the_views(roles: Roles) -> None:
    as_owner, as_view_owner, as_refresher = roles
    run_as(
        as_owner,
        "CREATE SCHEMA b; CREATE TABLE b.t (id integer, tenant text, iban text);"
        f'GRANT USAGE ON SCHEMA b TO "{as_view_owner.role}";'
        f'GRANT SELECT (id, tenant) ON b.t TO "{as_view_owner.role}"',
    )
    made = keep(
        as_owner,
        "kept",
        Kept("SELECT id, tenant FROM b.t", (Reads("b.t", ("id",), given=("id",)),)),
        schema="bi",
        owner=as_view_owner.role,
    )
    view = KeptView(as_refresher, made.name, made.tables)
    run_as(
        as_view_owner,
        """CREATE TABLE bi.loot (row text);
        CREATE FUNCTION bi.steal() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO bi.loot SELECT c::text FROM pg_temp.changed_1_1 AS c;
            RETURN NULL;
        END $$;
        CREATE TRIGGER steal AFTER INSERT ON bi.kept FOR EACH STATEMENT EXECUTE FUNCTION bi.steal()""",
    )
    run_as(as_owner, "INSERT INTO b.t VALUES (1000, 'mine', 'DE1')")
    run_as(as_owner, "SELECT bi_refresh.distribute_changes()")
    assert refresh_as_task(view)[1] is None
    assert run_as(as_view_owner, "SELECT * FROM bi.loot") == [("(1,1000)",)]


def test_two_sessions_may_make_functions_for_owners(database: Database, make_role: MakeRole) -> None:
    """They grant and revoke on the same schema."""
    role = make_role()
    database.execute(f'CREATE TABLE s (id integer, n integer); ALTER TABLE s OWNER TO "{role}"')
    for name in ("k1", "k2"):
        keep(database, name, Kept("SELECT id, n FROM s", (Reads("s", ("id",)),)), owner=role)
    with database.connect(autocommit=False) as first, database.connect() as second:
        first.execute("SELECT bi_refresh.make_maintain_function(1)")
        second.execute("SET lock_timeout = '50ms'")
        # it waits instead of failing on the row that the first one is about to commit
        with pytest.raises(psycopg.errors.LockNotAvailable):
            second.execute("SELECT bi_refresh.make_maintain_function(2)")
        first.commit()
        second.execute("SELECT bi_refresh.make_maintain_function(2)")
    database.execute(f'DROP OWNED BY "{role}" CASCADE')


def _simple(database: Database) -> KeptView:
    database.execute("CREATE TABLE s (id integer PRIMARY KEY, n integer)")
    view = keep(database, "kept", Kept("SELECT id, n FROM s", (Reads("s", ("id",)),)))
    view.refresh()
    database.execute("INSERT INTO s VALUES (1, 1)")
    return view
