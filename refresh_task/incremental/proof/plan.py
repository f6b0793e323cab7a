"""A plan as EXPLAIN (FORMAT JSON, VERBOSE) gives it: which scans it has, what holds for each row that they give, and
what stands above them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from refresh_task.incremental.proof.expressions import Tree, conjuncts, mentions_moment

Node: TypeAlias = Mapping[str, Any]

# Conditions that every row a scan gives fulfils. The Recheck Cond of a bitmap scan is what its indexes have looked for:
# rows of a page that they knew whole are not checked once more, for they fulfil it. The Index Cond of the index scans
# beneath it says no more than that.
_CONDITIONS = {
    "Seq Scan": ("Filter",),
    "Index Scan": ("Index Cond", "Filter"),
    "Index Only Scan": ("Index Cond", "Filter"),
    "Bitmap Heap Scan": ("Recheck Cond", "Filter"),
    "Tid Scan": ("Filter",),
    "Tid Range Scan": ("Filter",),
}
# Nodes that read no table themselves. A node of another name may hide what it reads, and then nothing is proved.
_READ_NO_TABLE = frozenset(
    {
        *("Result", "ProjectSet", "Append", "Merge Append", "Recursive Union", "Subquery Scan", "CTE Scan"),
        *("WorkTable Scan", "Function Scan", "Table Function Scan", "Values Scan"),
        *("Bitmap Index Scan", "BitmapAnd", "BitmapOr", "LockRows", "Limit", "Unique", "SetOp", "WindowAgg"),
        *("Nested Loop", "Merge Join", "Hash Join", "Hash", "Materialize", "Memoize", "Sort", "Incremental Sort"),
        *("Group", "Aggregate"),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan of one table."""

    schema: str
    relation: str
    alias: str
    conjuncts: tuple[Tree, ...]  # each holds for every row it gives
    gates: tuple[Tree, ...]  # each holds whenever it is run at all
    above: tuple[Node, ...]  # from the plan's root down to its parent, then itself


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it."""

    root: Node
    scans: tuple[Scan, ...]
    unknown: tuple[str, ...]  # types of nodes whose reads are not known

    def texts(self) -> Iterator[tuple[Node, str, str]]:
        """Every text in it, with its node and its key."""
        return _texts(self.root)


def make_plan(root: Node) -> Plan:
    """From the `Plan` of EXPLAIN's answer."""
    scans: list[Scan] = []
    unknown: set[str] = set()
    _walk(root, (), (), scans, unknown)
    return Plan(root, tuple(scans), tuple(sorted(unknown)))


def is_scan_condition(node: Node, key: str) -> bool:
    """Whether this text of a node is a condition that Scan.conjuncts has taken apart, or repeats one."""
    kind = node["Node Type"]
    return key in _CONDITIONS.get(kind, ()) or (kind == "Bitmap Index Scan" and key == "Index Cond")


def moments(plan: Plan) -> Iterator[tuple[Node, str, str]]:
    """The texts that ask for the date or the time."""
    return ((node, key, text) for node, key, text in plan.texts() if mentions_moment(text))


def _walk(node: Node, above: tuple[Node, ...], gates: tuple[Tree, ...], scans: list[Scan], unknown: set[str]) -> None:
    kind = node["Node Type"]
    if kind in _CONDITIONS:
        found = tuple(part for key in _CONDITIONS[kind] for text in _as_list(node.get(key)) for part in conjuncts(text))
        scans.append(Scan(node["Schema"], node["Relation Name"], node["Alias"], found, gates, (*above, node)))
    elif kind not in _READ_NO_TABLE or "Relation Name" in node:
        unknown.add(kind)
    inside = gates
    if kind == "Result":
        inside = (*gates, *(part for text in _as_list(node.get("One-Time Filter")) for part in conjuncts(text)))
    for child in node.get("Plans", ()):
        # a subplan may be run for the condition itself
        is_below = child.get("Parent Relationship") in ("Outer", "Inner", "Member", "Subquery")
        _walk(child, (*above, node), inside if is_below else gates, scans, unknown)


def _texts(node: Node) -> Iterator[tuple[Node, str, str]]:
    for key, value in node.items():
        if key != "Plans":
            yield from ((node, key, text) for text in _strings(value))
    for child in node.get("Plans", ()):
        yield from _texts(child)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [] if value is None else [value]
