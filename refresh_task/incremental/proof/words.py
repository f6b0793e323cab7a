"""Why a table is indirect, in words: which part of the query stands between the slice and its rows."""

from __future__ import annotations

from collections.abc import Iterator

from refresh_task.incremental.proof.definition import Definition, Table
from refresh_task.incremental.proof.plan import Node, Scan
from refresh_task.incremental.proof.slices import Sliced, is_understood, scans_by_table

# What each shape is called to people (docs/incremental-internals.md has the table).
SHAPES = {
    "none": "no column of the result tells which rows one of its rows belongs to",
    "unreadable": "the view's owner may not read {columns} of it himself: GRANT SELECT, as what changed there is shown "
    "to his code",
    "alias": "the query gives its columns names of its own, as in FROM t AS x (b, a): leave the list in parentheses "
    "out",
    "renamed": "its columns were renamed since {name} was made, and the plan calls those of partitions and children by "
    "their former names: CREATE OR REPLACE VIEW with the same query",
    "unknown": "the plan has {nodes}, and what that reads is not known",
    "hidden": "the plan reads a table that the query does not name: a function's body does",
    "absent": "the planner leaves it out of the plan: if nothing of it matters, leave it out of the query",
    "limit": "LIMIT or OFFSET: which rows are in depends on all others",
    "window": "a window that is not partitioned by {columns}: a rank or share depends on every row",
    "grouping_sets": "GROUPING SETS, ROLLUP or CUBE: a total depends on every row",
    "total": "an aggregate over all rows, without GROUP BY",
    "groups": "rows are grouped by other columns than {columns}",
    "distinct": "DISTINCT by other columns than {columns}",
    "set_operation": "EXCEPT or INTERSECT, through which {columns} cannot be followed",
    "recursive": "WITH RECURSIVE",
    "shared_cte": "the WITH query {name}, which is read more than once or says MATERIALIZED: NOT MATERIALIZED may help",
    "subquery": "a subquery in an expression, which reads it by other columns than {columns}",
    "twice": "it is read {count} times, not each time by the same column",
    "join": "it is joined by other columns than {columns}, and not to a row that names them: one row of it may belong "
    "to any slice",
}


def why_indirect(definition: Definition, sliced: Sliced | None, table: Table) -> str:
    """For a table that is not direct on the slicing."""
    if table.misnamed is not None:
        return table.misnamed
    if sliced is None:
        return SHAPES["none"]
    if sliced.plan.unknown:
        return SHAPES["unknown"].format(nodes=" and ".join(sliced.plan.unknown))
    scans = scans_by_table(definition, sliced.plan).get(table, [])
    is_hidden = not is_understood(definition, sliced.plan)
    if is_hidden or not scans:
        return SHAPES["hidden" if is_hidden else "absent"]
    columns = " and ".join(sliced.columns)
    restricted = [_is_restricted(scan.above[-1]) for scan in scans]
    unrestricted = [scan for scan, is_restricted in zip(scans, restricted, strict=True) if not is_restricted]
    if not unrestricted:
        return SHAPES["twice" if len(scans) > 1 else "join"].format(count=len(scans), columns=columns)
    shape, name = _shape(unrestricted[0])
    return SHAPES[shape].format(columns=columns, name=name)


def _shape(scan: Scan) -> tuple[str, str]:
    """What is between the scan and the lowest node at which the slice is still known."""
    nodes = list(scan.above)
    known = max((number for number, node in enumerate(nodes[:-1]) if _knows(node)), default=-1)
    # HAVING is a condition of what groups: what it is about was not there before
    first = (
        known if known >= 0 and nodes[known]["Node Type"] == "Aggregate" and _is_restricted(nodes[known]) else known + 1
    )
    beneath = nodes[first:-1]
    if any(node["Node Type"] == "Recursive Union" for node in beneath):
        return "recursive", ""
    for node in beneath:
        name = node.get("Subplan Name", "")
        if name.startswith("CTE "):
            return "shared_cte", name.removeprefix("CTE ")
    return next(((shape, "") for node in beneath for shape in _constructs(node)), ("join", ""))


def _constructs(node: Node) -> Iterator[str]:
    if node.get("Parent Relationship") in ("SubPlan", "InitPlan"):
        yield "subquery"
    if node["Node Type"] in ("Aggregate", "Group"):
        yield _aggregate(node)
    elif node["Node Type"] in _BY_NODE:
        yield _BY_NODE[node["Node Type"]]


def _knows(node: Node) -> bool:
    return _is_restricted(node) or any(_knows(child) for child in node.get("Plans", ()))


_BY_NODE = {
    "Limit": "limit",
    "WindowAgg": "window",
    "Unique": "distinct",
    "SetOp": "set_operation",
    "Recursive Union": "recursive",
}


def _aggregate(node: Node) -> str:
    if "Grouping Sets" in node:
        return "grouping_sets"
    return "groups" if "Group Key" in node else "total"


def _is_restricted(node: Node) -> bool:
    return any(
        f"${500 + number}" in str(node.get(key, ""))
        for key in ("Filter", "Index Cond", "Recheck Cond", "Join Filter", "Hash Cond", "Merge Cond", "One-Time Filter")
        for number in range(1, 10)
    )
