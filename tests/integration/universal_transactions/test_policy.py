"""When the view is due, over whole days in Mexico City, by a clock that the test moves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle
from pathlib import Path

import pytest

from infrastructure.settings.run import Alarms
from infrastructure.settings.run import Schedule as Rules
from refresh_task.model import DueBy, Plan, Priority, RunKind, View
from refresh_task.plan import make_plan
from refresh_task.policies import Policy, read_views_files
from refresh_task.policies.endpoint import OnStale
from tests.integration.universal_transactions.system import BASE_QUERY, DOCUMENT, MATERIALIZED_VIEW, MEXICO_CITY, SYSTEM

SUNDAY = datetime(2025, 1, 5, tzinfo=MEXICO_CITY)
MONDAY = datetime(2025, 1, 6, tzinfo=MEXICO_CITY)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Refresh:
    """One refresh: when its run began, and how old the former data was when its own took the place."""

    began: datetime
    oldest: timedelta


def read_policy(file: Path) -> Policy:
    return read_views_files([file]).views[MATERIALIZED_VIEW]


def view(policy: Policy, known: datetime, *, takes: timedelta = timedelta(seconds=1), requests: int = 0) -> View:
    """The view with its policy and data of that moment."""
    return View(
        name=MATERIALIZED_VIEW,
        oid=1,
        unique_index="idx_universal_transactions_mv_pk",
        target_lag=policy.target_lag,
        schedules=policy.schedules,
        audit_interval=policy.audit_interval,
        priority=policy.priority,
        data_timestamp=known,
        global_data_timestamp=known,
        refreshed_at=known,
        p50_s=takes.total_seconds(),
        p95_s=takes.total_seconds(),
        requests=requests,
    )


def plan(view: View, now: datetime, *, interval_minutes: int = 10, kind: RunKind = RunKind.SCHEDULED) -> Plan:
    return make_plan([view], now=now, interval_s=interval_minutes * 60.0, default_timeout_s=300.0, kind=kind)


def live(
    policy: Policy,
    begin: datetime,
    end: datetime,
    *,
    interval_minutes: int = 10,
    takes: timedelta = timedelta(seconds=1),
    late_s: Sequence[int] = (0,),
) -> Iterator[Refresh]:
    """The refreshes from begin to end, if runs start that much late, one after the other."""
    known = begin - timedelta(minutes=10)
    for run, late in zip(range((end - begin) // timedelta(minutes=interval_minutes)), cycle(late_s), strict=False):
        now = begin + run * timedelta(minutes=interval_minutes) + timedelta(seconds=late)
        if plan(view(policy, known, takes=takes), now, interval_minutes=interval_minutes).steps:
            yield Refresh(now, now + takes - known)
            known = now


def clock(refreshes: Iterator[Refresh]) -> list[str]:
    return [f"{refresh.began.astimezone(MEXICO_CITY):%H:%M}" for refresh in refreshes]


@pytest.fixture(scope="module")
def policy() -> Policy:
    return read_policy(SYSTEM / "views.toml")


def test_a_monday_has_every_hour_and_the_quarters_of_office_hours(policy: Policy) -> None:
    """Runs are ten minutes apart: that of :20 meets the point of :15. That of :50 keeps the data under an hour."""
    assert clock(live(policy, MONDAY, MONDAY + DAY)) == [
        f"{hour:02}:{minute:02}" for hour in range(24) for minute in ((0, 20, 30, 50) if 9 <= hour <= 18 else (0, 50))
    ]


def test_a_sunday_has_every_hour_alone(policy: Policy) -> None:
    assert clock(live(policy, SUNDAY, SUNDAY + DAY)) == [
        f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 50)
    ]


def test_runs_five_minutes_apart_meet_every_point_of_the_office_hours(policy: Policy) -> None:
    nine, seven = timedelta(hours=9), timedelta(hours=19)
    assert clock(live(policy, MONDAY + nine, MONDAY + seven, interval_minutes=5)) == [
        f"{hour:02}:{minute:02}" for hour in range(9, 19) for minute in (0, 15, 30, 45)
    ]


def test_data_is_never_older_than_an_hour_even_where_tasks_start_late(policy: Policy) -> None:
    for late_s in ([0, 240], [90, 0, 0, 200, 10]):
        days = list(live(policy, SUNDAY, MONDAY + DAY, late_s=late_s))
        assert max(refresh.oldest for refresh in days) <= timedelta(minutes=60)
        assert len(days) > 48 + 68 - 10


def test_a_large_transaction_is_in_the_dashboard_within_ten_minutes(policy: Policy) -> None:
    """Whenever it is committed, with tasks that take two minutes to start and the slowest refresh of the four sizes."""
    rules = Rules()
    starts = {
        int(minute): kind
        for kind, minutes in ((RunKind.SCHEDULED, rules.minutes), (RunKind.REQUESTED, rules.requested_minutes))
        for minute in minutes.split(",")
    }
    worst = timedelta(0)
    for minute in range(60):
        paid = MONDAY + timedelta(hours=3, minutes=minute, seconds=1)
        start = next(later for later in range(minute + 1, minute + 61) if later % 60 in starts)
        now = MONDAY + timedelta(hours=3, minutes=start + 2)
        (step,) = plan(view(policy, now - timedelta(minutes=1), requests=1), now, kind=starts[start % 60]).steps
        assert (step.due_by, step.priority) == (DueBy.REQUEST, Priority.HIGH)
        worst = max(worst, now + timedelta(seconds=45) - paid)
    assert timedelta(0) < worst <= timedelta(minutes=10)


def test_a_look_at_the_queue_leaves_alone_what_nobody_asked_for(policy: Policy) -> None:
    now = MONDAY + timedelta(hours=10, minutes=17)
    assert plan(view(policy, now - timedelta(hours=2)), now, kind=RunKind.REQUESTED).steps == ()


def test_two_failures_in_a_row_page_and_do_not_suspend(policy: Policy) -> None:
    assert Alarms().consecutive_failures == 2
    assert policy.suspend_after > 2


def documented(name: str) -> tuple[str, list[str]]:
    """A size's policy in the document, and its row of the table there."""
    text = DOCUMENT.read_text(encoding="utf-8")
    (toml,) = re.findall(rf"```toml\n(# {name}:.+?)```", text, re.DOTALL)
    (row,) = re.findall(rf"^\| {name} \|.+$", text, re.MULTILINE)
    return toml, [cell.strip(" *") for cell in row.strip("|").split("|")]


def in_words(duration: timedelta) -> str:
    minutes, seconds = divmod(int(duration.total_seconds()), 60)
    return f"{minutes} min {seconds} s"


@dataclass(frozen=True)
class Size:
    """One row of the document's scale table, and what it comes to here."""

    name: str
    takes: timedelta
    interval_minutes: int
    promised: timedelta
    oldest: timedelta


GROWTH = Size("growth", timedelta(seconds=5), 10, timedelta(minutes=30), timedelta(minutes=20, seconds=5))
SCALE = Size("scale", timedelta(seconds=15), 10, timedelta(minutes=15), timedelta(minutes=10, seconds=15))
ENTERPRISE = Size("enterprise", timedelta(seconds=45), 5, timedelta(minutes=5), timedelta(minutes=5, seconds=45))


def oldest_data(size: Size, policy: Policy, *late_s: int) -> timedelta:
    """Over a Monday; the first refresh follows data that live() made up."""
    day = live(
        policy, MONDAY, MONDAY + DAY, interval_minutes=size.interval_minutes, takes=size.takes, late_s=late_s or [0]
    )
    return max(refresh.oldest for refresh in list(day)[1:])


@pytest.mark.parametrize("size", [GROWTH, SCALE, ENTERPRISE], ids=lambda size: size.name)
def test_the_larger_sizes_get_as_old_as_documented(tmp_path: Path, size: Size) -> None:
    toml, row = documented(size.name)
    (tmp_path / "views.toml").write_text(toml, encoding="utf-8")
    assert oldest_data(size, read_policy(tmp_path / "views.toml")) == size.oldest
    assert row[2:] == [
        f"{size.takes.seconds} s",
        str(size.interval_minutes),
        f"{size.promised // timedelta(minutes=1)} min",
        in_words(size.oldest),
    ]


@pytest.mark.parametrize("size", [GROWTH, SCALE], ids=lambda size: size.name)
def test_the_larger_sizes_keep_the_promise_where_tasks_start_late(tmp_path: Path, size: Size) -> None:
    toml, _ = documented(size.name)
    (tmp_path / "views.toml").write_text(toml, encoding="utf-8")
    assert oldest_data(size, read_policy(tmp_path / "views.toml"), 0, 90, 20) <= size.promised


def test_the_smallest_size_is_the_policy_itself(policy: Policy) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    (row,) = re.findall(r"^\| startup \|.+$", text, re.MULTILINE)
    oldest = max(refresh.oldest for refresh in list(live(policy, SUNDAY, MONDAY + DAY))[1:])
    assert row.strip("|").split("|")[-1].strip() == in_words(oldest) == "50 min 1 s"


def test_the_api_falls_back_to_the_tables_where_the_promise_is_broken(policy: Policy) -> None:
    assert policy.endpoint is not None
    assert (policy.endpoint.max_staleness, policy.endpoint.on_stale, policy.endpoint.base) == (
        timedelta(minutes=60),
        OnStale.BASE,
        BASE_QUERY,
    )
