"""In which order the steps of a plan can be carried out, and what fails with one of them."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

from refresh_task.model import Plan, Priority, View
from refresh_task.plan.obstacles import Node, Problem, contract, find_cycles


@dataclass(frozen=True, slots=True)
class Order:
    """Views in an order that can be carried out; those of a group follow each other. `upstream`, in the same order, and
    `priority` are by view; of a view with a problem the edges that make it are left out."""

    views: tuple[str, ...]
    waves: tuple[tuple[str, ...], ...]
    upstream: Mapping[str, tuple[str, ...]]
    priority: Mapping[str, Priority]
    problems: Mapping[str, Problem]


def find_order(views: Mapping[str, View]) -> Order:
    """Upstream first; among views that could begin now: those of higher priority, of the longer path of estimated
    durations through what reads them, the longest not attempted, by name. A view is as urgent as what reads it."""
    names = sorted(views)
    upstream = {name: frozenset(views[name].upstream) & views.keys() for name in names}
    problems = find_cycles(upstream)
    upstream = {
        name: frozenset(u for u in upstream[name] if name not in upstream[u]) if name in problems else upstream[name]
        for name in names
    }
    nodes, edges = contract({name: views[name] for name in names}, upstream, problems)

    path: dict[Node, float] = defaultdict(float)
    rank: dict[Node, int] = defaultdict(int)
    depth: dict[Node, int] = {}
    downstream_first = tuple(TopologicalSorter(edges).static_order())[::-1]
    for node in downstream_first:
        path[node] += sum(views[name].p50_s or 0.0 for name in node)
        rank[node] = max(rank[node], *(_urgency(views[name]).rank for name in node))
        for above in edges[node]:
            path[above] = max(path[above], path[node])
            rank[above] = max(rank[above], rank[node])
    for node in reversed(downstream_first):
        depth[node] = max((depth[above] + 1 for above in edges[node]), default=0)

    def urgency(node: Node) -> tuple[int, float, int, Node]:
        return -rank[node], -path[node], min(views[name].last_attempt for name in node), node

    ordered = tuple(_by_urgency(edges, {node: urgency(node) for node in nodes}))
    waves: defaultdict[int, list[str]] = defaultdict(list)
    for node in ordered:
        waves[depth[node]] += node
    position = {name: i for i, name in enumerate(name for node in ordered for name in node)}
    return Order(
        views=tuple(position),
        waves=tuple(tuple(waves[level]) for level in sorted(waves)),
        upstream={name: tuple(sorted(upstream[name], key=position.__getitem__)) for name in names},
        priority={name: list(Priority)[rank[node]] for node in nodes for name in node},
        problems=problems,
    )


def find_problems(views: Iterable[View]) -> Mapping[str, Problem]:
    """What would stand in the way if all of them were in one plan, by view."""
    return find_order({view.name: view for view in views}).problems


def failed_closure(plan: Plan, view: str) -> frozenset[str]:
    """The steps that cannot succeed once this one has failed: those that depend on it, directly or not, and the others
    of a group that one of them is in, which is one transaction."""
    group_of = {step.view: step.group for step in plan.steps}
    failed, size = {view}, 0
    while size != len(failed):
        size = len(failed)
        groups = {group_of.get(name) for name in failed} - {None}
        failed |= {step.view for step in plan.steps if step.group in groups or not failed.isdisjoint(step.upstream)}
    return frozenset(failed - {view})


def _urgency(view: View) -> Priority:
    return max(view.priority, view.request_priority or view.priority, key=lambda priority: priority.rank)


def _by_urgency(
    edges: Mapping[Node, list[Node]], urgency: Mapping[Node, tuple[int, float, int, Node]]
) -> Iterable[Node]:
    sorter = TopologicalSorter(edges)
    sorter.prepare()
    ready: list[tuple[tuple[int, float, int, Node], Node]] = []
    while sorter.is_active():
        for node in sorter.get_ready():
            heapq.heappush(ready, (urgency[node], node))
        _, node = heapq.heappop(ready)
        yield node
        sorter.done(node)
