"""What depends on what: cycles among the views, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from refresh_task.inspection.facts import Facts
from refresh_task.inspection.finding import Code, Finding, Level


def examine_graph(facts: Facts) -> Iterator[Finding]:
    """Views that read each other."""
    for cycle in find_cycles(facts.edges):
        yield Finding(
            Code.CYCLE,
            Level.PROBLEM,
            f"It reads itself: {' → '.join(cycle)}.",
            "There is no order in which these could be refreshed: each is made from older data of another.",
            cycle[0],
            "Take one of them out of the query, or the function, of another.",
        )


def find_cycles(edges: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """One cycle of each knot, as reader → read → … → reader."""
    remaining = {view: set(upstream) for view, upstream in edges.items()}
    while True:
        try:
            TopologicalSorter(remaining).prepare()
        except CycleError as error:
            cycle = tuple(reversed(error.args[1]))
            smallest = cycle.index(min(cycle[:-1]))
            yield (*cycle[smallest:-1], *cycle[: smallest + 1])
            remaining = {view: found - set(cycle) for view, found in remaining.items() if view not in cycle}
        else:
            return
