"""How a view can be refreshed now, and why so."""

from __future__ import annotations

import shlex
from datetime import datetime

from refresh_task.model import ExclusiveWindow, IncrementalStatus, RefreshMode, Strategy, View
from refresh_task.plan.due import audit_has_passed
from refresh_task.plan.wording import at


def choose_strategy(view: View, now: datetime, *, forced: bool = False) -> tuple[Strategy, str]:
    """Never one that blocks readers, unless there can be none or its policy allows it now. A view that cannot be
    refreshed at all is planned: the attempt records the error and its remedy, run after run, until somebody mends
    it. `forced`: whatever is known of changes is not to be relied on."""
    if view.oid is None:
        return Strategy.CONCURRENT, "which the attempt will record"
    if view.is_maintained:
        return _strategy_of_maintained(view, now, forced=forced)
    strategy, how = _strategy_of_materialized(view, now)
    if is_not_enabled(view):
        how += f"; incremental refresh is not enabled: vistafresca incremental enable {shlex.quote(view.name)}"
    return strategy, how


def is_not_enabled(view: View) -> bool:
    """Whether its policy asks for incremental refresh, which nobody has enabled yet."""
    return view.refresh_mode is RefreshMode.INCREMENTAL and view.incremental_status is None


def _strategy_of_maintained(view: View, now: datetime, *, forced: bool) -> tuple[Strategy, str]:
    if view.incremental_status is IncrementalStatus.DISTRUSTED:
        found = "" if view.distrust_reason is None else f": {view.distrust_reason.rstrip('.')}"
        return Strategy.DIFFERENCE, f"in full, for it is distrusted{found}"
    if view.refresh_mode is RefreshMode.FULL:
        return Strategy.DIFFERENCE, 'in full, for its policy says refresh_mode = "full"'
    if forced:
        return Strategy.DIFFERENCE, "in full, as was asked for"
    if audit_has_passed(view, now):
        return Strategy.INCREMENTAL, "incremental by the changes captured, and compared as a whole for its audit"
    return Strategy.INCREMENTAL, "incremental by the changes captured since its last refresh"


def _strategy_of_materialized(view: View, now: datetime) -> tuple[Strategy, str]:
    if not view.is_populated:
        return Strategy.EXCLUSIVE, "exclusive, for nobody can be reading it"
    if view.unique_index is not None:
        return Strategy.CONCURRENT, f"concurrent by its unique index {view.unique_index}"
    if view.exclusive_window is not None and (until := _window_closes_at(view.exclusive_window, now)) is not None:
        return (
            Strategy.EXCLUSIVE,
            f"exclusive: no usable unique index; its window for a blocking refresh is open until {at(until)}",
        )
    return (
        Strategy.CONCURRENT,
        "it has no usable unique index, which the attempt will record with the statement that mends it",
    )


def window_opens_at(window: ExclusiveWindow, now: datetime) -> datetime | None:
    """Now if it is open; None: not within 50 years."""
    from refresh_task.cron import next_point  # noqa: PLC0415  # cronsim costs time, and few views have a window

    return now if _window_closes_at(window, now) is not None else next_point(window.schedule, now)


def _window_closes_at(window: ExclusiveWindow, now: datetime) -> datetime | None:
    """None: it is not open."""
    from refresh_task.cron import latest_point  # noqa: PLC0415  # as above

    opened = latest_point(window.schedule, now)
    return opened + window.duration if opened is not None and now < opened + window.duration else None
