"""The policies: what they say, when they make the views due, and that the checks hold bad contents back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from refresh_task.model import DueBy, Schedule, View
from refresh_task.policies import read_views_files
from tests.fix_database import Database
from tests.fix_task import CRON, RunTask
from tests.fix_views import last_statuses
from tests.integration.teloo.system import KEYS, MONTHS, RANKING, SYSTEM, generate
from tests.unit.plan.generated import plan, view

FILE = SYSTEM / "views.toml"
RUN = timedelta(minutes=10)


def views(known: datetime | None) -> list[View]:
    """Both as the catalog has them, with the declared policies and data of that moment."""
    declared = read_views_files([FILE]).views
    return [
        view(
            name,
            target_lag=policy.target_lag,
            schedules=policy.schedules,
            group=policy.group,
            statement_timeout=policy.timeout,
            data_timestamp=known,
            global_data_timestamp=known,
            refreshed_at=known,
            p50_s=0.2,
            p95_s=0.5,
        )
        for name, policy in declared.items()
    ]


def refreshes(start: datetime, days: int) -> Iterator[tuple[datetime, set[DueBy]]]:
    """The runs that refresh both, every ten minutes from `start`."""
    known: datetime | None = None
    for runs in range(days * 24 * 6):
        now = start + runs * RUN
        made = plan(*views(known), now=now)
        assert len(made.steps) in (0, 2)  # one group
        if made.steps:
            yield now, {step.due_by for step in made.steps}
            known = now + timedelta(seconds=1)


def test_both_are_due_once_a_day_at_one_in_the_morning_in_bogota() -> None:
    start = datetime(2026, 2, 26, 12, tzinfo=UTC)  # over the end of a month
    first, *others = refreshes(start, days=5)
    assert first == (start, {DueBy.NEVER_REFRESHED})
    days = [datetime(2026, 2, 27, 6, tzinfo=UTC) + timedelta(days=n) for n in range(5)]
    assert others == [(day, {DueBy.SCHEDULE}) for day in days]


def test_runs_that_do_not_meet_the_minute_refresh_in_the_first_one_after_it() -> None:
    _, *others = refreshes(datetime(2026, 2, 26, 12, 7, tzinfo=UTC), days=3)
    assert [moment.strftime("%H:%M") for moment, _ in others] == ["06:07", "06:07", "06:07"]


def test_the_policies_are_those_of_the_document() -> None:
    declared = read_views_files([FILE]).views
    assert set(declared) == set(KEYS)
    for policy in declared.values():
        assert policy.schedules == (Schedule("0 1 * * *", "America/Bogota"),)
        assert (policy.target_lag, policy.timeout) == (timedelta(hours=24, minutes=30), timedelta(minutes=2))
        assert policy.group == "teloo"


@pytest.fixture
def declared_database(teloo_database: Database, vistafresca: RunTask) -> Database:
    """With sample data and the policies applied."""
    with teloo_database.connect() as connection:
        generate(connection, 500)
    applied = vistafresca(teloo_database, "apply", "--file", str(FILE))
    assert applied.exit_code == 0, applied.stderr
    return teloo_database


def test_a_run_refreshes_both_as_of_one_moment_and_the_next_one_neither(
    declared_database: Database, run_task: RunTask, vistafresca: RunTask
) -> None:
    first = run_task(declared_database, **CRON)
    assert first.exit_code == 0, first.stderr
    log = "SELECT view_name, status, data_timestamp, rows_total FROM bi_refresh.mv_refresh_log ORDER BY view_name"
    (months, ranking) = declared_database.rows(log)
    assert months[:2] == (MONTHS, "completed")
    assert ranking[:2] == (RANKING, "completed")
    assert months[2] == ranking[2]
    assert ranking[3] == 60

    second = run_task(declared_database, **CRON)
    assert second.exit_code == 0
    assert len(declared_database.rows(log)) == 2  # not due again

    # Asked for all the same, they are found unchanged: not one row is written.
    contents = {name: declared_database.rows(f"SELECT ctid, xmin, t.* FROM {name} AS t ORDER BY ctid") for name in KEYS}
    asked = vistafresca(declared_database, "refresh", *KEYS)
    assert asked.exit_code == 0, asked.stderr
    newest = declared_database.rows("SELECT status FROM bi_refresh.mv_refresh_log ORDER BY id DESC LIMIT 2")
    assert newest == [("skipped",), ("skipped",)]
    for name in KEYS:
        assert declared_database.rows(f"SELECT ctid, xmin, t.* FROM {name} AS t ORDER BY ctid") == contents[name]


def test_a_score_that_no_view_reads_changes_nothing(declared_database: Database, vistafresca: RunTask) -> None:
    assert vistafresca(declared_database, "refresh", *KEYS).exit_code == 0
    declared_database.execute("UPDATE teloo.evaluaciones SET puntaje_precio = 1")
    declared_database.execute("UPDATE teloo.asesores SET nivel_actual = 5 - nivel_actual")
    assert vistafresca(declared_database, "refresh", *KEYS).exit_code == 0
    newest = (
        "SELECT DISTINCT ON (view_name) view_name, status FROM bi_refresh.mv_refresh_log ORDER BY view_name, id DESC"
    )
    assert declared_database.rows(newest) == [(MONTHS, "skipped"), (RANKING, "completed")]


def test_the_checks_keep_the_last_good_rows_when_the_tables_are_wiped(
    declared_database: Database, run_task: RunTask, vistafresca: RunTask
) -> None:
    assert run_task(declared_database, **CRON).exit_code == 0
    declared_database.execute("TRUNCATE teloo.notificaciones, teloo.evaluaciones, teloo.ofertas, teloo.solicitudes")
    refused = vistafresca(declared_database, "refresh", *KEYS)
    assert refused.exit_code == 1
    assert declared_database.value(f"SELECT count(*) FROM {MONTHS}") in (14, 15)


def test_an_empty_system_is_refreshed_without_an_alarm(
    teloo_database: Database, run_task: RunTask, vistafresca: RunTask
) -> None:
    assert vistafresca(teloo_database, "apply", "--file", str(FILE)).exit_code == 0
    assert run_task(teloo_database, **CRON).exit_code == 0
    assert [teloo_database.value(f"SELECT count(*) FROM {name}") for name in KEYS] == [0, 0]
