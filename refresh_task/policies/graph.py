"""The declared views as a graph, so that what cannot be put in an order is refused before it is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from refresh_task.database import Session
from refresh_task.model import View
from refresh_task.policies.policy import Policy


def declared_graph(session: Session, policies: Mapping[str, Policy]) -> tuple[View, ...]:
    """The enabled ones of these views with what they depend on, as it will be: the catalog's edges and the declared
    ones, through whatever else there is. Of a View only the name, the group and `upstream` are filled in."""
    edges: defaultdict[str, set[str]] = defaultdict(set)
    for row in session.fetch_all("read_direct_upstream"):
        edges[row["view_name"]].add(row["upstream_name"])
    for name, policy in policies.items():
        edges[name].update(upstream for upstream in policy.depends_on if upstream != name)
    enabled = {name for name, policy in policies.items() if policy.enabled}
    return tuple(
        View(name, group=policies[name].group, upstream=tuple(sorted(_beneath(name, edges) & enabled - {name})))
        for name in sorted(enabled)
    )


def _beneath(name: str, edges: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = edges.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found
