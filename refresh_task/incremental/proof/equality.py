"""Whether `expression = $n` on a table's scans says what a slice needs: by the types' own equality, over the table's
own columns, and of a value that a slice's column can hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from refresh_task.database import Session
from refresh_task.database.generic_plan import expression_types
from refresh_task.incremental.proof.definition import Column, Table, read_types
from refresh_task.incremental.proof.expressions import (
    Name,
    Tree,
    asks_the_time,
    bare_column,
    inner,
    kind,
    parts,
    references,
    write,
)

# Casts that lose nothing and cannot fail.
_WIDER = {"smallint": ("integer", "bigint"), "integer": ("bigint",), "real": ("double precision",)}
_WIDER |= {"character varying": ("text",), "text": ("character varying",)}
_SPELLED = {"int2": "smallint", "int4": "integer", "int8": "bigint", "float4": "real", "float8": "double precision"}
_SPELLED |= {"text": "text", "varchar": "character varying"}
# Of equal numbers, equal results.
_RESPECTS_EQUALITY = frozenset({"int2", "int4", "int8", "bool"})
_EXPRESSIONS = frozenset(
    {
        *("A_Expr", "A_ArrayExpr", "A_Indirection", "BoolExpr", "BooleanTest", "CaseExpr", "CoalesceExpr"),
        *("CollateClause", "ColumnRef", "FuncCall", "MinMaxExpr", "NullTest", "RowExpr", "TypeCast"),
    }
)  # fmt: skip


class Equalities:
    """Asks the server, and remembers what it said.

    `groups_inexactly`: rows are grouped by values of which equal ones may differ; a function of such a value, tested
    beneath the grouping, as the planner does, would take rows out of their group. `is_caseless`: so may equal texts."""

    def __init__(self, session: Session, *, groups_inexactly: bool, is_caseless: bool) -> None:
        self._session = session
        self._is_strict = groups_inexactly or is_caseless
        self._is_caseless = is_caseless
        self._known: dict[tuple[int, str, str, str], str | None] = {}

    def expression(self, table: Table, column: Column, tree: Tree, value: Tree) -> str | None:
        """The SQL of an expression over the table's bare columns that names the slice of a changed row, from the two
        sides of `tree = value`; None: they prove nothing. Its type is the column's."""
        text, value_text = write(tree), write(value)
        if text is None or value_text is None or asks_the_time(tree) or column.is_caseless:
            return None
        key = (table.oid, column.type, text, value_text)
        if key not in self._known:
            self._known[key] = self._ask(table, column, tree, text, value)
        return self._known[key]

    def is_exact_join(self, left: tuple[Table, str], right: tuple[Table, str]) -> bool:
        """Whether `=` between expressions over the columns of two tables is the types' own equality, and means the same
        wherever it is asked."""
        oids = [self._type(table, text) for table, text in (left, right)]
        if self._is_caseless or None in oids:
            return False
        (row,) = self._session.fetch_all("prove_equality", left_types=oids[:1], right_types=oids[1:])
        return bool(row["is_equality"])

    def _type(self, table: Table, text: str) -> int | None:
        columns = {name: column.type for name, column in table.columns.items()}
        return expression_types(self._session, columns, [text])[0]

    def _ask(self, table: Table, column: Column, tree: Tree, text: str, value_tree: Tree) -> str | None:
        names = references(tree)
        if names is None or any(name[-1] not in table.columns for name in names):
            return None
        value = _typed(write(value_tree) or "", column.type)
        texts = [text, value, *(write(part) for part in (_inside(tree) if self._is_strict else ()))]
        columns = {name: column.type for name, column in table.columns.items()}
        oids = expression_types(self._session, columns, [part for part in texts if part is not None])
        found = [oid for oid in oids if oid is not None]
        if len(found) < len(texts):
            return None
        types = read_types(self._session, found)
        left, right, *others = found
        (row,) = self._session.fetch_all("prove_equality", left_types=[left], right_types=[right])
        if not row["is_equality"] or not all(self._is_exact(types[oid]) for oid in others):
            return None
        # a value that was made another one says nothing of the slice itself
        is_itself = types[right]["base_oid"] == column.type_oid or types[right]["name"] in _WIDER.get(column.type, ())
        if not is_itself or _has_modifier(value_tree):
            return None
        if types[left]["base_oid"] == column.type_oid:
            return text
        return f"({text})::{column.type}" if column.type in _WIDER.get(types[left]["name"], ()) else None

    def _is_exact(self, of: Mapping[str, Any]) -> bool:
        return bool(of["is_exact"]) and not (self._is_caseless and of["name"] in ("text", "character varying"))


def uncast_column(tree: Tree, table: Table) -> Name | None:
    """The column under casts that lose nothing and are built in: what is cast is NULL where the column is."""
    casts = []
    while kind(inner(tree)) == "TypeCast":
        casts.append(inner(tree).type_name)
        tree = inner(tree).arg
    name = bare_column(tree)
    column = table.columns.get(name[-1]) if name is not None else None
    if column is None:
        return None
    of = column.type
    for cast in reversed(casts):
        to = _SPELLED.get(cast.names[-1].string.sval)
        if to is None or (to != of and to not in _WIDER.get(of, ())) or cast.typmods or cast.array_bounds:
            return None
        of = to
    return name


def _has_modifier(tree: Tree) -> bool:
    """A cast to a length or a scale cuts off."""
    return any(kind(node) == "TypeCast" and node.type_name.typmods for node in parts(tree))


def _typed(value: str, kind_of_value: str) -> str:
    """`$501::text`, of which only the type is asked."""
    head, dollar, rest = value.partition("$")
    return f"{head}(NULL::{kind_of_value}){rest.lstrip('0123456789')}" if dollar else value


def _inside(tree: Tree) -> Iterator[Tree]:
    """What an expression is computed from, constants and what is cast to whole numbers left out."""
    for child, parent in _children(tree, inner(tree)):
        is_constant = references(child) == set()
        respects = kind(parent) == "TypeCast" and parent.type_name.names[-1].string.sval in _RESPECTS_EQUALITY
        if kind(inner(child)) in _EXPRESSIONS and not is_constant:
            if not respects:
                yield child
            yield from _inside(child)


def _children(message: Tree, parent: Tree) -> Iterator[tuple[Tree, Tree]]:
    for _, value in (inner(message) if kind(message) == "Node" else message).ListFields():
        for item in [value] if hasattr(value, "ListFields") else value if hasattr(value, "append") else ():
            if kind(item) == "Node" and kind(inner(item)) in _EXPRESSIONS:
                yield item, parent
            elif hasattr(item, "ListFields"):
                yield from _children(item, parent)
