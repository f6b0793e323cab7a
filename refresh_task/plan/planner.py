"""make_plan: from the views as they are now to the steps of a run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from refresh_task.model import DueBy, Fingerprinting, Plan, RunKind, Step, Strategy, Undue, View
from refresh_task.plan.due import Clock, Need, next_due_at
from refresh_task.plan.fingerprinting import choose_fingerprinting
from refresh_task.plan.graph import Order, find_order
from refresh_task.plan.needs import Hold, Needs, find_needs
from refresh_task.plan.strategy import choose_strategy
from refresh_task.plan.wording import at, in_words


def make_plan(
    views: Iterable[View],
    *,
    now: datetime,
    interval_s: float,
    default_timeout_s: float,
    kind: RunKind = RunKind.SCHEDULED,
    names: Collection[str] | None = None,
    force: bool = False,
) -> Plan:
    """What a run that starts now will do. `interval_s` is the time between scheduled runs; `default_timeout_s` holds
    for views whose policy has none; `names` are the views that a manual run is about (one that no view has is
    ignored), and with `force` they are refreshed even where nothing changed."""
    by_name = {view.name: view for view in views}
    clock = Clock(now, timedelta(seconds=interval_s))
    needs = find_needs(by_name, clock, kind, frozenset(names or ()))
    planned = {name: by_name[name] for name in needs.due if _is_step(needs.held.get(name))}
    order = find_order(planned)
    timeouts = _timeouts(planned, order, default_timeout_s)
    return Plan(
        steps=tuple(_step(planned[name], needs, order, timeouts[name], now, force=force) for name in order.views),
        waves=order.waves,
        undue=_undue({name: by_name[name] for name in sorted(by_name.keys() - planned.keys())}, needs, clock, kind),
    )


def _is_step(hold: Hold | None) -> bool:
    return hold is None or hold.is_failure


def _step(view: View, needs: Needs, order: Order, timeout_s: float, now: datetime, *, force: bool) -> Step:
    need, hold, problem = needs.due[view.name], needs.held.get(view.name), order.problems.get(view.name)
    if hold is not None:
        strategy, fingerprinting, reason = Strategy.SKIP, Fingerprinting.NONE, hold.reason
    else:
        need = _as_probe(view, need)
        forced = force and need.by is DueBy.NAMED
        strategy, how = choose_strategy(view, now, forced=forced)
        fingerprinting, remark = choose_fingerprinting(view, now, forced=forced)
        reason = "; ".join(part for part in (need.words, how, remark) if part)
    return Step(
        view=view.name,
        strategy=strategy,
        reason=reason,
        statement_timeout_s=timeout_s,
        due_by=need.by,
        fingerprinting=fingerprinting,
        change_detection=view.change_detection,
        # what cannot be one transaction is recorded view by view
        group=view.group if problem is None else None,
        upstream=order.upstream[view.name],
        priority=order.priority[view.name],
        estimate_s=view.p50_s,
        problem=None if problem is None else problem.problem,
        remedy=None if problem is None else problem.remedy,
    )


def _as_probe(view: View, need: Need) -> Need:
    if view.suspended_at is None or need.by is DueBy.NAMED:
        return need
    return Need(DueBy.PROBE, need.since, f"suspended since {at(view.suspended_at)}, tried once more")


def _timeouts(views: Mapping[str, View], order: Order, default_s: float) -> dict[str, float]:
    """Of each view. The views of a group are one statement: it may take as long as the most patient of them allows."""
    own = {
        name: default_s if view.statement_timeout is None else view.statement_timeout.total_seconds()
        for name, view in views.items()
    }
    longest: defaultdict[str | None, float] = defaultdict(float)
    for name, view in views.items():
        if name not in order.problems:
            longest[view.group] = max(longest[view.group], own[name])
    return {
        name: own[name] if view.group is None or name in order.problems else longest[view.group]
        for name, view in views.items()
    }


def _undue(left: Mapping[str, View], needs: Needs, clock: Clock, kind: RunKind) -> tuple[Undue, ...]:
    next_due = {name: next_due_at(view, clock) for name, view in left.items()}
    for reader in left.values():
        moment = next_due[reader.name]
        if moment is None or reader.target_lag is None:
            continue
        for name in reader.upstream:
            # a "downstream" view is due when the first that reads it is
            if name in left and left[name].target_lag is None:
                next_due[name] = min(moment, next_due[name] or moment)
    return tuple(
        Undue(name, hold.reason, hold.until)
        if (hold := needs.held.get(name)) is not None
        else Undue(name, _why_not(view, clock, kind), next_due[name])
        for name, view in left.items()
    )


def _why_not(view: View, clock: Clock, kind: RunKind) -> str:
    if kind is RunKind.MANUAL:
        return "this run does not name it"
    if kind is RunKind.REQUESTED:
        return "nothing asks for it"
    if view.target_lag is None:
        return "nothing that reads it is due"
    age = "of unknown age" if (known := view.global_data_timestamp) is None else f"{in_words(clock.now - known)} old"
    return f"its data is {age}, target {in_words(view.target_lag)}"
