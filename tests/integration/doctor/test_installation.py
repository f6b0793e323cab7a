"""bi_refresh itself, what it manages, and what pg_cron does besides."""

from __future__ import annotations

import pytest

from tests.fix_database import Database
from tests.fix_roles import MakeRole
from tests.fix_views import make_view
from tests.integration.doctor.conftest import Diagnose, codes, only


def test_nothing_has_to_be_installed(empty_database: Database, diagnose: Diagnose) -> None:
    report = diagnose(empty_database)
    assert only(report, "not_installed")["remedy"] == "vistafresca migrate"
    assert report["server"]["installed"] is False


def test_an_up_to_date_schema_is_no_news(database: Database, diagnose: Diagnose) -> None:
    make_view(database, "a")
    assert codes(diagnose(database)) & {"not_installed", "schema_outdated", "not_granted", "not_managed"} == set()


def test_an_older_schema_is_a_problem(database: Database, diagnose: Diagnose) -> None:
    database.execute("UPDATE bi_refresh.migration SET version_num = 'bi_refresh_0001'")
    found = only(diagnose(database), "schema_outdated")
    assert found["what"].startswith("bi_refresh is at bi_refresh_0001, and this command needs bi_refresh_0")
    assert found["level"] == "problem"


def test_a_role_without_grants_can_ask_and_is_told_what_it_cannot_see(
    database: Database, diagnose: Diagnose, make_role: MakeRole
) -> None:
    make_view(database, "a")
    role = make_role()
    report = diagnose(database, role=role)
    found = only(report, "not_granted")
    assert f"GRANT bi_refresh_refresher TO {role};" in found["remedy"]
    assert any(f"GRANT bi_refresh_reader TO {role};" in text for text in report["not_checked"])
    # Who refreshes is the owner of bi_refresh, whoever asks.
    assert report["server"]["refresher"] == "postgres"
    assert "cannot_refresh" not in codes(report)

    database.execute(f"GRANT bi_refresh_refresher TO {role}")
    assert "not_granted" not in codes(diagnose(database, role=role))


def test_a_view_without_a_policy_is_named(database: Database, diagnose: Diagnose) -> None:
    make_view(database, "a")
    database.execute('CREATE MATERIALIZED VIEW "The View" AS SELECT 1 AS id')
    found = only(diagnose(database), "not_managed")
    assert found["view"] == 'public."The View"'
    assert '[[view]] name = "public.\\"The View\\""' in found["remedy"]


def test_a_view_made_from_an_unmanaged_one_is_a_problem(database: Database, diagnose: Diagnose) -> None:
    database.execute("CREATE MATERIALIZED VIEW base AS SELECT 1 AS id; CREATE VIEW between AS SELECT id FROM base")
    make_view(database, "a", query="SELECT id FROM between")
    make_view(database, "b", query="SELECT id FROM a")
    report = diagnose(database)
    assert [finding["view"] for finding in report["findings"] if finding["code"] == "unmanaged_upstream"] == [
        "public.a", "public.b",
    ]  # fmt: skip
    database.manage("public.base")
    assert "unmanaged_upstream" not in codes(diagnose(database))


@pytest.fixture
def with_cron(database: Database) -> Database:
    """A view, and jobs as pg_cron keeps them (the extension itself is not among these binaries)."""
    make_view(database, "a")
    database.execute(
        "CREATE SCHEMA cron;"
        "CREATE TABLE cron.job (jobid bigint, schedule text, command text, database text, active boolean);"
        "INSERT INTO cron.job SELECT 7, '*/5 * * * *', 'REFRESH MATERIALIZED VIEW CONCURRENTLY public.a', "
        "current_database(), true"
    )
    return database


def test_a_cron_job_that_refreshes_the_same_view_is_double_work(with_cron: Database, diagnose: Diagnose) -> None:
    found = only(diagnose(with_cron), "refreshed_by_cron")
    assert found["view"] == "public.a"
    assert "job 7 (*/5 * * * *)" in found["what"]
    assert found["remedy"] == "SELECT cron.unschedule(7);"


@pytest.mark.parametrize(
    "change", ["active = false", "database = 'another'", "command = 'REFRESH MATERIALIZED VIEW ab'"]
)
def test_other_cron_jobs_are_not(with_cron: Database, diagnose: Diagnose, change: str) -> None:
    with_cron.execute(f"UPDATE cron.job SET {change}")
    assert "refreshed_by_cron" not in codes(diagnose(with_cron))


def test_jobs_that_a_role_may_not_see_are_not_checked(
    with_cron: Database, diagnose: Diagnose, make_role: MakeRole
) -> None:
    role = make_role("bi_refresh_refresher")
    report = diagnose(with_cron, role=role)
    assert any("GRANT SELECT ON cron.job" in text for text in report["not_checked"])
    assert "refreshed_by_cron" not in codes(report)
