"""The policies: what they say, when they make the views due, and that the checks hold bad contents back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from psycopg.rows import dict_row

from refresh_task.model import DueBy, Schedule, View
from refresh_task.policies import read_views_files
from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.fix_task import CRON, RunTask
from tests.fix_views import last_statuses
from tests.integration.teloo.system import KEYS, MONTHS, RANKING, SYSTEM, base_query, generate
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
    first, *others = refreshes(start, days=3)
    assert first == (start, {DueBy.NEVER_REFRESHED})
    days = [datetime(2026, 2, 27, 6, tzinfo=UTC) + timedelta(days=n) for n in range(3)]
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
def declared_database(teloo_database: Database, command_line: CommandLine) -> Database:
    """With the policies applied."""
    applied = command_line(teloo_database, "apply", "--file", str(FILE))
    assert applied.exit_code == 0, applied.stderr
    return teloo_database


def fill(database: Database) -> None:
    with database.connect() as connection:
        generate(connection, 500)


def stored(database: Database) -> list[list[tuple[object, ...]]]:
    """Every row version of both."""
    return [database.rows(f"SELECT ctid, xmin, t.* FROM {name} AS t ORDER BY ctid") for name in KEYS]


def test_a_run_refreshes_both_as_of_one_moment_and_the_next_one_neither(
    declared_database: Database, run_task: RunTask, command_line: CommandLine
) -> None:
    fill(declared_database)
    log = "SELECT view_name, status, data_timestamp FROM bi_refresh.mv_refresh_log ORDER BY view_name"
    first = run_task(declared_database, **CRON)
    assert first.exit_code == 0, first.stderr
    (months, ranking) = declared_database.rows(log)
    assert (months[:2], ranking[:2]) == ((MONTHS, "completed"), (RANKING, "completed"))
    assert months[2] == ranking[2]

    assert run_task(declared_database, **CRON).exit_code == 0
    assert declared_database.rows(log) == [months, ranking]  # not due again

    # Asked for all the same, they are found unchanged: not one row is written. Evaluations are read by neither.
    declared_database.execute("UPDATE teloo.evaluaciones SET puntaje_precio = 1")
    before = stored(declared_database)
    assert command_line(declared_database, "refresh", *KEYS).exit_code == 0
    assert last_statuses(declared_database) == {MONTHS: "skipped", RANKING: "skipped"}
    assert stored(declared_database) == before

    declared_database.execute("UPDATE teloo.asesores SET nivel_actual = 5 - nivel_actual")
    assert command_line(declared_database, "refresh", *KEYS).exit_code == 0
    assert last_statuses(declared_database) == {MONTHS: "skipped", RANKING: "completed"}


def test_the_document_s_debug_commands_work_word_for_word(
    declared_database: Database, command_line: CommandLine
) -> None:
    aliases = command_line(declared_database, "migrate", "--public-aliases")
    assert aliases.exit_code == 0, aliases.stderr
    fill(declared_database)
    with declared_database.connect(row_factory=dict_row) as connection:
        ((manual), _) = refreshed = connection.execute("SELECT * FROM refresh_all_mv();").fetchall()
        assert [row["view_name"] for row in refreshed] == [MONTHS, RANKING]
        assert {row["status"] for row in refreshed} == {"completed"}
        assert {row["error_message"] for row in refreshed} == {None}
        assert manual["duration_ms"] >= 0
        counts = [
            row["count"]
            for query in ("SELECT COUNT(*) FROM mv_metricas_mensuales;", "SELECT COUNT(*) FROM mv_ranking_asesores;")
            for row in connection.execute(query.encode()).fetchall()
        ]
        assert [row["rows_affected"] for row in refreshed] == counts
        assert counts[0] in (14, 15)
        assert counts[1] == 60
        stats = connection.execute("SELECT * FROM get_mv_stats();").fetchall()
        assert [(row["view_name"], row["row_count"]) for row in stats] == [(MONTHS, counts[0]), (RANKING, counts[1])]
        assert all(row["is_populated"] and row["has_unique_index"] for row in stats)
        assert [row["last_status"] for row in stats] == ["completed", "completed"]
        connection.execute("SELECT refresh_all_mv();")  # as the document's manual refresh


@pytest.mark.parametrize(
    ("statement", "view"),
    [
        ("TRUNCATE teloo.notificaciones, teloo.evaluaciones, teloo.ofertas, teloo.solicitudes", MONTHS),
        ("TRUNCATE teloo.asesores CASCADE", RANKING),
    ],
)
def test_the_checks_keep_the_last_good_rows_when_a_table_is_wiped(
    declared_database: Database, statement: str, view: str
) -> None:
    fill(declared_database)
    declared_database.execute("SELECT bi_refresh.refresh_bi_views()")
    before = declared_database.value(f"SELECT count(*) FROM {view}")
    declared_database.execute(statement)
    statuses = dict(declared_database.rows("SELECT vista_nombre, status FROM bi_refresh.refresh_bi_views()"))
    assert "max_row_drop_percent" in statuses[view]
    assert declared_database.value(f"SELECT count(*) FROM {view}") == before > 10


def test_an_empty_system_is_refreshed_without_an_alarm(declared_database: Database) -> None:
    statuses = dict(declared_database.rows("SELECT vista_nombre, status FROM bi_refresh.refresh_bi_views()"))
    assert statuses == {MONTHS: "SUCCESS", RANKING: "SUCCESS"}
    assert [declared_database.value(f"SELECT count(*) FROM {name}") for name in KEYS] == [0, 0]


def test_both_are_published_with_the_base_query_to_fall_back_on(declared_database: Database) -> None:
    """That their columns exist, `apply` has checked."""
    published = "SELECT endpoint ->> 'base', endpoint ->> 'order' FROM bi_refresh.view_policy ORDER BY view_name"
    assert declared_database.rows(published) == [
        (base_query(MONTHS), '["-mes"]'),
        (base_query(RANKING), '["ranking_nacional"]'),
    ]
