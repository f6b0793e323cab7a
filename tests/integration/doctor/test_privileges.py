"""May who refreshes do so, and does it see all there is to see."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fix_database import Database
from tests.fix_roles import MakeRole
from tests.integration.doctor.conftest import Diagnose, codes, only


@pytest.fixture
def owned(empty_database: Database, make_role: MakeRole) -> Iterator[tuple[Database, str]]:
    """A database whose view public.v, and the table beneath it, belong to a role of their own; and that role."""
    owner = make_role()
    empty_database.execute(
        f"GRANT CREATE ON SCHEMA public TO {owner}; SET ROLE {owner}; CREATE TABLE t (id integer, tenant text);"
        "INSERT INTO t VALUES (1, 'a'), (2, 'b'); CREATE MATERIALIZED VIEW v AS SELECT id FROM t;"
        f"CREATE UNIQUE INDEX ON v (id); RESET ROLE; REVOKE CREATE ON SCHEMA public FROM {owner}"
    )
    yield empty_database, owner
    empty_database.execute(f"DROP OWNED BY {owner} CASCADE")


def test_a_role_that_may_not_refresh_is_told_which_grant_it_needs(
    owned: tuple[Database, str], make_role: MakeRole, diagnose: Diagnose
) -> None:
    database, owner = owned
    other = make_role()
    found = only(diagnose(database, role=other), "cannot_refresh")
    assert found["what"] == f"{other} may not refresh it: it belongs to {owner}."
    has_maintain = database.value("SELECT current_setting('server_version_num')::integer >= 170000")
    assert found["remedy"] == (
        f"GRANT MAINTAIN ON public.v TO {other};" if has_maintain else f"GRANT {owner} TO {other};"
    )
    database.execute(found["remedy"])
    with database.connect() as connection:
        connection.execute(f"SET ROLE {other}")
        connection.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY v")
    assert "cannot_refresh" not in codes(diagnose(database, role=other))


def test_its_owner_may_refresh_it(owned: tuple[Database, str], diagnose: Diagnose) -> None:
    database, owner = owned
    assert codes(diagnose(database, role=owner), of="public.v") == set()


def test_tables_that_may_not_be_read_are_named(
    owned: tuple[Database, str], make_role: MakeRole, diagnose: Diagnose
) -> None:
    database, _ = owned
    other = make_role()
    found = only(diagnose(database, role=other), "cannot_read_sources")
    assert (found["level"], found["remedy"]) == (
        "advice", f"GRANT SELECT ON public.t TO {other}; (and USAGE on their schemas)",
    )  # fmt: skip
    database.execute(found["remedy"].partition(";")[0])
    assert "cannot_read_sources" not in codes(diagnose(database, role=other))


@pytest.mark.parametrize("query", ["SELECT id FROM t", "SELECT id FROM t WHERE CURRENT_DATE > date '2026-01-01'"])
def test_nothing_is_called_skippable_that_the_role_may_not_look_into(
    owned: tuple[Database, str], make_role: MakeRole, diagnose: Diagnose, query: str
) -> None:
    """Neither at will nor until midnight: it is refreshed every time, as the line about the privilege says."""
    database, _ = owned
    other = make_role()
    database.execute(f"CREATE MATERIALIZED VIEW w AS {query}; CREATE UNIQUE INDEX ON w (id)")

    def said() -> list[str]:
        return [found["what"] for found in diagnose(database, "public.w", role=other)["findings"]]

    assert f"{other} may not read public.t." in said()
    assert not any("skip" in what for what in said())
    database.execute(f"GRANT SELECT ON t TO {other}")
    assert any("skip" in what for what in said())


def test_what_a_role_may_not_see_is_said_to_be_unchecked(
    owned: tuple[Database, str], make_role: MakeRole, diagnose: Diagnose
) -> None:
    database, _ = owned
    other = make_role()
    assert diagnose(database, role=other)["not_checked"] == [
        f"transactions of other roles: GRANT pg_read_all_stats TO {other};",
        f"candidate keys and NULLs in the keys of 1 of 1 views: grant SELECT on them to {other}.",
    ]
    database.execute(f"GRANT pg_read_all_stats TO {other}; GRANT SELECT ON v TO {other}")
    assert diagnose(database, role=other)["not_checked"] == []


def test_a_superuser_should_not_refresh_what_belongs_to_others(owned: tuple[Database, str], diagnose: Diagnose) -> None:
    database, owner = owned
    assert only(diagnose(database), "superuser_refreshes")["what"] == (
        f"Views of {owner} are refreshed by postgres, a superuser."
    )
    assert "superuser_refreshes" not in codes(diagnose(database, role=owner))


def _hide_rows(database: Database, *, from_owner: bool) -> None:
    database.execute(
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY of_tenant ON t USING (tenant = 'a');"
        + ("ALTER TABLE t FORCE ROW LEVEL SECURITY" if from_owner else "")
    )


def test_rows_hidden_from_the_views_owner_are_a_problem(owned: tuple[Database, str], diagnose: Diagnose) -> None:
    """And it is so: a refresh keeps only the rows that the owner may see."""
    database, owner = owned
    _hide_rows(database, from_owner=True)
    found = only(diagnose(database), "row_security")
    assert found["what"] == f"public.t is read as {owner}, who is under its row-level security."
    assert (found["level"], f"ALTER ROLE {owner} BYPASSRLS" in found["remedy"]) == ("problem", True)
    database.execute("REFRESH MATERIALIZED VIEW v")
    assert database.value("SELECT count(*) FROM v") == 1


def test_a_tables_owner_is_not_under_its_security_unless_forced(
    owned: tuple[Database, str], diagnose: Diagnose
) -> None:
    database, _ = owned
    _hide_rows(database, from_owner=False)
    assert "row_security" not in codes(diagnose(database))


def test_beneath_an_ordinary_view_its_owner_counts(
    owned: tuple[Database, str], make_role: MakeRole, diagnose: Diagnose
) -> None:
    """The matview's owner may see nothing of the table; the ordinary view between belongs to one who sees all."""
    database, owner = owned
    reader = make_role()
    _hide_rows(database, from_owner=False)
    database.execute(
        f"CREATE VIEW between AS SELECT id FROM t; ALTER VIEW between OWNER TO {owner};"
        f"GRANT SELECT ON between, t TO {reader}; CREATE MATERIALIZED VIEW through AS SELECT id FROM between;"
        f"CREATE MATERIALIZED VIEW straight AS SELECT id FROM t;"
        f"ALTER MATERIALIZED VIEW through OWNER TO {reader}; ALTER MATERIALIZED VIEW straight OWNER TO {reader}"
    )
    report = diagnose(database)
    assert only(report, "row_security")["view"] == "public.straight"
    database.execute("REFRESH MATERIALIZED VIEW through; REFRESH MATERIALIZED VIEW straight")
    assert database.rows("SELECT (SELECT count(*) FROM through), (SELECT count(*) FROM straight)") == [(2, 1)]
    database.execute(f"DROP OWNED BY {reader} CASCADE")
