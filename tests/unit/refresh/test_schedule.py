"""In which order steps begin, and what a failure keeps from beginning."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from refresh_task.model import Outcome, Plan, Status, Step, Strategy
from refresh_task.refresh.schedule import Schedule, Unit

STATUSES = [Status.COMPLETED, Status.SKIPPED, Status.FAILED, Status.CANCELLED]


def _step(view: str, *upstream: str, group: str | None = None, strategy: Strategy = Strategy.CONCURRENT) -> Step:
    return Step(view, strategy, "a test", 60, upstream=upstream, group=group)


def _outcome(step: Step, status: Status) -> Outcome:
    return Outcome(step.view, status, step.strategy, step.reason, 0.0)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Up to twelve steps, each reading some of those before it; those before position 4 may be one group."""
    count = draw(st.integers(1, 12))
    grouped = draw(st.integers(0, 4))
    steps = []
    for number in range(count):
        upstream = draw(st.sets(st.integers(0, number - 1))) if number else set()
        if number < grouped:
            upstream = set()
        group = "g" if number < grouped else None
        steps.append(_step(f"v{number}", *(f"v{u}" for u in sorted(upstream)), group=group))
    return Plan(tuple(steps))


@given(plans(), st.data())
def test_every_step_ends_once_after_all_it_reads_and_a_failure_reaches_exactly_what_depends_on_it(
    plan: Plan, data: st.DataObject
) -> None:
    schedule = Schedule(plan)
    running: list[Unit] = []
    ended: dict[str, Status] = {}
    while schedule.is_active:
        for unit in schedule.newly_pending():
            assert all(view in ended for step in unit.steps for view in step.upstream)
            if any(schedule.blocked_by(step) for step in unit.steps):
                statuses = [
                    Status.UPSTREAM_FAILED if schedule.blocked_by(step) else Status.SKIPPED for step in unit.steps
                ]
                _end(schedule, unit, statuses, ended)
        for unit in schedule.pending[: data.draw(st.integers(0 if running else 1, 3))]:
            if not any(schedule.blocked_by(step) for step in unit.steps):
                schedule.begin(unit)
                running.append(unit)
        if running:
            unit = running.pop(data.draw(st.integers(0, len(running) - 1)))
            _end(schedule, unit, [data.draw(st.sampled_from(STATUSES)) for _ in unit.steps], ended)
    assert list(ended.keys() - {step.view for step in plan.steps}) == []
    assert len(ended) == len(plan.steps)
    assert {view for view, status in ended.items() if status is Status.UPSTREAM_FAILED} == _closure(plan, ended)


def _end(schedule: Schedule, unit: Unit, statuses: list[Status], ended: dict[str, Status]) -> None:
    schedule.end(unit, [_outcome(step, status) for step, status in zip(unit.steps, statuses, strict=True)])
    for step, status in zip(unit.steps, statuses, strict=True):
        assert step.view not in ended
        ended[step.view] = status


def _closure(plan: Plan, ended: dict[str, Status]) -> set[str]:
    """Everything that reads a view that failed, or was in a group with one, or that is in this set itself."""
    bad = {view for view, status in ended.items() if status in (Status.FAILED, Status.CANCELLED)}
    if any(step.group and step.view in bad for step in plan.steps):
        bad |= {step.view for step in plan.steps if step.group}
    reached: set[str] = set()
    for step in plan.steps:  # upstream first
        if not (bad | reached).isdisjoint(step.upstream):
            reached.add(step.view)
    return reached


def test_the_units_are_in_the_order_of_the_plan_and_a_group_stands_where_its_first_member_stands() -> None:
    plan = Plan((_step("a"), _step("b", group="g"), _step("c"), _step("d", group="g")))
    assert [unit.views for unit in Schedule(plan).pending] == [["a"], ["b", "d"], ["c"]]


def test_the_root_of_a_chain_of_failures_is_named_not_its_last_link() -> None:
    schedule = Schedule(Plan((_step("a"), _step("b", "a"), _step("c", "b"))))
    for status in (Status.FAILED, Status.UPSTREAM_FAILED):
        (unit,) = schedule.pending
        schedule.end(unit, [_outcome(unit.steps[0], status)])
    found = schedule.blocked_by(_step("c", "b"))
    assert found is not None
    assert (found[0], found[1].view, found[1].fate) == ("b", "a", "failed")


def test_what_reads_any_member_of_a_failed_group_is_blocked_by_the_member_that_failed() -> None:
    schedule = Schedule(Plan((_step("a", group="g"), _step("b", group="g"), _step("c", "b"))))
    (group,) = schedule.pending
    outcomes = [_outcome(group.steps[0], Status.FAILED), _outcome(group.steps[1], Status.SKIPPED)]
    schedule.end(group, outcomes)
    found = schedule.blocked_by(_step("c", "b"))
    assert found is not None
    assert (found[0], found[1].view) == ("b", "a")


def test_a_step_that_the_plan_skips_keeps_what_reads_it_from_beginning() -> None:
    skipped = _step("a", strategy=Strategy.SKIP)
    schedule = Schedule(Plan((skipped, _step("b", "a"))))
    schedule.end(schedule.pending[0], [_outcome(skipped, Status.SKIPPED)])
    assert schedule.blocked_by(_step("b", "a"))


def test_steps_of_the_common_check_wait_for_it_and_the_others_do_not() -> None:
    schedule = Schedule(Plan((_step("a"), _step("b"), _step("c"))), verified_first=frozenset({"a", "c"}))
    assert [unit.key for unit in schedule.pending] == ["b"]
    schedule.end_verification()
    assert [unit.key for unit in schedule.pending] == ["a", "b", "c"]


def test_a_thousand_steps_are_no_burden() -> None:
    """One chain and many independent ones: every step is taken once."""
    steps = [_step("v0"), *(_step(f"v{n}", f"v{n - 1}") for n in range(1, 500))]
    steps += [_step(f"w{n}") for n in range(500)]
    schedule, taken = Schedule(Plan(tuple(steps))), 0
    while schedule.is_active:
        unit = schedule.pending[0]
        schedule.end(unit, [_outcome(unit.steps[0], Status.COMPLETED)])
        taken += 1
    assert taken == 1000
