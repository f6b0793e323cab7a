"""Whether a view is due by its own policy, and since when its data must be; and when it will be due otherwise."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from refresh_task.model import DueBy, View
from refresh_task.plan.wording import at, in_words

_EARLY_SHARE = 0.1  # of the target lag, or of the audit interval


@dataclass(frozen=True, slots=True)
class Clock:
    """The moment that a plan is made for, and the time until the next scheduled run."""

    now: datetime
    interval: timedelta


@dataclass(frozen=True, slots=True)
class Need:
    """Why a view is in a plan, in words, too. Data older than `since` would not do, be it its own or that of what it
    reads; None: any will, if only there is some."""

    by: DueBy
    since: datetime | None
    words: str


def own_need(view: View, clock: Clock) -> Need | None:
    """What its policy, its requests and its age ask for; None: it is not due."""
    by_lag, by_schedule = _needed_since_by_lag(view, clock), _latest_point(view, clock.now)
    known = view.global_data_timestamp
    since = max((moment for moment in (by_lag, by_schedule) if moment is not None), default=None)
    if view.requests:
        oldest = "" if view.oldest_request_at is None else f", the oldest since {at(view.oldest_request_at)}"
        return Need(DueBy.REQUEST, clock.now, f"due by request: {view.requests} waiting{oldest}")
    if known is None or has_no_data(view):
        return Need(DueBy.NEVER_REFRESHED, since, _why_unknown(view))
    if by_schedule is not None and known < by_schedule:
        return Need(DueBy.SCHEDULE, since, f"due by schedule: its point of {at(by_schedule)} has passed")
    if by_lag is not None and view.target_lag is not None and known < by_lag:
        return Need(
            DueBy.TARGET_LAG,
            since,
            f"due by target lag: data is {in_words(clock.now - known)} old, target {in_words(view.target_lag)}, "
            f"next run in {in_words(clock.interval)}",
        )
    audit_at = _audit_at(view)
    if audit_at is not None and audit_at <= clock.now and view.refreshed_at is not None:
        return Need(DueBy.AUDIT, since, f"due by audit: last made anew {in_words(clock.now - view.refreshed_at)} ago")
    return None


def has_no_data(view: View) -> bool:
    """Whether it is gone, or cannot be read."""
    return view.oid is None or not view.is_populated


def audit_has_passed(view: View, now: datetime) -> bool:
    """Whether a refresh has to be one, even where nothing seems to have changed."""
    return view.refreshed_at is None or _early_audit(view, view.refreshed_at) <= now


def next_due_at(view: View, clock: Clock) -> datetime | None:
    """When it will be due if nothing happens, by its target lag, its schedules or its audit; None: that cannot be
    known. Never before now."""
    moments = [_lag_runs_out_at(view, clock), _audit_at(view)]
    if view.schedules:
        from refresh_task.cron import next_point  # noqa: PLC0415  # cronsim costs time, and few views have a schedule

        moments += [next_point(schedule, clock.now) for schedule in view.schedules]
    known = [moment for moment in moments if moment is not None]
    return max(min(known), clock.now) if known else None


def jitter(view: View, interval: timedelta) -> timedelta:
    """How much earlier than it must a view's refresh starts, so that views with one target lag do not all fall due in
    one run: the same in every run, up to a tenth of its target lag and to the interval. A schedule is kept to."""
    if view.target_lag is None or view.schedules:
        return timedelta(0)
    return min(view.target_lag * _EARLY_SHARE, interval) * _share(view.name)


def _needed_since_by_lag(view: View, clock: Clock) -> datetime | None:
    """Older data would be late before the next run could have made it anew."""
    early = _early_start(view, clock)
    return None if view.target_lag is None else clock.now + early - view.target_lag


def _lag_runs_out_at(view: View, clock: Clock) -> datetime | None:
    if view.target_lag is None or view.global_data_timestamp is None:
        return None
    return view.global_data_timestamp + view.target_lag - _early_start(view, clock)


def _early_start(view: View, clock: Clock) -> timedelta:
    return clock.interval + timedelta(seconds=view.p95_s or 0.0) + jitter(view, clock.interval)


def _latest_point(view: View, now: datetime) -> datetime | None:
    """Only the latest counts: points that nobody was there for are not made up for, one by one."""
    if not view.schedules:
        return None
    from refresh_task.cron import latest_point  # noqa: PLC0415  # as above

    points = [latest_point(schedule, now) for schedule in view.schedules]
    return max((point for point in points if point is not None), default=None)


def _audit_at(view: View) -> datetime | None:
    """When it is due for its audit alone: never for a view that may be older than that, or is only as new as its
    readers need."""
    if view.target_lag is None or view.refreshed_at is None:
        return None
    return max(_early_audit(view, view.refreshed_at), view.refreshed_at + view.target_lag)


def _early_audit(view: View, refreshed_at: datetime) -> datetime:
    return refreshed_at + view.audit_interval * (1 - _EARLY_SHARE * _share(view.name))


def _share(name: str) -> float:
    """From 0 to 1, by the name; hash() would be another in every process."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6]) / 2**48


def _why_unknown(view: View) -> str:
    if view.oid is None:
        return "it is gone from the database"
    if not view.is_populated:
        return "it has no data yet"
    return "it was never refreshed, or was created anew since"
