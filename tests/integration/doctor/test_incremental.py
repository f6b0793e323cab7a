"""How views that were enabled for incremental refresh fare, and which others are worth enabling."""

from __future__ import annotations

import pytest

from refresh_task.inspection import incremental
from tests.fix_database import Database
from tests.fix_maintained import make_maintained_view
from tests.fix_roles import MakeRole
from tests.fix_views import make_view
from tests.integration.doctor.conftest import Diagnose, codes, only

STRUCTURE = "UPDATE bi_refresh.maintained_table SET structure = 'known'"


@pytest.fixture
def enabled(database: Database) -> Database:
    """An enabled view, and one of its stages."""
    make_maintained_view(
        database, "b", query="SELECT id, label FROM {step}", stages={"step": "SELECT id, label FROM source"}
    )
    database.execute(STRUCTURE)
    return database


def _refreshed(database: Database, strategy: str, times: int, reason: str | None = None) -> None:
    database.execute(
        "INSERT INTO bi_refresh.mv_refresh_log (view_name, trigger_type, triggered_by, status, strategy, reason,"
        " started_at, finished_at, duration_ms) SELECT 'public.b', 'cron', 'test', 'completed', %s, %s, now(), now(),"
        " 9000 FROM generate_series(1, %s)",
        strategy, reason, times,
    )  # fmt: skip


def test_an_enabled_view_is_a_view_as_it_should_be(enabled: Database, diagnose: Diagnose) -> None:
    """Neither are its stages views of anybody's, nor needs it what a materialized view needs."""
    _refreshed(enabled, "incremental", 4)
    report = diagnose(enabled)
    assert [view["view"] for view in report["views"]] == ["public.b"]
    assert codes(report, of="public.b") == set()
    assert only(report, "incremental")["what"].endswith("4 of its last 4 refreshes computed only what changed.")
    enabled.execute("DROP INDEX b_key")
    assert "no_unique_index" not in codes(diagnose(enabled))


def test_a_view_that_reads_it_reads_a_managed_view(enabled: Database, diagnose: Diagnose) -> None:
    make_view(enabled, "c", query="SELECT id, label FROM b")
    assert "unmanaged_upstream" not in codes(diagnose(enabled))


def test_a_mismatch_is_a_problem(enabled: Database, diagnose: Diagnose) -> None:
    enabled.execute("UPDATE bi_refresh.incremental_view SET status = 'distrusted', distrust_reason = '2 rows differ'")
    found = only(diagnose(enabled), "incremental_mismatch")
    assert (found["level"], "2 rows differ" in found["what"]) == ("problem", True)
    assert "vistafresca incremental enable public.b" in found["remedy"]


@pytest.mark.parametrize(("status", "verb"), [("enabling", "enable"), ("disabling", "disable")])
def test_what_stopped_halfway_is_said(enabled: Database, diagnose: Diagnose, status: str, verb: str) -> None:
    enabled.execute("UPDATE bi_refresh.incremental_view SET status = %s", status)
    found = only(diagnose(enabled), "incremental_unfinished")
    assert (found["level"], f"vistafresca incremental {verb} public.b" in found["remedy"]) == ("advice", True)
    enabled.execute("UPDATE bi_refresh.incremental_view SET status_since = now() - interval '2 hours'")
    assert only(diagnose(enabled), "incremental_unfinished")["level"] == "problem"


def test_missing_tables_are_named(enabled: Database, diagnose: Diagnose) -> None:
    enabled.execute("DROP TABLE bi_refresh_incremental.table_1 CASCADE")
    found = only(diagnose(enabled), "incremental_tables_missing")
    assert "stage step" in found["what"]


def test_a_lost_trigger_is_a_problem_with_its_remedy(database: Database, diagnose: Diagnose) -> None:
    """Whoever disabled it finds it enabled again."""
    database.execute("CREATE TABLE source (id integer, label text)")
    make_maintained_view(database, "b")
    database.execute(STRUCTURE)
    database.execute(
        "INSERT INTO bi_refresh.maintained_source (table_id, capture_id, slice, layout) SELECT m.id, c.id, 1, c.layout"
        " FROM bi_refresh.maintained_table AS m CROSS JOIN bi_refresh.capture_table('source'::regclass, '{id}') AS c"
    )
    assert "changes_not_captured" not in codes(diagnose(database))
    database.execute("ALTER TABLE source DISABLE TRIGGER bi_refresh_capture_insert_1")
    found = only(diagnose(database), "changes_not_captured")
    assert found["level"] == "problem"
    assert "bi_refresh_capture_insert" in found["what"]
    database.execute(found["remedy"])
    assert "changes_not_captured" not in codes(diagnose(database))


def test_changes_that_nobody_reads(database: Database, diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch) -> None:
    database.execute("CREATE TABLE source (id integer, label text)")
    make_maintained_view(database, "b")
    database.execute(STRUCTURE)
    database.execute(
        "INSERT INTO bi_refresh.maintained_source (table_id, capture_id, slice, layout) SELECT m.id, c.id, 1, c.layout"
        " FROM bi_refresh.maintained_table AS m CROSS JOIN bi_refresh.capture_table('source'::regclass, '{id}') AS c"
    )
    database.execute("INSERT INTO source SELECT i, 'x' FROM generate_series(1, 1000) AS i")
    database.execute("VACUUM bi_refresh_incremental.log_1")
    assert "changes_pile_up" not in codes(diagnose(database))
    monkeypatch.setattr(incremental, "MUCH_WAITING_BYTES", 8192)
    assert only(diagnose(database), "changes_pile_up")["level"] == "advice"
    monkeypatch.undo()
    database.execute("UPDATE bi_refresh.view_policy SET enabled = false")
    found = only(diagnose(database), "changes_pile_up")
    assert (found["level"], found["remedy"]) == ("problem", "vistafresca incremental disable public.b")


def test_what_is_not_proved_any_more_is_said(enabled: Database, diagnose: Diagnose) -> None:
    enabled.execute("UPDATE bi_refresh.maintained_table SET structure = NULL WHERE stage IS NULL")
    assert only(diagnose(enabled), "incremental_unproved")["level"] == "advice"


def test_a_view_that_gains_nothing_is_pointed_out_with_why(enabled: Database, diagnose: Diagnose) -> None:
    _refreshed(enabled, "incremental", 3)
    _refreshed(enabled, "difference", 3, "in full: a change of public.source may touch every row")
    assert "mostly_in_full" not in codes(diagnose(enabled))
    _refreshed(enabled, "difference", 1, "in full: a change of public.source may touch every row")
    found = only(diagnose(enabled), "mostly_in_full")
    assert found["what"].startswith(
        "4 of its last 7 refreshes were computed in full, the last one thus: in full: a change"
    )


def test_what_is_asked_for_and_not_enabled(database: Database, diagnose: Diagnose) -> None:
    make_view(database, "b")
    assert "incremental_not_enabled" not in codes(diagnose(database))
    database.execute("UPDATE bi_refresh.view_policy SET refresh_mode = 'incremental'")
    found = only(diagnose(database), "incremental_not_enabled")
    assert found["remedy"] == "vistafresca incremental enable public.b"


def test_a_slow_view_whose_changes_touch_slices_is_worth_enabling(database: Database, diagnose: Diagnose) -> None:
    """Proved by the planner, with what it would bring; one whose changes touch everything is not proposed."""
    make_view(database, "b", query="SELECT id, count(*) AS n FROM source GROUP BY id")
    assert "incremental_candidate" not in codes(diagnose(database))
    _refreshed(database, "concurrent", 2)
    found = only(diagnose(database), "incremental_candidate")
    assert found["remedy"] == "vistafresca incremental explain public.b"
    assert "A changed row of public.source touches only a slice of it" in found["what"]
    assert "faster" in found["why"]
    database.execute(
        "DROP MATERIALIZED VIEW b; CREATE MATERIALIZED VIEW b AS"
        " SELECT s.id, o.total FROM source AS s, (SELECT count(*) AS total FROM source) AS o;"
        "CREATE UNIQUE INDEX b_key ON b (id)"
    )
    assert "incremental_candidate" not in codes(diagnose(database))


def test_who_may_not_look_is_told_nothing_wrong(enabled: Database, diagnose: Diagnose, make_role: MakeRole) -> None:
    """Without the right to read bi_refresh it is no view at all, as far as can be known; its tables are nobody's."""
    report = diagnose(enabled, role=make_role())
    assert report["views"] == []
    assert any("bi_refresh" in text for text in report["not_checked"])
