"""When a view is due, why, and what that asks of the views it reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refresh_task.model import DueBy, Plan, RunKind, Schedule, Strategy, View
from refresh_task.plan.due import jitter
from tests.unit.plan.generated import INTERVAL, NOW, ago, plan, view

DAILY_IN_BOGOTA = Schedule("0 1 * * *", "America/Bogota")


def reasons(made: Plan) -> dict[str, str]:
    return {step.view: step.reason for step in made.steps}


def due(made: Plan) -> dict[str, DueBy]:
    return {step.view: step.due_by for step in made.steps}


def aged(name: str, age: timedelta, **values: object) -> View:
    """A view whose data is so old."""
    return view(name, data_timestamp=NOW - age, global_data_timestamp=NOW - age, refreshed_at=NOW - age, **values)


def test_a_view_is_due_when_it_would_be_late_before_the_next_run_could_finish() -> None:
    """Interval 10 min, target 25 min, a refresh of 60 s at worst: 14 min are left, less what it starts early."""
    early = jitter(view("s.a", target_lag=timedelta(minutes=25)), INTERVAL)
    left = timedelta(minutes=14) - early
    for age, is_due in ((left, False), (left + timedelta(microseconds=1), True)):
        made = plan(aged("s.a", age, target_lag=timedelta(minutes=25), p95_s=60.0))
        assert (due(made) == {"s.a": DueBy.TARGET_LAG}) == is_due
    assert reasons(made)["s.a"] == (
        "due by target lag: data is 12 min old, target 25 min, next run in 10 min; "
        "concurrent by its unique index s.a_key"
    )


def test_a_target_lag_within_the_interval_is_due_in_every_run() -> None:
    assert due(plan(aged("s.a", timedelta(seconds=1), target_lag=timedelta(minutes=10)))) == {"s.a": DueBy.TARGET_LAG}


def test_the_age_that_counts_is_that_of_the_oldest_data_beneath() -> None:
    """Made anew a minute ago, from another view's data of an hour ago."""
    reader = view("s.reader", upstream=("s.read",), global_data_timestamp=ago(hours=1))
    read = view("s.read", target_lag=None, global_data_timestamp=ago(hours=1))
    assert due(plan(reader, read)) == {"s.reader": DueBy.TARGET_LAG, "s.read": DueBy.DOWNSTREAM}
    assert reasons(plan(reader, read))["s.read"].startswith("due for s.reader, which reads it; ")


def test_what_is_new_enough_for_its_reader_is_left_alone() -> None:
    reader = aged("s.reader", timedelta(hours=1), upstream=("s.read",))
    made = plan(reader, view("s.read", target_lag=timedelta(days=1)))
    assert due(made) == {"s.reader": DueBy.TARGET_LAG}
    (left,) = made.undue
    assert (left.view, left.reason) == ("s.read", "its data is 60 s old, target 24 h")


def test_a_downstream_view_waits_for_what_reads_it() -> None:
    read = aged("s.read", timedelta(days=30), target_lag=None)
    made = plan(read, view("s.reader", upstream=("s.read",), target_lag=timedelta(hours=2)))
    assert made.steps == ()
    left = {undue.view: undue for undue in made.undue}
    assert left["s.read"].reason == "nothing that reads it is due"
    assert left["s.read"].next_due_at == left["s.reader"].next_due_at is not None
    assert plan(read).undue[0].next_due_at is None


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"oid": None}, "it is gone from the database; which the attempt will record"),
        ({"is_populated": False}, "it has no data yet; exclusive, for nobody can be reading it"),
        (
            {"global_data_timestamp": None},
            "it was never refreshed, or was created anew since; concurrent by its unique index s.a_key",
        ),
    ],
)
@pytest.mark.parametrize("target_lag", [None, timedelta(days=30)])
def test_a_view_of_unknown_age_is_always_due(
    values: dict[str, object], reason: str, target_lag: timedelta | None
) -> None:
    made = plan(view("s.a", target_lag=target_lag, **values))
    assert due(made) == {"s.a": DueBy.NEVER_REFRESHED}
    assert reasons(made)["s.a"] == reason


# ---- schedules


def test_a_scheduled_view_is_due_once_its_point_has_passed() -> None:
    daily = {"schedules": (DAILY_IN_BOGOTA,), "target_lag": timedelta(hours=24, minutes=30)}
    point = datetime(2026, 11, 22, 6, tzinfo=UTC)
    before, after = point - timedelta(hours=23, minutes=50), point + timedelta(seconds=40)
    late = plan(view("s.a", **daily, global_data_timestamp=before))
    assert due(late) == {"s.a": DueBy.SCHEDULE}
    assert reasons(late)["s.a"].startswith("due by schedule: its point of 2026-11-22 06:00:00 UTC has passed; ")

    done = plan(view("s.a", **daily, global_data_timestamp=after))
    assert done.steps == ()
    assert done.undue[0].next_due_at == datetime(2026, 11, 23, 6, tzinfo=UTC)


@given(st.timedeltas(timedelta(hours=1), timedelta(days=400)))
def test_points_that_nobody_was_there_for_are_not_made_up_for(outage: timedelta) -> None:
    """However many were missed: one step, and none in the next run."""
    hourly = {"schedules": (Schedule("0 * * * *"), Schedule("30 8 * * MON")), "target_lag": None}
    made = plan(aged("s.a", outage, **hourly))
    assert due(made) == {"s.a": DueBy.SCHEDULE}
    assert plan(view("s.a", **hourly, global_data_timestamp=NOW), now=NOW + INTERVAL).steps == ()


def test_the_latest_point_of_several_schedules_counts() -> None:
    """Hourly, and every 15 minutes in office hours."""
    both = (Schedule("0 * * * *"), Schedule("*/15 9-18 * * *"))
    values = {"schedules": both, "target_lag": None}
    assert plan(aged("s.a", timedelta(0), **values), now=NOW + timedelta(minutes=14)).steps == ()
    assert due(plan(aged("s.a", timedelta(0), **values), now=NOW + timedelta(minutes=15))) == {"s.a": DueBy.SCHEDULE}


@pytest.mark.parametrize(
    ("day", "point"),
    [(datetime(2026, 3, 29, tzinfo=UTC), "01:00:00"), (datetime(2026, 10, 25, tzinfo=UTC), "00:30:00")],
)
def test_a_schedule_through_a_change_of_the_clocks(day: datetime, point: str) -> None:
    """02:30 in Madrid, which in spring does not exist and in autumn comes twice: one refresh."""
    schedule = {"schedules": (Schedule("30 2 * * *", "Europe/Madrid"),), "target_lag": timedelta(hours=25, minutes=30)}
    known = day - timedelta(hours=22)
    refreshed: list[str] = []
    for minutes in range(0, 24 * 60, 10):
        now = day + timedelta(minutes=minutes)
        made = plan(view("s.a", **schedule, global_data_timestamp=known, refreshed_at=known), now=now)
        if made.steps:
            refreshed.append(f"{now:%H:%M:%S}")
            known = now
    assert refreshed == [point]


def test_what_a_scheduled_view_reads_must_be_from_after_its_point() -> None:
    reader = view(
        "s.reader",
        schedules=(Schedule("0 9 * * *"),),
        target_lag=None,
        upstream=("s.old", "s.new"),
        global_data_timestamp=ago(hours=2),
    )
    old, new = (
        view(name, target_lag=timedelta(days=9), global_data_timestamp=ago(minutes=minutes))
        for name, minutes in (("s.old", 61), ("s.new", 59))
    )
    assert due(plan(reader, old, new)) == {"s.reader": DueBy.SCHEDULE, "s.old": DueBy.DOWNSTREAM}


# ---- requests, audits, names


def test_a_request_makes_a_view_due_with_all_that_it_reads() -> None:
    asked = view("s.asked", requests=3, oldest_request_at=ago(minutes=2), upstream=("s.read",))
    for kind in (RunKind.REQUESTED, RunKind.SCHEDULED):
        made = plan(asked, view("s.read"), view("s.other"), kind=kind)
        assert due(made) == {"s.asked": DueBy.REQUEST, "s.read": DueBy.DOWNSTREAM}
        assert "due by request: 3 waiting, the oldest since 2026-11-22 09:58:00 UTC; " in reasons(made)["s.asked"]


def test_a_run_for_requests_leaves_other_due_views_alone() -> None:
    made = plan(aged("s.late", timedelta(days=1)), view("s.asked", requests=1), kind=RunKind.REQUESTED)
    assert list(due(made)) == ["s.asked"]
    assert [(left.reason, left.next_due_at) for left in made.undue] == [("nothing asks for it", NOW)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"refreshed_at": ago(hours=25)}, {"s.a": DueBy.AUDIT}),
        ({"refreshed_at": ago(hours=21)}, {}),
        ({"refreshed_at": ago(hours=25), "audit_interval": timedelta(days=2)}, {}),
        # a view that may be older than that is not made newer for its sake
        ({"refreshed_at": ago(hours=25), "target_lag": timedelta(days=7)}, {}),
        ({"refreshed_at": ago(hours=25), "target_lag": None}, {}),
    ],
)
def test_a_view_that_is_only_found_unchanged_is_made_anew_now_and_then(
    values: dict[str, object], expected: dict[str, DueBy]
) -> None:
    made = plan(view("s.a", **values))
    assert due(made) == expected
    if expected:
        assert reasons(made)["s.a"].startswith("due by audit: last made anew 25 h ago; ")


def test_a_manual_run_is_about_the_views_it_names() -> None:
    """And, of what they read, what nobody else would bring up to date or is due anyway."""
    named = view("s.named", upstream=("s.fresh", "s.downstream", "s.late", "s.suspended"))
    made = plan(
        named,
        view("s.fresh"),
        view("s.downstream", target_lag=None),
        aged("s.late", timedelta(hours=1)),
        aged("s.suspended", timedelta(hours=1), suspended_at=ago(hours=1), probe_at=NOW + timedelta(hours=1)),
        aged("s.other", timedelta(hours=1)),
        kind=RunKind.MANUAL,
        names=["s.named", "s.of nobody's"],
    )
    assert due(made) == {"s.downstream": DueBy.DOWNSTREAM, "s.late": DueBy.DOWNSTREAM, "s.named": DueBy.NAMED}
    assert {left.reason for left in made.undue} == {"this run does not name it"}


def test_names_are_of_manual_runs_only() -> None:
    assert plan(view("s.a"), names=["s.a"]).steps == ()
    suspended = aged("s.a", timedelta(hours=1), suspended_at=ago(hours=1), probe_at=NOW + timedelta(hours=1))
    assert [step.strategy for step in plan(suspended, names=["s.a"]).steps] == [Strategy.SKIP]


# ---- jitter

_lags = st.timedeltas(timedelta(seconds=1), timedelta(days=90))


@given(st.text(min_size=1), _lags, st.timedeltas(timedelta(minutes=1), timedelta(days=1)))
def test_a_view_starts_early_by_a_tenth_of_its_target_and_an_interval_at_most(
    name: str, target_lag: timedelta, interval: timedelta
) -> None:
    early = jitter(view(name, target_lag=target_lag), interval)
    assert timedelta(0) <= early <= min(target_lag / 10, interval) + timedelta(microseconds=1)
    assert early == jitter(view(name, target_lag=target_lag, p50_s=5.0), interval)


def test_views_of_one_target_do_not_start_together() -> None:
    """The same in every process, and spread over all of it."""
    early = [jitter(view(f"s.v{i}", target_lag=timedelta(hours=1)), INTERVAL) for i in range(100)]
    assert min(early) < timedelta(seconds=30)
    assert max(early) > timedelta(minutes=5, seconds=30)
    assert early[:2] == [timedelta(seconds=320, microseconds=922156), timedelta(seconds=272, microseconds=444178)]


def test_a_scheduled_view_does_not_start_early() -> None:
    assert jitter(view("s.a", schedules=(DAILY_IN_BOGOTA,), target_lag=timedelta(days=1)), INTERVAL) == timedelta(0)
    assert jitter(view("s.a", target_lag=None), INTERVAL) == timedelta(0)
