"""Planning, without a database."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from refresh_task.model import Strategy, View
from refresh_task.plan import make_plan

_views = st.builds(
    View,
    name=st.text(min_size=1, max_size=5),
    oid=st.none() | st.integers(1, 2**32 - 1),
    is_populated=st.booleans(),
    unique_index=st.none() | st.just("an_index"),
    statement_timeout=st.none() | st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=1)),
)


@given(st.lists(_views, unique_by=lambda view: view.name))
def test_every_view_is_planned_once_in_the_given_order(views: list[View]) -> None:
    assert [step.view for step in make_plan(views, default_timeout_s=300).steps] == [view.name for view in views]


@given(_views)
def test_readers_are_blocked_only_where_there_cannot_be_any(view: View) -> None:
    (step,) = make_plan([view], default_timeout_s=300).steps
    if step.strategy is Strategy.EXCLUSIVE:
        assert not view.is_populated
    assert step.reason


@given(_views)
def test_a_policys_timeout_wins_over_the_default(view: View) -> None:
    (step,) = make_plan([view], default_timeout_s=300).steps
    declared = view.statement_timeout
    assert step.statement_timeout_s == (300 if declared is None else declared.total_seconds())
