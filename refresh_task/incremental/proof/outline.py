"""What the text of a query says of itself, without asking anybody: what it groups by, and where its result depends on
an order that it does not give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from refresh_task.incremental.proof.expressions import Tree, column_name, inner, kind, parts
from refresh_task.incremental.proof.nulls import output_names
from refresh_task.incremental.proof.ties import ORDERED


def groups(select: Tree) -> Iterator[tuple[str, ...]]:
    """Output columns by which rows were grouped or told apart: GROUP BY, DISTINCT ON, PARTITION BY."""
    names = dict(zip(map(_written, select.target_list), output_names(select), strict=False))
    by_number = list(output_names(select))
    for clause in (select.group_clause, select.distinct_clause):
        yield tuple(_named(clause, names, by_number))
    for node in parts(select):
        if kind(node) == "WindowDef":
            yield tuple(_named(node.partition_clause, names, by_number))


def unordered(select: Tree) -> Iterator[str]:
    """What may differ between two computations of the same rows, in words."""
    for node in parts(select):
        if kind(node) == "FuncCall" and node.funcname[-1].string.sval in ORDERED:
            if not node.agg_order and not node.agg_within_group and not node.HasField("over"):
                yield f"{node.funcname[-1].string.sval}() without ORDER BY takes its rows in any order"
        elif kind(node) == "SelectStmt" and node.HasField("limit_count") and not node.sort_clause:
            yield "LIMIT without ORDER BY takes any rows"
        elif kind(node) == "SelectStmt" and _is_distinct_on(node) and not node.sort_clause:
            yield "DISTINCT ON without ORDER BY takes any row of each"


def _is_distinct_on(select: Tree) -> bool:
    return any(item.WhichOneof("node") is not None for item in select.distinct_clause)


def _written(target: Tree) -> bytes:
    written: bytes = inner(target).val.SerializeToString()
    return written


def _named(clause: Sequence[Tree], names: dict[bytes, str], by_number: Sequence[str]) -> Iterator[str]:
    for item in clause:
        node = inner(item)
        if kind(node) == "A_Const" and node.HasField("ival") and 0 < node.ival.ival <= len(by_number):
            yield by_number[node.ival.ival - 1]
        elif (name := names.get(item.SerializeToString())) is not None:
            yield name
        elif kind(node) == "ColumnRef" and (parts_of_name := column_name(node)) and parts_of_name[-1] in by_number:
            yield parts_of_name[-1]
