"""What stands in the way of an order: cycles, and groups that something else lies between."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from refresh_task.model import View

Node = tuple[str, ...]  # a view, or the views of a group, each after what it reads


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a view cannot be put in an order, and what to do about it."""

    problem: str
    remedy: str


def find_cycles(upstream: Mapping[str, frozenset[str]]) -> dict[str, Problem]:
    """Two views that are upstream of each other are on a cycle: only functions and depends_on can make one."""
    problems = {}
    for name, above in upstream.items():
        others = {other for other in above if name in upstream[other]}
        if others:
            members = sorted(others | {name})
            problems[name] = Problem(
                f"a cycle: {' → '.join([*members, members[0]])}",
                "Take one of them out of the others' depends_on in views.toml, or out of the functions that they call.",
            )
    return problems


def contract(
    views: Mapping[str, View], upstream: Mapping[str, frozenset[str]], problems: dict[str, Problem]
) -> tuple[list[Node], dict[Node, list[Node]]]:
    """Each group as one node, with what the nodes read. A group that cannot be one is taken apart, and its members
    added to `problems`."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for view in views.values():
        if view.group is not None:
            groups[view.group].append(view.name)
    for group, members in list(groups.items()):
        if bad := next((name for name in members if name in problems), None):
            _take_apart(groups, {group}, Problem(f"{bad}: {problems[bad].problem}", problems[bad].remedy), problems)
    while True:
        grouped = {
            # what a view reads has fewer views upstream than itself
            tuple(sorted(members, key=lambda name: (len(upstream[name].intersection(members)), name)))
            for members in groups.values()
        }
        node_of = {name: node for node in grouped for name in node}
        nodes = sorted(grouped | {(name,) for name in views if name not in node_of})
        edges = {
            node: sorted({node_of.get(above, (above,)) for name in node for above in upstream[name]} - {node})
            for node in nodes
        }
        try:
            TopologicalSorter(edges).prepare()
        except CycleError as error:
            cycle: Sequence[Node] = error.args[1]
            found = {views[name].group or "" for node in cycle if node in grouped for name in node}
            _take_apart(groups, found, _between(cycle[:-1], groups, upstream, found), problems)
        else:
            return nodes, edges


def _take_apart(groups: dict[str, list[str]], names: set[str], problem: Problem, problems: dict[str, Problem]) -> None:
    for group in names:
        for view in groups.pop(group):
            problems.setdefault(view, problem)


def _between(
    cycle: Sequence[Node], groups: Mapping[str, list[str]], upstream: Mapping[str, frozenset[str]], found: set[str]
) -> Problem:
    group, *others = sorted(found)
    if others:
        return Problem(
            f"groups {' and '.join([group, *others])} each have views that read the other's", "Make them one group."
        )
    members = groups[group]
    outsider = next(name for node in cycle for name in node if name not in members)
    beneath = next((name for name in sorted(members) if name in upstream[outsider]), group)
    above = next((name for name in sorted(members) if outsider in upstream[name]), group)
    return Problem(
        f"{outsider} lies between {beneath} and {above} of group {group}", f"Put {outsider} into the group, too."
    )
