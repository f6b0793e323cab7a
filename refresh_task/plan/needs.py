"""Which views a run is about: those that are due, what they read, the rest of their groups; and what holds them up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from refresh_task.model import DueBy, RunKind, View
from refresh_task.plan.due import Clock, Need, has_no_data, own_need
from refresh_task.plan.strategy import window_opens_at
from refresh_task.plan.wording import at


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a due view is not refreshed by this run. `until` is None where only a person can end it.

    `is_failure` where it was suspended: what reads it cannot be brought up to date either.
    """

    reason: str
    until: datetime | None
    is_failure: bool


@dataclass(frozen=True, slots=True)
class Needs:
    """The due views by name, and those of them that are held up."""

    due: Mapping[str, Need]
    held: Mapping[str, Hold]


def find_needs(views: Mapping[str, View], clock: Clock, kind: RunKind, names: Collection[str]) -> Needs:
    """What is due, what it pulls in, and the groups of both. `names` are those that a manual run is about."""
    groups: defaultdict[str, list[View]] = defaultdict(list)
    for view in views.values():
        if view.group is not None:
            groups[view.group].append(view)

    named = frozenset(names) if kind is RunKind.MANUAL else frozenset()
    due = _due_by_themselves(views, clock, kind, named)
    held: dict[str, Hold] = {}
    pending = sorted(due)
    while pending:
        added: dict[str, Need] = {}
        for name in pending:
            view, need = views[name], due[name]
            mates = groups[view.group] if view.group is not None else [view]
            hold = None if any(mate.name in named for mate in mates) else _hold(view, mates, clock.now)
            if hold is not None:
                held[name] = hold  # what it reads is not needed now; its group is held up with it
            else:
                for upstream in [views[each] for each in view.upstream if each in views and each not in due]:
                    if _is_pulled_in(upstream, need, clock, kind):
                        added.setdefault(upstream.name, _for_reader(view, need))
            for mate in mates:
                added.setdefault(mate.name, Need(DueBy.GROUP, None, f"due with its group {view.group}"))
        pending = sorted(added.keys() - due.keys())
        due |= {name: added[name] for name in pending}
    return Needs(due, held)


def _due_by_themselves(
    views: Mapping[str, View], clock: Clock, kind: RunKind, names: Collection[str]
) -> dict[str, Need]:
    if kind is RunKind.MANUAL:
        return {name: Need(DueBy.NAMED, clock.now, "named by this run") for name in names if name in views}
    asked = (view for view in views.values() if kind is RunKind.SCHEDULED or view.requests)
    return {view.name: need for view in asked if (need := own_need(view, clock)) is not None}


def _is_pulled_in(upstream: View, need: Need, clock: Clock, kind: RunKind) -> bool:
    """A manual run leaves alone what is as new as its own policy says: somebody named one view, not all beneath it."""
    if kind is RunKind.MANUAL:
        if upstream.suspended_at is not None:
            return False
        return upstream.target_lag is None or own_need(upstream, clock) is not None
    known = upstream.global_data_timestamp
    return known is None or has_no_data(upstream) or (need.since is not None and known < need.since)


def _for_reader(reader: View, need: Need) -> Need:
    return Need(DueBy.DOWNSTREAM, need.since, f"due for {reader.name}, which reads it")


def _hold(view: View, mates: Sequence[View], now: datetime) -> Hold | None:
    """What is the matter with it or, as they are refreshed in one transaction, with another of its group."""
    itself_first = sorted(mates, key=lambda mate: (mate.name != view.name, mate.name))
    for mate in itself_first:
        whose = "" if mate.name == view.name else f"{mate.name} of its group {view.group} is "
        if mate.suspended_at is not None and mate.probe_at is not None and now < mate.probe_at:
            return Hold(
                f"{whose}suspended since {at(mate.suspended_at)}; it is tried again at {at(mate.probe_at)}; "
                f"now: vistafresca resume {mate.name}",
                mate.probe_at,
                is_failure=True,
            )
    for mate in itself_first:
        if has_no_data(mate) or mate.is_maintained or mate.unique_index is not None or mate.exclusive_window is None:
            continue
        if (opens_at := window_opens_at(mate.exclusive_window, now)) != now:
            whose = "" if mate.name == view.name else f"{mate.name} of its group {view.group}: "
            when = "" if opens_at is None else f", which opens at {at(opens_at)}"
            return Hold(
                f"{whose}no usable unique index; it waits for its window for a blocking refresh{when}",
                opens_at,
                is_failure=False,
            )
    return None
