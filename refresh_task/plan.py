"""Policies + catalog → what a run will do, and why. Pure: no database, no environment, no clock of its own."""

from __future__ import annotations

from collections.abc import Sequence

from refresh_task.model import Plan, Step, Strategy, View

__all__ = ["make_plan"]


def make_plan(views: Sequence[View], *, default_timeout_s: float) -> Plan:
    """One step per view, in the given order (upstream first). A view that cannot be refreshed keeps its step: the
    attempt records the error and its remedy, run after run, until somebody mends it."""
    return Plan(steps=tuple(_step(view, default_timeout_s) for view in views))


def _step(view: View, default_timeout_s: float) -> Step:
    strategy, reason = _strategy(view)
    timeout_s = default_timeout_s if view.statement_timeout is None else view.statement_timeout.total_seconds()
    return Step(view=view.name, strategy=strategy, reason=reason, statement_timeout_s=timeout_s)


def _strategy(view: View) -> tuple[Strategy, str]:
    if view.oid is None:
        return Strategy.CONCURRENT, "it is gone from the database, which the attempt will record"
    if not view.is_populated:
        return Strategy.EXCLUSIVE, "not populated yet, so nobody can be reading it"
    if view.unique_index is None:
        return (
            Strategy.CONCURRENT,
            "it has no usable unique index, which the attempt will record with the statement that mends it",
        )
    return Strategy.CONCURRENT, f"by its unique index {view.unique_index}"
