"""In which order the steps come, and what stands in the way of one: cycles, and groups that others lie between."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from refresh_task.model import ExclusiveWindow, Plan, Priority, Schedule, Strategy, View
from refresh_task.plan import failed_closure, find_problems
from tests.unit.plan.generated import NOW, ago, plan, view

CYCLE_REMEDY = "Take one of them out of the others' depends_on in views.toml, or out of the functions that they call."


def late(name: str, *upstream: str, **values: Any) -> View:
    """A due view."""
    return view(name, upstream=upstream, global_data_timestamp=ago(hours=1), **values)


def order(made: Plan) -> str:
    """The steps' names without their schema."""
    return " ".join(step.view.removeprefix("s.") for step in made.steps)


def problems(made: Plan) -> dict[str, str | None]:
    return {step.view: step.problem for step in made.steps}


@pytest.mark.parametrize(
    ("views", "expected"),
    [
        ([late("s.b"), late("s.a")], "a b"),
        ([late("s.a", "s.b"), late("s.b")], "b a"),
        ([late("s.a"), late("s.b", priority=Priority.CRITICAL), late("s.c", priority=Priority.LOW)], "b a c"),
        # a request is as urgent as it says, and what it needs is, too
        ([late("s.a"), late("s.c"), late("s.b", "s.c", requests=1, request_priority=Priority.HIGH)], "c b a"),
        # the longer path first: 3 s and then 5 s of its reader's, before 7 s
        ([late("s.a", p50_s=7.0), late("s.b", p50_s=3.0), late("s.c", "s.b", p50_s=5.0)], "b a c"),
        # where a deadline cuts every run short, the rest has its turn in the next
        ([late("s.a", last_attempt=9), late("s.b", last_attempt=3), late("s.c")], "c b a"),
        # priority, path, last attempt: in this order of weight
        ([late("s.a", p50_s=9.0), late("s.b", priority=Priority.HIGH, last_attempt=9)], "b a"),
        ([late("s.a", last_attempt=1), late("s.b", p50_s=1.0, last_attempt=9)], "b a"),
    ],
)
def test_the_order_of_steps(views: list[View], expected: str) -> None:
    assert order(plan(*views)) == expected


def test_waves_of_a_small_graph() -> None:
    views = [late("s.a"), late("s.b", "s.a"), late("s.c"), late("s.d", "s.a", "s.b", "s.c"), late("s.e", "s.c")]
    assert plan(*views).waves == (("s.a", "s.c"), ("s.b", "s.e"), ("s.d",))


def test_what_fails_with_a_view() -> None:
    views = [
        late("s.a"), late("s.b", "s.a"), late("s.c", "s.a", "s.b"), late("s.d"),
        late("s.x", "s.b", "s.a", group="g"), late("s.y", group="g"), late("s.z", "s.y"),
    ]  # fmt: skip
    made = plan(*views)
    assert failed_closure(made, "s.a") == {"s.b", "s.c", "s.x", "s.y", "s.z"}
    assert failed_closure(made, "s.c") == set()
    assert failed_closure(made, "s.y") == {"s.x", "s.z"}


# ---- cycles


def test_each_view_of_a_cycle_is_planned_with_the_problem_and_what_reads_it_without() -> None:
    """Only depends_on and functions can make one."""
    cyclic = [late("s.a", "s.b", "s.c"), late("s.b", "s.a", "s.c"), late("s.c", "s.a", "s.b")]
    made = plan(*cyclic, late("s.d", "s.a", "s.b", "s.c"), late("s.e"))
    cycle = "a cycle: s.a → s.b → s.c → s.a"
    assert problems(made) == {"s.a": cycle, "s.b": cycle, "s.c": cycle, "s.d": None, "s.e": None}
    assert {step.remedy for step in made.steps if step.problem} == {CYCLE_REMEDY}
    assert failed_closure(made, "s.a") == {"s.d"}


def test_a_view_may_not_depend_on_itself() -> None:
    assert problems(plan(late("s.a", "s.a"))) == {"s.a": "a cycle: s.a → s.a"}


def test_a_group_with_a_view_on_a_cycle_cannot_be_one_transaction() -> None:
    made = plan(
        late("s.a", "s.b"),
        late("s.b", "s.a"),
        late("s.c", group="g"),
        late("s.d", "s.e", group="g"),
        late("s.e", "s.d"),
    )
    assert problems(made)["s.c"] == "s.d: a cycle: s.d → s.e → s.d"
    assert {step.group for step in made.steps} == {None}


# ---- groups


def test_a_group_is_due_as_one_and_carried_out_as_one() -> None:
    made = plan(
        late("s.a", group="g"),
        view("s.c", group="g", upstream=("s.a",), statement_timeout=timedelta(minutes=9)),
        late("s.b", priority=Priority.HIGH),
        late("s.d", "s.c", "s.a"),
        view("s.e"),
    )
    assert order(made) == "b a c d"
    assert made.waves == (("s.b", "s.a", "s.c"), ("s.d",))
    by_name = {step.view: step for step in made.steps}
    assert by_name["s.c"].reason == "due with its group g; concurrent by its unique index s.c_key"
    assert (by_name["s.c"].group, by_name["s.c"].upstream, by_name["s.b"].group) == ("g", ("s.a",), None)
    # one statement, as long as the most patient of them allows
    assert {by_name[name].statement_timeout_s for name in ("s.a", "s.c")} == {540.0}
    assert by_name["s.d"].statement_timeout_s == 300.0


def test_the_views_that_a_group_reads_come_along() -> None:
    """Even where only another of the group was due."""
    made = plan(late("s.a", group="g"), view("s.b", group="g", upstream=("s.c",)), view("s.c", is_populated=False))
    assert order(made) == "c a b"


def test_a_view_that_lies_between_two_of_a_group_is_named() -> None:
    made = plan(
        late("s.a", group="g"),
        late("s.b", "s.a"),
        late("s.c", "s.b", "s.a", group="g"),
        late("s.d", "s.c", "s.b", "s.a"),
    )
    between = "s.b lies between s.a and s.c of group g"
    assert problems(made) == {"s.a": between, "s.b": None, "s.c": between, "s.d": None}
    assert made.steps[0].remedy == "Put s.b into the group, too."
    assert {step.group for step in made.steps} == {None}


def test_groups_that_read_each_other_are_named() -> None:
    made = plan(
        late("s.a", group="g"), late("s.b", "s.a", group="h"), late("s.c", group="h"), late("s.d", "s.c", group="g")
    )
    assert set(problems(made).values()) == {"groups g and h each have views that read the other's"}
    assert made.steps[0].remedy == "Make them one group."


def test_a_group_is_no_problem_for_what_is_not_in_the_plan() -> None:
    made = plan(late("s.a", group="g"), view("s.b", upstream=("s.a",)), late("s.c", "s.a", group="g"))
    assert set(problems(made).values()) == {None}


def test_problems_are_found_before_anything_is_due() -> None:
    views: Iterable[View] = [
        view("s.a", group="g"),
        view("s.b", upstream=("s.a",)),
        view("s.c", upstream=("s.a", "s.b"), group="g"),
    ]
    assert set(find_problems(views)) == {"s.a", "s.c"}
    assert find_problems([view("s.a"), view("s.b", upstream=("s.a",))]) == {}


def test_a_group_waits_for_its_suspended_view() -> None:
    suspended = late("s.b", group="g", suspended_at=ago(hours=1), probe_at=NOW + timedelta(minutes=30))
    made = plan(late("s.a", group="g"), suspended)
    assert {step.view: (step.strategy, step.reason) for step in made.steps} == {
        "s.a": (
            Strategy.SKIP,
            (
                "s.b of its group g is suspended since 2026-11-22 09:00:00 UTC; "
                "it is tried again at 2026-11-22 10:30:00 UTC; now: vistafresca resume s.b"
            ),
        ),
        "s.b": (
            Strategy.SKIP,
            (
                "suspended since 2026-11-22 09:00:00 UTC; "
                "it is tried again at 2026-11-22 10:30:00 UTC; now: vistafresca resume s.b"
            ),
        ),
    }


def test_a_group_waits_for_the_window_of_its_view() -> None:
    """Of the first by name, if several have one."""
    window = ExclusiveWindow(Schedule("0 4 * * *"), timedelta(hours=1))
    waiting = {"group": "g", "unique_index": None, "exclusive_window": window}
    group = [late("s.a", group="g"), late("s.c", **waiting), late("s.b", **waiting)]
    for made in (plan(*group), plan(*reversed(group))):
        assert made.steps == ()
        assert {left.view: left.reason.split(";")[0] for left in made.undue} == {
            "s.a": "s.b of its group g: no usable unique index",
            "s.b": "no usable unique index",
            "s.c": "no usable unique index",
        }


def test_the_views_of_a_group_come_after_what_they_read_of_it() -> None:
    patient = late("s.y", group="g", statement_timeout=timedelta(minutes=9))
    made = plan(late("s.a", "s.y", "s.z", group="g"), patient, late("s.z", "s.y", group="g"))
    assert order(made) == "y z a"
    assert [step.statement_timeout_s for step in made.steps] == [540.0] * 3
