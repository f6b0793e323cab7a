"""Document 001's three levels, lived through: the clock is the planner's argument, the data's moments are moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from refresh_task.catalog import read_views
from refresh_task.model import DueBy, View
from refresh_task.plan import make_plan
from tests.fix_control import CFO, Control
from tests.fix_database import Database
from tests.fix_task import RunTask

VIEW = "universal_transactions.universal_transactions_mv"
ROWS = f"/api/v1/views/{VIEW}/rows"
MEXICO = ZoneInfo("America/Mexico_City")
RUN_EVERY = timedelta(minutes=10)
MONDAY, SATURDAY = datetime(2026, 3, 2, tzinfo=MEXICO), datetime(2026, 3, 7, tzinfo=MEXICO)


def _view(database: Database) -> View:
    with database.session() as session:
        (view,) = (view for view in read_views(session) if view.name == VIEW)
    return view


def _due(view: View, *, at: datetime, data_from: datetime) -> DueBy | None:
    aged = replace(view, data_timestamp=data_from, global_data_timestamp=data_from, refreshed_at=data_from)
    plan = make_plan([aged], now=at, interval_s=RUN_EVERY.total_seconds(), default_timeout_s=300)
    return plan.steps[0].due_by if plan.steps else None


def _ages(view: View, start: datetime, end: datetime) -> Iterator[timedelta]:
    """How old the data is just before each refresh, if a run begins every 10 minutes."""
    data_from, now = start, start
    while now < end:
        now += RUN_EVERY
        if _due(view, at=now, data_from=data_from) is not None:
            yield now - data_from
            data_from = now


@pytest.fixture
def view(systems_template: Database) -> View:
    return _view(systems_template)


# ---- Level 1: cron -------------------------------------------------------------------------------


def test_every_hour_even_without_activity(view: View) -> None:
    night = SATURDAY.replace(hour=2)
    assert _due(view, at=night + timedelta(minutes=40), data_from=night) is None
    assert _due(view, at=night + timedelta(hours=1), data_from=night) is DueBy.SCHEDULE


def test_data_is_never_over_60_minutes_old(view: View) -> None:
    for day in (MONDAY, SATURDAY):
        ages = list(_ages(view, day, day + timedelta(days=1)))
        assert len(ages) >= 24
        assert max(ages) <= timedelta(minutes=60)


@pytest.mark.parametrize(
    ("at", "is_due"),
    [
        ("2026-03-02T10:15", True),  # Monday
        ("2026-03-06T18:45", True),  # Friday: the last point of the week
        ("2026-03-02T10:10", False),
        ("2026-03-02T08:15", False),  # before the office opens
        ("2026-03-02T19:15", False),  # after it has closed
        ("2026-03-07T10:15", False),  # Saturday
    ],
)
def test_every_15_minutes_in_office_hours(view: View, at: str, is_due: bool) -> None:  # noqa: FBT001  # of the table
    moment = datetime.fromisoformat(at).replace(tzinfo=MEXICO)
    point = moment - timedelta(minutes=10)
    assert _due(view, at=moment, data_from=point) is (DueBy.SCHEDULE if is_due else None)


def test_in_office_hours_data_is_never_over_20_minutes_old(view: View) -> None:
    """Points at :00, :15, :30, :45; runs at :00, :10, :20 …: the point of :15 is served at :20, that of :45 at :50."""
    ages = list(_ages(view, MONDAY.replace(hour=9), MONDAY.replace(hour=18, minute=50)))
    assert max(ages) == timedelta(minutes=20)


# ---- Level 2: events -----------------------------------------------------------------------------


def _pay(amount: int) -> str:
    return (
        "INSERT INTO universal_transactions.cpg_consignment (cliente_id, monto_total) "
        f"SELECT min(id), {amount} FROM universal_transactions.clientes RETURNING id"
    )


def _seen(control: Control, amount: int) -> int:
    return len(control.get(ROWS, {"monto_total": f"{amount}.77"}).json["rows"])


def test_50_000_pesos_are_seen_after_the_next_look_at_the_queue(
    control: Control, systems_database: Database, vistafresca: RunTask
) -> None:
    """Every 5 minutes: a run for the queue, or a scheduled one between, for which the request is reason enough."""
    systems_database.execute(_pay(50_000).replace("50000", "50000.77"))
    assert _seen(control, 50_000) == 0
    waiting = _view(systems_database)
    moment = SATURDAY.replace(hour=2, minute=10)
    assert _due(waiting, at=moment, data_from=moment - timedelta(minutes=10)) is DueBy.REQUEST
    queue = "SELECT priority, refresh_requested FROM bi_refresh.mv_refresh_triggers"
    assert systems_database.rows(queue) == [("critical", True)]

    run = vistafresca(systems_database, "run", "--requested")

    assert run.exit_code == 0
    assert _seen(control, 50_000) == 1
    assert systems_database.rows(queue) == [("critical", False)]


def test_a_payment_rolled_back_asks_for_nothing(
    control: Control, systems_database: Database, vistafresca: RunTask
) -> None:
    with systems_database.connect(autocommit=False) as connection:
        connection.execute(_pay(50_000).encode())
        connection.rollback()
    before = systems_database.value("SELECT count(*) FROM bi_refresh.mv_refresh_log")
    assert vistafresca(systems_database, "run", "--requested").exit_code == 0
    assert systems_database.value("SELECT count(*) FROM bi_refresh.mv_refresh_triggers") == 0
    assert systems_database.value("SELECT count(*) FROM bi_refresh.mv_refresh_log") == before
    assert _seen(control, 50_000) == 0


# ---- Level 3: on demand --------------------------------------------------------------------------


def test_the_cfo_s_refresh_shows_a_small_payment_at_once(control: Control, systems_database: Database) -> None:
    """Within 5 seconds by construction: that is the statement's timeout, and 202 would be the answer beyond it."""
    systems_database.execute(_pay(9_999).replace("9999", "9999.77"))
    assert control.post("/api/v1/mv/refresh", principal=CFO).json["refreshed"] is False  # it is fresh by its target
    assert _seen(control, 9_999) == 0
    refreshed = control.post("/api/v1/mv/refresh", {"force": "true"}, principal=CFO)
    assert (refreshed.status, refreshed.json["refreshed"]) == (200, True)
    assert _seen(control, 9_999) == 1
