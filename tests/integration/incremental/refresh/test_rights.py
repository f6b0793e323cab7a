"""Three roles: the owner of bi_refresh, the owner of the view, and whoever refreshes. What the view's owner wrote runs
with the view owner's rights and no others."""

from __future__ import annotations

import psycopg
import pytest

from tests.fix_database import Database
from tests.integration.incremental.refresh.spied import Roles, keep_spied, refresh_as_task, run_as


def test_what_the_views_owner_wrote_runs_as_the_views_owner(
    roles: Roles,
) -> None:
    """Definition, key expressions, triggers and index expressions; slice by slice, in full, and for samples."""
    _, as_view_owner, _ = roles
    view = keep_spied(roles)
    run_as(
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
        run_as(as_view_owner, change)
        run_as(as_view_owner, "DELETE FROM bi.seen")
        _distribute(roles)
        entry = refresh_as_task(view)
        assert entry == (strategy, None), roles[0].rows("SELECT reason FROM bi_refresh.mv_refresh_log")
        assert run_as(as_view_owner, "SELECT DISTINCT who, can_write FROM bi.seen") == [(as_view_owner.role, False)]
    assert run_as(as_view_owner, "SELECT count(*) FROM bi.kept") == [(1,)]


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


def test_the_views_owner_reaches_nothing_of_it(roles: Roles) -> None:
    keep_spied(roles)
    for attempt in _ATTEMPTS:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run_as(roles[1], attempt)


def test_what_would_act_with_other_rights_is_not_called(roles: Roles) -> None:
    view = keep_spied(roles)
    run_as(roles[1], "INSERT INTO bi.source VALUES (1, 1)")
    run_as(roles[0], "GRANT USAGE ON SCHEMA bi_refresh_as_owner TO PUBLIC")
    assert "may use the schema bi_refresh_as_owner" in refresh_as_task(view)[1]
    run_as(roles[0], "REVOKE USAGE ON SCHEMA bi_refresh_as_owner FROM PUBLIC")
    run_as(roles[0], "ALTER FUNCTION bi_refresh_as_owner.maintain_1(text, boolean) SECURITY INVOKER")
    assert "nothing allows refreshes of bi.kept to act as" in refresh_as_task(view)[1]
    superuser = Database(roles[0].server, roles[0].name)
    superuser.execute("ALTER FUNCTION bi_refresh_as_owner.maintain_1(text, boolean) SECURITY DEFINER")
    superuser.execute("ALTER TABLE bi.kept OWNER TO postgres")
    assert "nothing allows refreshes of bi.kept to act as postgres, who owns it now" in refresh_as_task(view)[1]


def _distribute(roles: Roles) -> None:
    run_as(roles[0], "SELECT bi_refresh.distribute_changes()")
