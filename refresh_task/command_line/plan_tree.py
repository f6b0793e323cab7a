"""What reads what, as a tree for a person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from rich.markup import escape
from rich.tree import Tree

from refresh_task.inspection import Edge

__all__ = ["draw_tree"]


def draw_tree(edges: Iterable[Edge], managed: Collection[str], shown: Collection[str]) -> Tree | None:
    """Each view that nothing reads, and below it what it reads; None where none of them reads another."""
    by_reader: defaultdict[str, list[Edge]] = defaultdict(list)
    for edge in sorted(edges, key=lambda edge: edge.upstream):
        by_reader[edge.view].append(edge)
    read = {edge.upstream for found in by_reader.values() for edge in found}
    readers = sorted(view for view in by_reader if view in shown)
    tops = [view for view in readers if view not in read] or readers  # all are read, in a cycle
    if not tops:
        return None
    tree = Tree("what reads what", style="dim", guide_style="dim")
    grower = _Grower(by_reader, managed)
    for view in tops:
        grower.grow(tree, view, "")
    return tree


class _Grower:
    """Draws the branches of a view once, however many read it."""

    def __init__(self, edges: Mapping[str, Sequence[Edge]], managed: Collection[str]) -> None:
        self._edges = edges
        self._managed = managed
        self._drawn: set[str] = set()

    def grow(self, tree: Tree, view: str, remark: str) -> None:
        """Add a view and what it reads."""
        label = escape(view) if view in self._managed else f"[dim]{escape(view)} (not managed)[/]"
        label += f" [dim]{escape(remark)}[/]" if remark else ""
        below = self._edges.get(view, ())
        if view in self._drawn and below:
            tree.add(f"{label} [dim](see above)[/]", style="default")
            return
        self._drawn.add(view)
        branch = tree.add(label, style="default")
        for edge in below:
            self.grow(branch, edge.upstream, _remark(edge))


def _remark(edge: Edge) -> str:
    if edge.is_declared:
        return "by depends_on"
    return f"through {', '.join(edge.through)}" if edge.through else ""
