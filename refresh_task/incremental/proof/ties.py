"""Where a query takes rows, or numbers them, in an order that may leave some of them equal: two computations of the
same rows may then differ, and the comparison of a sample takes that for a mismatch.

An order tells rows apart where it has, of each table, all columns of a unique key, or what a join makes equal to one;
or all that is shown. What is not seen in the text is remarked: better once too often."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from refresh_task.incremental.proof.definition import Table
from refresh_task.incremental.proof.expressions import (
    Tree,
    bare_column,
    between_ands,
    inner,
    kind,
    operation,
    parts,
    references,
)

# Aggregates whose result depends on the order of their rows.
ORDERED = frozenset(
    {"array_agg", "string_agg", "json_agg", "jsonb_agg", "json_object_agg", "jsonb_object_agg", "xmlagg"}
)
# Functions of windows for which rows that are equal by its ORDER BY are not the same.
_OF_POSITION = frozenset({"row_number", "ntile", "lag", "lead", "first_value", "last_value", "nth_value"})
_INNER, _LEFT = 1, 2  # JoinType
_WITH_TIES = 3  # LimitOption
_NO_SET_OPERATION = 1
_IS_EQUAL = "takes any of those that it leaves equal: a unique column at its end makes it certain"

_Column: TypeAlias = tuple[str, str]  # alias and name
Tables: TypeAlias = Mapping[tuple[str, str], Table]


@dataclass(frozen=True, slots=True)
class _Item:
    """A table in FROM; None: what it is made of is not known."""

    alias: str
    table: Table | None


class _Joined:
    """What stands in FROM. `implied`: columns of which one is the same in all rows in which the other is."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.items: list[_Item] = []
        self.implied: list[tuple[_Column, _Column]] = []

    def add(self, node: Tree) -> None:
        """A table, a join, or something else."""
        if kind(node) == "JoinExpr":
            self.add(inner(node.larg))
            first = len(self.items)
            self.add(inner(node.rarg))
            if node.jointype in (_INNER, _LEFT) and node.HasField("quals"):
                # what a row of the left side has not found is NULL, and says nothing of that row
                right = {item.alias for item in self.items[first:]} if node.jointype == _LEFT else None
                self.add_equalities(node.quals, right)
        elif kind(node) == "RangeVar":
            table = None if node.alias.colnames else self._tables.get((node.schemaname, node.relname))
            self.items.append(_Item(node.alias.aliasname or node.relname, table))
        else:
            self.items.append(_Item("", None))

    def add_equalities(self, condition: Tree, only_of: set[str] | None) -> None:
        """`only_of`: the aliases of which something is implied; None: all."""
        for part in between_ands(condition):
            found = operation(part)
            if found is None or found[0] != "=":
                continue
            one, other = _column(found[1], None), _column(found[2], None)
            if one is not None and other is not None:
                self.implied += [
                    (said, to) for said, to in ((one, other), (other, one)) if only_of is None or to[0] in only_of
                ]


def ties(query: Tree, tables: Tables) -> Iterator[str]:
    """In words, of the query and all within it. `tables`: those that it reads, by schema and name."""
    for select in parts(query):
        if kind(select) == "SelectStmt":
            yield from _of_select(select, tables)


def _of_select(select: Tree, tables: Tables) -> Iterator[str]:
    targets = [inner(item).val for item in select.target_list]
    order = _sorted_by(select.sort_clause, targets)
    is_limited = select.HasField("limit_count") and select.limit_option != _WITH_TIES
    if order and (is_limited or select.HasField("limit_offset")) and not _is_certain(select, order, targets, tables):
        yield f"LIMIT or OFFSET with an ORDER BY that may not tell all rows apart {_IS_EQUAL}"
    named = [item for item in select.distinct_clause if item.WhichOneof("node") is not None]
    if named and order and not _is_certain(select, [*order, *_numbered(named, targets)], targets, tables):
        yield f"DISTINCT ON with an ORDER BY that may not tell all rows apart {_IS_EQUAL}"
    for call in _calls([*select.target_list, *select.sort_clause]):
        name = call.funcname[-1].string.sval
        if call.HasField("over") and name in _OF_POSITION:
            within = [item for window in _windows(select, call.over) for item in _window_columns(window)]
            if not _is_certain(select, within, [], tables):
                yield f"{name}() over a window whose ORDER BY may not tell all rows apart {_IS_EQUAL}"
        elif name in ORDERED and call.agg_order:
            within = [*_sorted_by(call.agg_order, []), *_numbered(select.group_clause, targets)]
            if not _are_among(call.args, within) and not _has_keys(select, within, tables):
                yield f"{name}() with an ORDER BY that may not tell all rows apart {_IS_EQUAL}"


def _calls(within: Iterable[Tree]) -> Iterator[Tree]:
    """Of functions, without those of subqueries."""
    for item in within:
        nested = {id(node) for part in parts(item) if kind(part) == "SelectStmt" for node in parts(part)}
        yield from (node for node in parts(item) if kind(node) == "FuncCall" and id(node) not in nested)


def _windows(select: Tree, window: Tree) -> Iterator[Tree]:
    """The window, and those by whose names it is defined."""
    yield window
    for name in (window.name, window.refname):
        for other in (inner(item) for item in select.window_clause):
            if name and other.name == name and other is not window and other != window:
                yield from _windows(select, other)


def _window_columns(window: Tree) -> Iterator[Tree]:
    yield from window.partition_clause
    yield from (inner(item).node for item in window.order_clause)


def _sorted_by(clause: Iterable[Tree], targets: Sequence[Tree]) -> list[Tree]:
    return _numbered([inner(item).node for item in clause], targets)


def _numbered(items: Iterable[Tree], targets: Sequence[Tree]) -> list[Tree]:
    """With output columns in the place of their numbers."""
    found = []
    for item in items:
        node = inner(item)
        is_number = kind(node) == "A_Const" and node.HasField("ival") and 0 < node.ival.ival <= len(targets)
        found.append(targets[node.ival.ival - 1] if is_number else item)
    return found


def _is_certain(select: Tree, order: Sequence[Tree], shown: Sequence[Tree], tables: Tables) -> bool:
    if select.op != _NO_SET_OPERATION:
        return False
    if shown and _are_among(shown, order):
        return True
    if select.group_clause:
        return _are_among(_numbered(select.group_clause, [inner(item).val for item in select.target_list]), order)
    return _has_keys(select, order, tables)


def _are_among(wanted: Iterable[Tree], order: Sequence[Tree]) -> bool:
    """Or computed from what is: constants are."""
    known = {item.SerializeToString() for item in order}
    columns = {name for item in order if (name := bare_column(item)) is not None}
    names = [(item, references(item)) for item in wanted]
    return all(item.SerializeToString() in known or (found is not None and found <= columns) for item, found in names)


def _has_keys(select: Tree, order: Sequence[Tree], tables: Tables) -> bool:
    """Whether the order has a unique key of every table in FROM, or what is equal to one."""
    joined = _Joined(tables)
    for item in select.from_clause:
        joined.add(inner(item))
    if select.HasField("where_clause"):
        joined.add_equalities(select.where_clause, None)
    alone = joined.items[0].alias if len(joined.items) == 1 else None
    known = {name for item in order if (name := _column(item, alone)) is not None}
    count = -1
    while count < len(known):
        count = len(known)
        for item in joined.items:
            if item.table is not None and _is_keyed(item, known):
                known |= {(item.alias, column) for column in item.table.columns}
        known |= {to for said, to in joined.implied if said in known}
    return all(item.table is not None and _is_keyed(item, known) for item in joined.items)


def _is_keyed(item: _Item, known: set[_Column]) -> bool:
    table = item.table
    # each child of a table that is inherited from has a key of its own
    if table is None or (len(table.members) > 1 and table.kind != "p"):
        return False
    return any(
        all((item.alias, column) in known and table.columns[column].is_not_null for column in key)
        for key in table.unique_keys
    )


def _column(tree: Tree, alone: str | None) -> _Column | None:
    name = bare_column(tree)
    if name is None:
        return None
    alias = name[-2] if len(name) > 1 else alone
    return None if alias is None else (alias, name[-1])
