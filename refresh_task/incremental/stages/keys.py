"""What tells the rows of a query apart, read from its text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from postgast import pg_query_pb2 as tree

from refresh_task.incremental.stages.query_text import children, without_locations


def distinguishing_columns(statement: tree.SelectStmt, columns: Sequence[str]) -> tuple[str, ...] | None:
    """Output columns of which no two rows have the same values: those that it groups by or is distinct on, or all of a
    SELECT DISTINCT or UNION. `columns` are the names under which the result is known, in its order. None: none are.

    No two rows are both equal by `=`; rows with a NULL there may well stand twice to a comparison by `=`.
    """
    if statement.op != tree.SETOP_NONE:
        return None if statement.all else tuple(columns)
    if statement.distinct_clause:
        wanted = [node for node in statement.distinct_clause if node.WhichOneof("node") is not None]
        return _named(wanted, statement, columns) if wanted else tuple(columns)
    if not statement.group_clause or any(node.HasField("grouping_set") for node in statement.group_clause):
        return None
    return _named(statement.group_clause, statement, columns)


def called_in_groups(statement: tree.SelectStmt) -> tuple[str, ...]:
    """Names of the functions in the columns of what is grouped: one that gives several rows makes several of a group.
    Rows are told apart by DISTINCT and UNION after that."""
    if statement.op != tree.SETOP_NONE or statement.distinct_clause or not statement.group_clause:
        return ()
    return tuple(sorted({_name(call) for node in statement.target_list for call in _calls(node)}))


def _calls(part: Any) -> Iterator[tree.FuncCall]:
    if isinstance(part, tree.FuncCall):
        yield part
    for child in children(part):
        yield from _calls(child)


def _name(call: tree.FuncCall) -> str:
    name: str = call.funcname[-1].string.sval
    return name


def _named(
    expressions: Iterable[tree.Node], statement: tree.SelectStmt, columns: Sequence[str]
) -> tuple[str, ...] | None:
    """The output columns that these expressions are; None where one of them is not in the result."""
    targets = [node.res_target for node in statement.target_list]
    by_expression = {without_locations(target.val): number for number, target in reversed(list(enumerate(targets)))}
    found: list[str] = []
    for expression in expressions:
        number = by_expression.get(without_locations(expression))
        if number is None:
            number = _ordinal(expression, len(targets))
        if number is None or number >= len(columns):
            return None
        found.append(columns[number])
    return tuple(dict.fromkeys(found))


def _ordinal(expression: tree.Node, targets: int) -> int | None:
    """GROUP BY 2, as people write it; PostgreSQL's own spelling has the expression."""
    if not expression.HasField("a_const") or not expression.a_const.HasField("ival"):
        return None
    ordinal = expression.a_const.ival.ival
    return ordinal - 1 if 1 <= ordinal <= targets else None
