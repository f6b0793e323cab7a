"""What holds for every plan, whatever the views: tried on generated ones against definitions written the slow way."""

from __future__ import annotations

import hashlib
import random
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from refresh_task.model import DueBy, Fingerprinting, Plan, RunKind, Strategy, View
from refresh_task.plan import failed_closure
from tests.unit.plan.generated import INTERVAL, NOW, SHUT, plan, worlds

KINDS = st.sampled_from([RunKind.SCHEDULED, RunKind.REQUESTED])


def _needed_since(view: View) -> datetime | None:
    """Of views without a schedule."""
    if view.requests:
        return NOW
    if view.target_lag is None:
        return None
    share = int.from_bytes(hashlib.sha256(view.name.encode()).digest()[:6]) / 2**48
    early = min(view.target_lag * 0.1, INTERVAL) * share
    return NOW + INTERVAL + timedelta(seconds=view.p95_s or 0) + early - view.target_lag


def _is_unknown(view: View) -> bool:
    return view.oid is None or not view.is_populated or view.global_data_timestamp is None


def _is_older(view: View, moment: datetime | None) -> bool:
    known = view.global_data_timestamp
    return _is_unknown(view) or (moment is not None and known is not None and known < moment)


def _audit_alone(view: View) -> bool:
    if view.target_lag is None or view.refreshed_at is None:
        return False
    share = int.from_bytes(hashlib.sha256(view.name.encode()).digest()[:6]) / 2**48
    earliest = view.refreshed_at + view.audit_interval * (1 - 0.1 * share)
    return max(earliest, view.refreshed_at + view.target_lag) <= NOW


def _waits(view: View) -> bool:
    """For its probe."""
    return view.suspended_at is not None and view.probe_at is not None and view.probe_at > NOW


def _is_shut(view: View) -> bool:
    """It could only be refreshed by blocking its readers, which it may not now."""
    return view.oid is not None and view.is_populated and view.unique_index is None and view.exclusive_window == SHUT


def _planned_by_definition(views: list[View], kind: RunKind) -> set[str]:
    """Due by itself, or beneath what is due and too old for it, or of one group with what is due; and not in a group
    that has to wait for a window. Of what has to wait, for a window or a probe, nothing beneath is due."""
    by_name = {view.name: view for view in views}
    asked = [view for view in views if kind is RunKind.SCHEDULED or view.requests]
    by_itself = {
        view.name for view in asked if view.requests or _is_older(view, _needed_since(view)) or _audit_alone(view)
    }
    mates = {
        view.name: [mate for mate in views if mate.name == view.name or mate.group == view.group is not None]
        for view in views
    }
    waiting = {name for name in by_name if any(_waits(mate) for mate in mates[name])}
    shut = {name for name in by_name if any(_is_shut(mate) for mate in mates[name])} - waiting
    due = set(by_itself)
    while True:
        more = {mate.name for name in due for mate in mates[name]} | {
            above
            for name in due - waiting - shut
            for above in by_name[name].upstream
            # what a due view needs, all that it reads needs, directly or not; one that is due for another's sake needs
            # no more than that it has data
            if _is_older(by_name[above], _needed_since(by_name[name]) if name in by_itself else None)
        }
        if more <= due:
            return due - shut
        due |= more


@settings(max_examples=600)
@given(worlds(undue=True, with_groups=True, with_windows=True), KINDS)
def test_every_due_view_is_planned_once_and_nothing_else_is(views: list[View], kind: RunKind) -> None:
    made = plan(*views, kind=kind)
    planned = [step.view for step in made.steps]
    assert sorted(planned) == sorted(_planned_by_definition(views, kind))
    assert sorted(planned + [undue.view for undue in made.undue]) == sorted(view.name for view in views)


@given(worlds(with_groups=True))
def test_every_step_comes_after_all_it_depends_on_and_names_it(views: list[View]) -> None:
    by_name = {view.name: view for view in views}
    made = plan(*views)
    planned = {step.view for step in made.steps}
    ended: set[str] = set()
    for step in made.steps:
        assert set(step.upstream) == planned & set(by_name[step.view].upstream)
        if step.problem is None:
            assert ended.issuperset(step.upstream)
        ended.add(step.view)


@given(worlds(with_groups=True), KINDS, st.randoms())
def test_the_order_that_views_are_read_in_changes_nothing(
    views: list[View], kind: RunKind, chance: random.Random
) -> None:
    shuffled = chance.sample(views, len(views))
    assert plan(*shuffled, kind=kind) == plan(*views, kind=kind)


@given(worlds(with_groups=True))
def test_waves_are_the_longest_chains_and_hold_nothing_that_depends_on_each_other(views: list[View]) -> None:
    made = plan(*views)
    step = {step.view: step for step in made.steps}
    unit = {view: step[view].group or view for view in step}

    def depth(name: str) -> int:
        """Of the group, if it is in one."""
        mates = [view for view in step if unit[view] == unit[name]]
        above = {view for mate in mates for view in step[mate].upstream if unit[view] != unit[name]}
        return max((depth(view) + 1 for view in above), default=0)

    assert sorted(view for wave in made.waves for view in wave) == sorted(step)
    for level, wave in enumerate(made.waves):
        assert {depth(view) for view in wave} == {level}
        assert all(above not in wave or unit[above] == unit[view] for view in wave for above in step[view].upstream)


@given(worlds(with_groups=True), st.data())
def test_the_closure_of_a_failure_is_exact(views: list[View], data: st.DataObject) -> None:
    """Against the definition: what is reached step by step, over what a view reads and over groups."""
    made = plan(*views)
    if not made.steps:
        return
    failed = data.draw(st.sampled_from(made.steps)).view
    reached = {failed}
    for _ in made.steps:
        for step in made.steps:
            mates = {mate.view for mate in made.steps if mate.group == step.group is not None}
            if reached & {*step.upstream, *mates}:
                reached.add(step.view)
    assert failed_closure(made, failed) == reached - {failed}


@given(worlds(with_groups=True))
def test_a_group_is_planned_whole_and_its_views_follow_each_other(views: list[View]) -> None:
    made = plan(*views)
    due, groups = {step.view for step in made.steps}, [step.group for step in made.steps]
    problems = {step.view for step in made.steps if step.problem is not None}
    for name in {group for group in groups if group is not None}:
        members = {view.name for view in views if view.group == name}
        first = groups.index(name)
        assert {step.view for step in made.steps[first : first + len(members)]} == members
        assert len({step.statement_timeout_s for step in made.steps if step.group == name}) == 1
        assert len({step.strategy is Strategy.SKIP for step in made.steps if step.group == name}) == 1
    for view in views:
        mates = {mate.name for mate in views if mate.group is not None and mate.group == view.group}
        assert not mates or mates <= due or not mates & due
        assert not mates & problems or mates <= problems


@given(worlds(), KINDS)
def test_what_a_step_says_of_itself_fits_its_view(views: list[View], kind: RunKind) -> None:
    by_name = {view.name: view for view in views}
    for step in plan(*views, kind=kind).steps:
        view = by_name[step.view]
        declared = view.statement_timeout
        assert step.statement_timeout_s == (300 if declared is None else declared.total_seconds())
        assert step.reason
        waits = view.suspended_at is not None and view.probe_at is not None and view.probe_at > NOW
        assert (step.strategy is Strategy.SKIP) == waits
        assert (step.due_by is DueBy.PROBE) == (view.suspended_at is not None and not waits)
        if step.strategy is Strategy.EXCLUSIVE:
            assert not view.is_populated
        if step.fingerprinting is Fingerprinting.CHECK:
            assert view.has_fingerprint
            assert not _is_unknown(view)


@given(worlds(suspended=False))
def test_a_view_left_alone_says_when_it_will_be_due_and_is_not_due_until_then(views: list[View]) -> None:
    for undue in plan(*views).undue:
        assert undue.reason
        if undue.next_due_at is None:
            continue
        assert undue.next_due_at >= NOW
        just_before = plan(*views, now=max(NOW, undue.next_due_at - timedelta(milliseconds=1)))
        moment_after = plan(*views, now=undue.next_due_at + timedelta(milliseconds=1))
        assert undue.view not in _planned(just_before)
        # a "downstream" view may be new enough for the reader that becomes due then
        by_itself = next(view for view in views if view.name == undue.view).target_lag is not None
        assert not by_itself or undue.view in _planned(moment_after)


def _planned(made: Plan) -> set[str]:
    return {step.view for step in made.steps}
