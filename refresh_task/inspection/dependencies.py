"""The materialized views there are, and what reads what: the part of the inspection that planning needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from refresh_task.database import Session
from refresh_task.inspection.definitions import read_definitions, read_reads
from refresh_task.inspection.reads import Reads


@dataclass(frozen=True, slots=True)
class Node:
    """A materialized view, with the index that it can be refreshed concurrently by."""

    oid: int
    name: str
    is_populated: bool
    unique_index: str | None


@dataclass(frozen=True, slots=True)
class Edge:
    """One materialized view reads another, perhaps through ordinary views; or its policy says so (depends_on)."""

    view: str
    upstream: str
    through: tuple[str, ...] = ()
    is_declared: bool = False


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Nodes by name; edges without a further materialized view between."""

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]

    def beneath(self, declared: Iterable[Edge] = ()) -> dict[str, frozenset[str]]:
        """All that each view depends on, directly or not, by these edges and the declared ones."""
        upstream: dict[str, set[str]] = {name: set() for name in self.nodes}
        for edge in (*self.edges, *declared):
            upstream.setdefault(edge.view, set()).add(edge.upstream)
        return {name: _reachable(upstream, name) for name in self.nodes}


def read_dependencies(session: Session) -> Dependencies:
    """Of every materialized view but the extensions' own."""
    nodes = [Node(**row) for row in session.fetch_anywhere("inspect_nodes")]
    oids = [node.oid for node in nodes]
    names = {node.oid: node.name for node in nodes}
    pairs = sorted(
        (row["view_oid"], row["upstream_oid"])
        for row in session.fetch_portable("direct_upstream_views", oids)
        if row["upstream_oid"] in names
    )
    readers = sorted({view for view, _ in pairs})
    reads = Reads(read_reads(session, read_definitions(session), readers) if readers else [], readers)
    between = {pair: reads.between(*pair) for pair in pairs}
    ordinary = {
        row["oid"]: row["name"]
        for row in session.fetch_all("inspect_between", relations=sorted(set().union(*between.values())))
    }
    return Dependencies(
        nodes={node.name: node for node in nodes},
        edges=tuple(
            Edge(names[view], names[upstream], tuple(sorted(ordinary[oid] for oid in found if oid in ordinary)))
            for (view, upstream), found in between.items()
        ),
    )


def _reachable(upstream: Mapping[str, set[str]], name: str) -> frozenset[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = upstream.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return frozenset(found)
