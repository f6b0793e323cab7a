"""In which order steps begin: each as soon as all that it depends on have ended. No database, no threads, no clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import TopologicalSorter

from refresh_task.model import Outcome, Plan, Status, Step, Strategy

__all__ = ["Blocker", "Schedule", "Unit"]

_VERIFICATION = ""  # no view has this name


@dataclass(frozen=True, slots=True)
class Unit:
    """What one statement and one transaction is about: a step, or the steps of a consistency group, in plan order."""

    steps: tuple[Step, ...]

    @property
    def key(self) -> str:
        """Its name in the graph: that of its first view."""
        return self.steps[0].view

    @property
    def views(self) -> list[str]:
        """The names of its views."""
        return [step.view for step in self.steps]

    @property
    def is_group(self) -> bool:
        """Whether there are several."""
        return len(self.steps) > 1

    @property
    def statement_timeout_s(self) -> float:
        """The longest among its steps: a group's is its time cap."""
        return max(step.statement_timeout_s for step in self.steps)


@dataclass(frozen=True, slots=True)
class Blocker:
    """Why what reads a view is not refreshed: the view at the root of it, what became of that one, and its remedy."""

    view: str
    fate: str  # to be read after "which"
    remedy: str | None


class Schedule:
    """What is still to be done, and what must not be done any more.

    `verified_first` names steps that besides wait for one check common to them all (end_verification). Steps that are
    not attempted anyway, for a problem (a cycle, say) or because the plan skips them, wait for nothing. The planner has
    seen to it that groups and the rest can be put into an order.
    """

    def __init__(self, plan: Plan, *, verified_first: frozenset[str] = frozenset()) -> None:
        self.units = _units(plan)
        self._by_key = {unit.key: unit for unit in self.units}
        self._position = {unit.key: position for position, unit in enumerate(self.units)}
        self._blockers: dict[str, Blocker] = {}
        self._pending: list[Unit] = []
        self._fresh: list[Unit] = []
        self._sorter = TopologicalSorter(self._graph(verified_first))
        self._sorter.prepare()
        self._take_ready()

    @property
    def is_active(self) -> bool:
        """Whether anything has not ended yet."""
        return self._sorter.is_active()

    @property
    def pending(self) -> tuple[Unit, ...]:
        """What could begin now, in plan order."""
        return tuple(self._pending)

    def newly_pending(self) -> list[Unit]:
        """Those of them that could not begin when this was last asked."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def begin(self, unit: Unit) -> None:
        """It is under way."""
        self._pending.remove(unit)

    def end(self, unit: Unit, outcomes: Iterable[Outcome]) -> None:
        """It ended so, having begun or not; what waited for it may begin."""
        if unit in self._pending:
            self._pending.remove(unit)
        steps = {step.view: step for step in unit.steps}
        for outcome in outcomes:
            if (blocker := self._made_by(steps[outcome.view], outcome)) is not None:
                self._blockers[outcome.view] = blocker
        # A group keeps its old data together: what reads one member would wait for the data of another in vain.
        root = next((self._blockers[view] for view in unit.views if view in self._blockers), None)
        if root is not None:
            for view in unit.views:
                self._blockers.setdefault(view, root)
        self._sorter.done(unit.key)
        self._take_ready()

    def end_verification(self) -> None:
        """The common check is done, or will not be."""
        self._sorter.done(_VERIFICATION)
        self._take_ready()

    def blocked_by(self, step: Step) -> tuple[str, Blocker] | None:
        """The view that the step reads and that was not refreshed, and why; None: nothing keeps it from beginning."""
        return next(((view, self._blockers[view]) for view in step.upstream if view in self._blockers), None)

    def _made_by(self, step: Step, outcome: Outcome) -> Blocker | None:
        match outcome.status:
            case Status.UPSTREAM_FAILED:
                found = self.blocked_by(step)
                return None if found is None else found[1]
            case Status.FAILED | Status.CANCELLED:
                code = "" if outcome.sqlstate is None else f" ({outcome.sqlstate})"
                said = "" if outcome.message is None else f": {outcome.message.rstrip('.')}"
                verb = "was cancelled" if outcome.status is Status.CANCELLED else "failed"
                return Blocker(step.view, f"{verb}{code}{said}", outcome.remedy)
            case Status.SKIPPED if step.strategy is Strategy.SKIP:
                return Blocker(step.view, f"was left alone: {step.reason.rstrip('.')}", step.remedy)
            case Status.COMPLETED | Status.SKIPPED | Status.ABANDONED:
                return None

    def _take_ready(self) -> None:
        if not self._sorter.is_active():
            return
        ready = [self._by_key[key] for key in self._sorter.get_ready() if key != _VERIFICATION]
        self._pending = sorted(self._pending + ready, key=lambda unit: self._position[unit.key])
        self._fresh += sorted(ready, key=lambda unit: self._position[unit.key])

    def _graph(self, verified_first: frozenset[str]) -> dict[str, set[str]]:
        """What each unit waits for."""
        unit_of = {view: unit.key for unit in self.units for view in unit.views}
        graph: dict[str, set[str]] = {_VERIFICATION: set()} if verified_first else {}
        for unit in self.units:
            upstream = {view for step in unit.steps if _is_attempted(step) for view in step.upstream}
            graph[unit.key] = {unit_of[view] for view in upstream if view in unit_of} - {unit.key}
            if not verified_first.isdisjoint(unit.views):
                graph[unit.key].add(_VERIFICATION)
        return graph


def _units(plan: Plan) -> tuple[Unit, ...]:
    """A group stands where its first member stands."""
    members: dict[tuple[str, str], list[Step]] = {}
    for step in plan.steps:
        is_member = step.group is not None and _is_attempted(step)
        members.setdefault(("group", step.group or "") if is_member else ("view", step.view), []).append(step)
    return tuple(Unit(tuple(steps)) for steps in members.values())


def _is_attempted(step: Step) -> bool:
    return step.strategy is not Strategy.SKIP and step.problem is None
