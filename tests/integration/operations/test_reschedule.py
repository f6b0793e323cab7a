"""reschedule(): another schedule for views, until another one is declared."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from refresh_task.catalog import read_views
from refresh_task.model import DueBy, Plan
from refresh_task.plan import make_plan
from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.fix_views import make_view

OVERRIDES = "SELECT view_name, schedule_override FROM bi_refresh.view_policy ORDER BY 1"
RESCHEDULE = "SELECT bi_refresh.reschedule(%s, %s, %s)"
HALF_PAST_TWO = [{"cron": "30 2 * * *", "time_zone": "America/Bogota"}]
NOW = datetime(2026, 6, 1, 7, 35, tzinfo=UTC)  # 02:35 in Bogota


@pytest.fixture
def views(database: Database, tmp_path: Path, command_line: CommandLine) -> Database:
    """public.a and b, daily at 01:00 in Bogota, and refreshed today at five past."""
    for name in "ab":
        make_view(database, name)
    _declare(database, tmp_path, command_line)
    database.execute(
        "INSERT INTO bi_refresh.view_state"
        " (view_name, view_oid, data_timestamp, global_data_timestamp, refreshed_at, last_success_at)"
        " SELECT p.view_name, p.view_name::regclass, t.moment, t.moment, t.moment, t.moment"
        " FROM bi_refresh.view_policy AS p, (SELECT timestamptz '2026-06-01 06:05Z' AS moment) AS t"
    )
    return database


def _declare(
    database: Database, folder: Path, command_line: CommandLine, *, schedule: str = "0 1 * * *", more: str = ""
) -> None:
    entries = (f'[[view]]\nname = "public.{name}"\nschedule = "{schedule}"\n{more}\n' for name in "ab")
    (folder / "views.toml").write_text(f'[defaults]\ntime_zone = "America/Bogota"\n{"".join(entries)}')
    assert command_line(database, "apply", "--file", str(folder / "views.toml")).exit_code == 0


def _plan(database: Database) -> Plan:
    with database.session() as session:
        return make_plan(read_views(session), now=NOW, interval_s=600, default_timeout_s=300)


def test_the_plan_goes_by_the_new_schedule(views: Database) -> None:
    assert _plan(views).steps == ()
    views.rows(RESCHEDULE, ["a"], "30 2 * * *", "America/Bogota")
    assert [(step.view, step.due_by) for step in _plan(views).steps] == [("public.a", DueBy.SCHEDULE)]
    assert views.rows(OVERRIDES) == [("public.a", HALF_PAST_TWO), ("public.b", None)]


def test_it_stays_until_another_schedule_is_declared(
    views: Database, tmp_path: Path, command_line: CommandLine
) -> None:
    views.rows(RESCHEDULE, ["public.a"], "30 2 * * *", "America/Bogota")
    _declare(views, tmp_path, command_line)
    _declare(views, tmp_path, command_line, more='priority = "high"')
    assert views.value("SELECT priority FROM bi_refresh.view_policy WHERE view_name = 'public.a'") == "high"
    assert views.rows(OVERRIDES)[0] == ("public.a", HALF_PAST_TWO)

    _declare(views, tmp_path, command_line, schedule="0 3 * * *", more='priority = "high"')
    assert views.rows(OVERRIDES) == [("public.a", None), ("public.b", None)]
    assert _plan(views).steps == ()


def test_an_unknown_view_is_refused_with_a_near_name_and_nothing_is_changed(views: Database) -> None:
    with pytest.raises(psycopg.errors.UndefinedObject, match=r'"public\.bb" is not a managed view') as refused:
        views.rows(RESCHEDULE, ["a", "public.bb"], "30 2 * * *", "UTC")
    assert refused.value.diag.message_hint == "Did you mean public.b, public.a?"
    assert views.rows(OVERRIDES) == [("public.a", None), ("public.b", None)]


@pytest.mark.parametrize(
    ("cron", "time_zone", "message"),
    [
        ("30 2 * *", "UTC", "does not have the five fields"),
        ("30 2 * * * *", "UTC", "does not have the five fields"),
        ("@daily", "UTC", "does not have the five fields"),
        ("30  2 * * *", "UTC", "does not have the five fields"),
        (None, "UTC", "does not have the five fields"),
        ("30 2 * * *", "Mars", "is not a time zone"),
        ("30 2 * * *", None, "is not a time zone"),
    ],
)
def test_what_would_stop_every_run_is_refused(
    views: Database, cron: str | None, time_zone: str | None, message: str
) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=message):
        views.rows(RESCHEDULE, ["a"], cron, time_zone)
    assert views.rows(OVERRIDES)[0] == ("public.a", None)
