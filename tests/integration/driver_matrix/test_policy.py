"""When the view is due, how it is refreshed, and when it is late."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import pytest

from refresh_task import policies
from refresh_task.model import View
from refresh_task.plan import make_plan
from refresh_task.policies import Policy, read_views_files
from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.integration.driver_matrix.system import (
    BASE_QUERY,
    LIMA,
    MATERIALIZED_VIEW,
    REFRESH,
    SYSTEM,
    Connection,
    generate,
)

MIDNIGHT = datetime(2025, 3, 5, tzinfo=LIMA)
INTERVAL = timedelta(minutes=10)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return read_views_files([SYSTEM / "views.toml"]).views[MATERIALIZED_VIEW]


def refreshed_at(policy: Policy, *, failing: Collection[str] = ()) -> list[str]:
    """The times of a day's runs, ten minutes apart, that refreshed the view; those named in failing did not succeed."""
    known, times = MIDNIGHT - INTERVAL, []
    for run in range(24 * 6):
        now = MIDNIGHT + run * INTERVAL
        view = View(
            name=MATERIALIZED_VIEW,
            oid=1,
            unique_index="idx_mv_driver_matrix_driver_id",
            target_lag=policy.target_lag,
            schedules=policy.schedules,
            data_timestamp=known,
            global_data_timestamp=known,
            refreshed_at=known,
            p95_s=30.0,
        )
        if make_plan([view], now=now, interval_s=INTERVAL.total_seconds(), default_timeout_s=300.0).steps:
            times.append(f"{now:%H:%M}")
            if times[-1] not in failing:
                known = now
    return times


def test_it_is_due_every_hour_on_the_hour(policy: Policy) -> None:
    assert refreshed_at(policy) == [f"{hour:02}:00" for hour in range(24)]


def test_a_failed_hour_is_made_up_for_by_the_next_run(policy: Policy) -> None:
    times = refreshed_at(policy, failing=["03:00", "03:10"])
    assert times[2:7] == ["02:00", "03:00", "03:10", "03:20", "04:00"]


def test_the_documents_limits_are_the_policy_s(policy: Policy) -> None:
    assert policy.timeout == timedelta(minutes=5)
    assert policy.target_lag == timedelta(hours=2)
    assert policy.endpoint is not None
    assert policy.endpoint.base == BASE_QUERY


def test_no_sol_is_lost_on_the_way(policy: Policy, connection: Connection) -> None:
    (check,) = policy.sql_checks
    connection.execute(REFRESH)
    assert connection.execute(check.encode()).fetchone() == (True,)
    generate(connection, 200)
    assert connection.execute(check.encode()).fetchone() == (False,)
    connection.execute(REFRESH)
    assert connection.execute(check.encode()).fetchone() == (True,)


def test_applied_it_refreshes_concurrently_and_tells_when_two_hours_are_over(
    matrix_database: Database, command_line: CommandLine
) -> None:
    database = matrix_database
    with database.session() as session:
        declared = read_views_files([SYSTEM / "views.toml"])
        policies.apply_difference(session, policies.compare(session, declared))
    with database.connect() as connection:
        generate(connection, 100)
    for _ in range(2):
        assert database.rows("SELECT status FROM bi_refresh.refresh_bi_views()") == [("SUCCESS",)]
    strategies = database.rows("SELECT strategy FROM bi_refresh.mv_refresh_log ORDER BY id")
    assert strategies == [("exclusive",), ("concurrent",)]  # the first, of a view that nobody can read yet

    # Counted in spite of its partial index, whose condition is a column.
    assert database.value("SELECT rows_total FROM bi_refresh.view_status") == database.value(
        f"SELECT count(*) FROM {MATERIALIZED_VIEW}"
    )

    freshness = "SELECT freshness FROM bi_refresh.view_status"
    for age, expected, exit_code in (("1 hour 59 minutes", "fresh", 0), ("2 hours 1 second", "stale", 1)):
        database.execute(
            "UPDATE bi_refresh.view_state SET data_timestamp = now() - %s::interval,"
            " global_data_timestamp = now() - %s::interval",
            age,
            age,
        )
        assert database.rows(freshness) == [(expected,)]
        assert command_line(database, "status").exit_code == exit_code
