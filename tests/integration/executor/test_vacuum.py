"""VACUUM of views that refreshes left full of dead rows."""

from __future__ import annotations

import pytest

from refresh_task.model import Status, Strategy, VacuumFinished
from tests.fix_database import Database
from tests.fix_roles import MakeRole, dsn_as
from tests.fix_views import make_view
from tests.integration.executor.driver import Executor, outcomes, remarks, step

VIEW = "public.a"
_ROWS = 11_000


@pytest.fixture
def churned(database: Database) -> str:
    """A view whose next refresh changes all its rows: more than 10,000, and more than a fifth."""
    make_view(database, "a")
    database.execute("ALTER MATERIALIZED VIEW a SET (autovacuum_enabled = off)")  # or it may be there first
    database.execute(f"INSERT INTO source SELECT n, 'old' FROM generate_series(1, {_ROWS}) AS n")
    database.rows("SELECT bi_refresh.refresh_bi_views()")
    database.execute("UPDATE source SET label = 'new'")
    database.execute("UPDATE bi_refresh.view_state SET churned_rows = 0")
    return VIEW


def _vacuumed(database: Database) -> tuple[int, int]:
    """How often the view was vacuumed and analyzed by hand."""
    ((vacuums, analyzes),) = database.rows(
        "SELECT vacuum_count, analyze_count FROM pg_stat_all_tables WHERE relname = 'a'"
    )
    return vacuums, analyzes


@pytest.mark.usefixtures("churned")
def test_a_view_full_of_dead_rows_is_vacuumed_after_the_refreshes(database: Database, executor: Executor) -> None:
    events = executor.run(step(VIEW), vacuum=True)
    assert isinstance(events[-1], VacuumFinished)
    assert events[-1].view == VIEW
    database.wait_for("SELECT true FROM pg_stat_all_tables WHERE relname = 'a' AND vacuum_count = 1")
    assert _vacuumed(database) == (1, 1)
    assert database.value("SELECT churned_rows FROM bi_refresh.view_state") == 0
    assert [type(event) for event in executor.run(step(VIEW), vacuum=True)].count(VacuumFinished) == 0


@pytest.mark.usefixtures("churned")
def test_it_can_be_switched_off(database: Database, executor: Executor) -> None:
    executor.run(step(VIEW), vacuum=False)
    assert database.value("SELECT churned_rows >= 10000 FROM bi_refresh.view_state")
    assert _vacuumed(database) == (0, 0)


@pytest.mark.parametrize(
    ("churned_rows", "rows_total", "found"),
    [(9_999, 100, []), (10_000, 100, [VIEW]), (10_000, 60_000, []), (12_000, 60_000, [VIEW]), (10_000, None, [VIEW])],
)
def test_it_pays_from_ten_thousand_dead_rows_and_a_fifth_of_the_view_on(
    churned_rows: int, rows_total: int | None, found: list[str], database: Database
) -> None:
    make_view(database, "a")
    statement = "INSERT INTO bi_refresh.view_state (view_name, churned_rows, rows_total) VALUES (%s, %s, %s)"
    database.execute(statement, VIEW, churned_rows, rows_total)
    with database.session() as control:
        candidates = control.fetch_all("read_vacuum_candidates", views=[VIEW], populated=[])
    assert [row["view"] for row in candidates] == found


def test_a_first_population_is_analyzed(database: Database, executor: Executor) -> None:
    database.execute("CREATE TABLE source (id integer, label text)")
    database.execute("CREATE MATERIALIZED VIEW a AS SELECT id FROM source WITH NO DATA; CREATE UNIQUE INDEX ON a (id)")
    database.manage(VIEW)
    events = executor.run(step(VIEW, strategy=Strategy.EXCLUSIVE), vacuum=True)
    assert isinstance(events[-1], VacuumFinished)


@pytest.mark.usefixtures("churned")
def test_a_reader_inside_a_transaction_neither_waits_nor_makes_us_wait(database: Database, executor: Executor) -> None:
    """Its snapshot is taken after the refresh, so it keeps no dead row; its lock on the view it keeps."""
    assert executor.outcomes(step(VIEW))[VIEW].status is Status.COMPLETED
    with database.connect(autocommit=False) as reader, database.connect() as other_reader:
        reader.execute("SELECT * FROM a LIMIT 1")
        other_reader.execute("SET statement_timeout = '20s'")
        database.execute("UPDATE bi_refresh.view_state SET churned_rows = 20000")
        with executor.database.session() as session:
            assert session.vacuum("public", "a") is None
        assert other_reader.execute("SELECT count(*) FROM a").fetchone() == (_ROWS,)
        assert reader.execute("SELECT count(*) FROM a").fetchone() == (_ROWS,)


@pytest.mark.usefixtures("churned")
def test_dead_rows_that_an_older_transaction_keeps_are_left_for_later(database: Database, executor: Executor) -> None:
    with database.connect(autocommit=False, application_name="report") as old:
        old.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        old.execute("SELECT 1 FROM source LIMIT 1")
        said = remarks(executor.run(step(VIEW), vacuum=True))
        assert f"which session {old.info.backend_pid} (report) keeps from being removed" in said["vacuum_put_off"]
    assert _vacuumed(database) == (0, 0)
    assert database.value("SELECT churned_rows >= 10000 FROM bi_refresh.view_state")


@pytest.mark.usefixtures("churned")
def test_a_view_that_somebody_has_locked_is_left_for_later(database: Database) -> None:
    with database.connect(autocommit=False) as other, database.session() as session:
        other.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY a")
        refusal = session.vacuum("public", "a")
    assert refusal == 'skipping vacuum of "a" --- lock not available'


@pytest.mark.usefixtures("churned")
def test_a_role_that_may_not_vacuum_says_so_once_and_the_run_is_well(database: Database, make_role: MakeRole) -> None:
    as_role = Executor(database, dsn_as(database, make_role("bi_refresh_refresher")))
    events = as_role.run(step(VIEW), vacuum=True)
    assert outcomes(events)[VIEW].status is Status.COMPLETED
    assert "GRANT MAINTAIN" in remarks(events)["vacuum_not_allowed"]
    assert _vacuumed(database) == (0, 0)


def test_names_that_need_quotes_are_vacuumed(database: Database) -> None:
    database.execute('CREATE SCHEMA "Ventas ñ"; CREATE MATERIALIZED VIEW "Ventas ñ"."El ""mes""" AS SELECT 1 AS id')
    with database.session() as session:
        assert session.vacuum("Ventas ñ", 'El "mes"') is None
